"""Runs a user's script as Python itself would, and hands over the variables that are there at its end."""

from __future__ import annotations

import ast
import contextlib
import difflib
import importlib.util
import linecache
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import FrameType, ModuleType, TracebackType
from typing import Any, TypeVar

import adjoint
from adjoint.explain.naming import tensors_in

_T = TypeVar("_T")
_MOST_LISTED = 30


class Complaint(Exception):
    """A wrong use of the command: a sentence for the user, and the exit status."""

    def __init__(self, message: str, status: int = 2) -> None:
        super().__init__(message)
        self.status = status


class Variables:
    """What the script called its tensors."""

    def __init__(self, path: str, space: Mapping[str, Any]) -> None:
        self.path, self.space = path, dict(space)
        self.tensors: dict[str, Any] = dict(tensors_in(self.space))

    def tensor(self, name: str) -> Any:
        """The tensor of that name; ``layers[0]`` and ``model.weight`` count as names.

        Raises:
            Complaint: there is none; it lists those that are there.
        """
        found = self.tensors.get(name, self.space.get(name))
        if found is None:
            found = self._expression(name)
        if isinstance(found, adjoint.Tensor):
            return found
        if type(found).__module__.partition(".")[0] == "torch":
            raise Complaint(
                f"{name} is PyTorch's tensor, not Adjoint's: in the script, write 'import adjoint as torch' "
                "for 'import torch'"
            )
        if found is not None:
            raise Complaint(f"{name} is no tensor but of type {type(found).__name__}; {self._listed()}")
        near = difflib.get_close_matches(name, self.tensors, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise Complaint(f"the script has no variable {name}{hint}\n{self._listed()}")

    def _expression(self, name: str) -> Any:
        """``self.layer.weight``, ``weights[0]``: looked up, not called."""
        try:
            tree = ast.parse(name, mode="eval")
        except SyntaxError:
            return None
        allowed = (
            ast.Expression,
            ast.Name,
            ast.Attribute,
            ast.Subscript,
            ast.Constant,
            ast.Load,
            ast.UnaryOp,
            ast.USub,
        )
        if any(not isinstance(part, allowed) for part in ast.walk(tree)):
            return None
        try:
            return eval(compile(tree, self.path, "eval"), dict(self.space))
        except Exception:
            return None

    def _listed(self) -> str:
        names = list(self.tensors)
        if not names:
            return "there is no tensor among the variables at its end (those of functions are gone by then: see --step)"
        more = f" and {len(names) - _MOST_LISTED} more" if len(names) > _MOST_LISTED else ""
        return f"tensors: {', '.join(names[:_MOST_LISTED])}{more}"

    def ask(self, question: Callable[[], _T]) -> _T:
        """Calls it from a frame that has these variables, where explanations look for names."""
        code = compile("__adjoint_question__()", self.path, "eval")
        answer: _T = eval(code, {**self.space, "__adjoint_question__": question})
        return answer


@dataclass
class _Stopped(BaseException):
    """The backward pass that was asked for has run."""

    space: dict[str, Any]


def run(path: str, arguments: list[str], step: int | None = None) -> Variables:
    """Runs the file with ``sys.argv`` and ``sys.path`` of its own, as ``__main__``.

    What it prints goes to standard error, so that standard output has the command's result alone. Backward passes
    keep their graph. With `step`, the script is stopped after that many of them, and the variables are those of the
    function that called backward().

    Raises:
        Complaint: there is no such file, or the script failed: its traceback is printed then.
    """
    code = compile_file(path)
    module = new_main(path)
    with as_main(module, path, arguments), _kept_graphs(step) as passes, contextlib.redirect_stdout(sys.stderr):
        try:
            exec(code, module.__dict__)
        except _Stopped as stop:
            return Variables(path, stop.space)
        except SystemExit as stop:
            if stop.code not in (None, 0):
                raise Complaint(f"the script ended with exit status {stop.code}", 1) from None
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            show_error(error, path)
            raise Complaint(_remedy(error, path), 1) from None
    if step is not None:
        raise Complaint(f"--step {step}: the script ran {passes[0]} backward passes", 2)
    return Variables(path, module.__dict__)


def new_main(path: str) -> ModuleType:
    """An empty `__main__` for the file."""
    module = ModuleType("__main__")
    module.__file__ = path
    module.__dict__["__builtins__"] = __builtins__
    return module


def compile_file(path: str) -> Any:
    if os.path.isdir(path):
        raise Complaint(f"{path} is a folder; expected a Python file")
    try:
        with open(path, "rb") as file:
            source = file.read()
    except FileNotFoundError:
        raise Complaint(f"there is no file {path}") from None
    except OSError as error:
        raise Complaint(f"cannot read {path}: {error.strerror}") from None
    try:
        return compile(source, path, "exec")
    except (SyntaxError, ValueError) as error:
        print("".join(traceback.format_exception_only(type(error), error)), end="", file=sys.stderr)
        raise Complaint(f"{path} is not a Python program", 1) from None


@contextlib.contextmanager
def as_main(module: ModuleType, path: str, arguments: list[str]) -> Iterator[None]:
    old_main, old_argv, old_path = sys.modules.get("__main__"), sys.argv, list(sys.path)
    sys.modules["__main__"] = module
    sys.argv = [path, *arguments]
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    linecache.checkcache(path)
    try:
        yield
    finally:
        sys.argv, sys.path[:] = old_argv, old_path
        if old_main is not None:
            sys.modules["__main__"] = old_main


@contextlib.contextmanager
def _kept_graphs(step: int | None) -> Iterator[list[int]]:
    """backward() keeps its graph meanwhile; gives the number of passes so far."""
    cls: Any = adjoint.Tensor
    module: Any = adjoint.autograd
    method, function = cls.backward, module.backward
    passes, inside = [0], [False]

    def counted(call: Callable[[], None], frame: FrameType) -> None:
        if inside[0]:  # Tensor.backward hands what is not plain to autograd.backward
            return call()
        inside[0] = True
        try:
            call()
        finally:
            inside[0] = False
        passes[0] += 1
        if passes[0] == step:
            raise _Stopped({**frame.f_globals, **frame.f_locals})

    def backward(self: Any, gradient: Any = None, retain_graph: Any = None, *args: Any, **kwargs: Any) -> None:
        counted(lambda: method(self, gradient, True, *args, **kwargs), sys._getframe(1))

    def backward_of(
        tensors: Any, grad_tensors: Any = None, retain_graph: Any = None, *args: Any, **kwargs: Any
    ) -> None:
        counted(lambda: function(tensors, grad_tensors, True, *args, **kwargs), sys._getframe(1))

    cls.backward, module.backward = backward, backward_of
    try:
        yield passes
    finally:
        cls.backward, module.backward = method, function


def show_error(error: BaseException, path: str) -> None:
    """The traceback as Python would print it: it begins in the script, not with us."""
    here: TracebackType | None = error.__traceback__
    while here is not None and here.tb_frame.f_code.co_filename != path:
        here = here.tb_next
    traceback.print_exception(type(error), error, here or error.__traceback__)


def _remedy(error: BaseException, path: str) -> str:
    name = getattr(error, "name", None) or ""
    if isinstance(error, ModuleNotFoundError) and name.partition(".")[0] == "torch":
        if importlib.util.find_spec("torch") is None:
            return "the script imports torch, which is not installed: write 'import adjoint as torch' in it"
    return f"{path} failed: there is nothing to look at"
