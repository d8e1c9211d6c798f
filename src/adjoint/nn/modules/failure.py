"""What is said when a module's forward raises: its path in the tree of modules, what it expected, what came.

    encoder.layers.3.fc1 (Linear): expected (*, 768), came float32[2, 512]

It is a note below the exception's own sentence (`__notes__`; a traceback shows them from Python 3.11 on). The innermost
module writes it, and each module around adds its part of the path, as the exception passes through their calls.
"""

from __future__ import annotations

from ... import _core
from .shapes import fits, sides, written

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


class _Place:
    """Where in a tree of modules an exception came from: kept on the exception, while it passes through the calls."""

    def __init__(self, error: BaseException, module: Any, text: str, expected: bool) -> None:
        self.outermost, self.path, self.text = module, "", text
        self.name = type(module).__name__
        self.at: int | None = None
        if expected:
            self.write(error)

    def __str__(self) -> str:
        return f"{self.path} ({self.name}){self.text}" if self.path else f"{self.name}{self.text}"

    def write(self, error: Any) -> None:
        """Adds the note, or writes it anew."""
        if not hasattr(error, "__notes__"):
            error.__notes__ = []
        if self.at is None:
            self.at = len(error.__notes__)
            error.__notes__.append("")
        error.__notes__[self.at] = str(self)

    def seen_from(self, module: Any, error: BaseException) -> None:
        if module is self.outermost:
            return
        for path, below in module.named_modules():
            if below is self.outermost:
                self.path = f"{path}.{self.path}" if self.path else path
                self.outermost = module
                self.write(error)
                return


def add_note(error: BaseException, module: Any, args: Any, kwargs: Any) -> None:
    """Says in the exception's notes which module failed. Never raises itself."""
    try:
        place = error.__dict__.get("_adjoint_place")
        if place is not None:
            place.seen_from(module, error)
        else:
            text, expected = _complaint(module, args, kwargs)
            error._adjoint_place = _Place(error, module, text, expected)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    except Exception:
        return


def tensors_in(values: Any) -> Iterator[Any]:
    """The tensors in nested tuples, lists and dicts, in order."""
    if isinstance(values, _core.Tensor):
        yield values
    elif isinstance(values, (tuple, list)):
        for value in values:
            yield from tensors_in(value)
    elif isinstance(values, dict):
        yield from tensors_in(list(values.values()))


def _complaint(module: Any, args: Any, kwargs: Any) -> tuple[str, bool]:
    """(': expected (*, 768), came float32[2, 512]', True), or (what came, False) where the shapes are as expected."""
    tensors = list(tensors_in((args, kwargs)))
    came = ", ".join(f"{str(t.dtype).removeprefix('torch.')}{list(t.shape)}" for t in tensors) or "no tensor"
    line = getattr(type(module), "shape", None)
    if not isinstance(line, str):
        return f": came {came}", False
    left, _ = sides(line)
    if any(fits(module, shapes, tensors, {}) for shapes in left):
        return f": came {came}", False
    return f": expected {' or '.join(written(module, shapes) for shapes in left)}, came {came}", True
