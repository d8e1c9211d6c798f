"""What there is to call: every function, method, in-place form, attribute, operator, node and storage."""

import inspect
import operator
from dataclasses import dataclass
from typing import Any

import adjoint as torch
from adjoint import _core

# (kind of its value, name, has a default, by keyword only)
Parameter = tuple[str, str, bool, bool]


@dataclass
class Target:
    kind: str
    text: str
    function: Any
    overloads: list[list[Parameter]]
    writes: Any = False
    out: bool = False


def _parameters(record):
    return [(p["type"], p["name"], p["default"] is not None, p["keyword_only"]) for p in record["parameters"]]


def _of_records(kind, prefix, namespace, **more):
    return [
        Target(kind, prefix + name, f, [_parameters(r) for r in f._records], **more)
        for name, f in sorted(namespace.items())
        if hasattr(f, "_records")
    ]


def _writes(name):
    return name.endswith("_") and not name.endswith("__")


def operations():
    """Everything that has a schema."""
    found = _of_records("function", "torch.", {k: v for k, v in vars(_core).items() if not _writes(k)}, out=True)
    found += _of_records("function", "torch._core._ops['", _core._ops)
    for t in found:
        if t.text.startswith("torch._core._ops['"):
            t.text += "']"
    namespaces = {"nn.functional.": _core._nn, "special.": _core._special, "linalg.": _core._linalg, "fft.": _core._fft}
    for prefix, table in namespaces.items():
        for t in _of_records("function", f"torch.{prefix}", table, out=True):
            t.writes = _writes(t.text)
            found.append(t)
    methods = vars(_core.Tensor)
    found += _of_records("method", "torch.Tensor.", {k: v for k, v in methods.items() if not _writes(k)})
    found += _of_records(
        "in-place method", "torch.Tensor.", {k: v for k, v in methods.items() if _writes(k)}, writes=True
    )
    for t in found[:]:
        name = t.text.removeprefix("torch.Tensor.")
        if t.kind == "in-place method" and hasattr(torch, name):
            found.append(Target("in-place function", f"torch.{name}", getattr(torch, name), t.overloads, writes=True))
    return found


# Names that tell what a parameter without a type takes.
_BY_NAME = {
    "dim": "int?", "dims": "int[]", "dtype": "dtype?", "device": "device?", "generator": "Generator?", "size": "int[]", "n": "int", "k": "int",
    "requires_grad": "bool", "copy": "bool?", "keepdim": "bool", "data": "Any", "obj": "Any", "memory_format": "memory_format?", "seed": "int",
    "tensors": "Tensor[]", "inputs": "Tensor[]", "outputs": "Tensor[]", "grad_outputs": "Tensor[]", "create_graph": "bool", "retain_graph": "bool",
}  # fmt: skip
# Left out, each with its reason.
_APART = {
    "set_num_threads": "a thread pool of 2**31 - 1 threads is what one asked for",
    "_enter_inference_mode": "a mode entered and not left would change the calls after it",
    "_exit_inference_mode": "see _enter_inference_mode",
    "_push_saved_tensors_default_hooks": "see _enter_inference_mode",
    "_pop_saved_tensors_default_hooks": "see _enter_inference_mode",
    "_saved_tensors_hooks_disable": "see _enter_inference_mode",
    "_set_parameter_type": "run once, by the package itself",
    "_profiler_begin": "the profiler's own frames: a mode",
    "_profiler_start": "a mode",
    "_cuts": "a log of the whole process",
    "_return_type": "a table that the package asks",
    "_records": "slow, without arguments",
    "memory_stats": "slow, without arguments",
    "set_default_tensor_type": "a mode",
    "compile": "returns what it got",
    "__init_subclass__": "no operation",
    "__class__": "no operation",
    "__reduce_ex__": "pickling: calls Python's copyreg",
    "set_printoptions": "a mode",
    "share_memory_": "opens a file for each call",
}


def _signature(f, fallback):
    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        return fallback
    found = []
    for p in parameters:
        if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD):
            found += fallback if p.kind == p.VAR_POSITIONAL else []
            continue
        kind = _BY_NAME.get(p.name, "Any")
        if p.name in ("self", "input", "x", "y", "a", "b", "other", "tensor", "weight", "target"):
            kind = "Tensor"
        found.append((kind, p.name, p.default is not p.empty, p.kind == p.KEYWORD_ONLY))
    return found


_ANY = [("Any", "", False, False), ("Any", "", True, False), ("Any", "", True, False)]


def _plain(kind, prefix, names, owner, first, **more):
    found = []
    for name in names:
        f = getattr(owner, name)
        if name in _APART or not callable(f) or inspect.isclass(f) or hasattr(f, "_records"):
            continue
        parameters = _signature(f, first + _ANY)
        if first and parameters:
            parameters[0] = first[0]
        found.append(Target(kind, prefix + name, f, [parameters], **more))
    return found


def others():
    """Functions, methods and operators without a schema."""
    tensor = [("Tensor", "self", False, False)]
    found = _plain(
        "other function", "torch.", sorted(n for n in vars(_core) if not n.startswith("__")), _core, [], writes="any"
    )
    for t in found:
        if t.text.startswith("torch._"):
            t.text = t.text.replace("torch._", "torch._core._", 1)
    for path in (
        "functional",
        "linalg",
        "nn.functional",
        "special",
        "autograd",
        "autograd.functional",
        "autograd.graph",
        "random",
        "overrides",
    ):
        module = torch
        for part in path.split("."):
            module = getattr(module, part)
        names = [
            n
            for n, f in vars(module).items()
            if inspect.isfunction(f) and not n.startswith("_") and f.__module__.startswith("adjoint")
        ]
        found += _plain("other function", f"torch.{path}.", sorted(names), module, [], writes="any")
    names = [
        n
        for n in dir(torch.Tensor)
        if n not in dir(object) or n in ("__format__", "__repr__", "__sizeof__", "__hash__", "__dir__")
    ]
    found += _plain("other method", "torch.Tensor.", names, torch.Tensor, tensor, writes="any")
    either = ("Number", "self", False, False)
    for name in (
        "add sub mul truediv floordiv mod pow matmul and_ or_ xor lshift rshift lt le gt ge eq ne iadd isub imul itruediv ifloordiv "
        "imod ipow iand ior ixor ilshift irshift imatmul neg pos abs invert index truth contains"
    ).split():
        f = getattr(operator, name)
        count = 1 if name in ("neg", "pos", "abs", "invert", "index", "truth") else 2
        writes = name.startswith("i") and name not in ("invert", "index")
        # Without a tensor it would be Python's own.
        sure = [("Tensor!", "self", False, False)]
        forms = [sure] if count == 1 else [[*sure, either]] if writes else [[*sure, either], [either, *sure]]
        found.append(Target("operator", f"operator.{name}", f, forms, writes=writes))
    for f in (int, float, bool, complex, len, repr, str, list, hash, divmod, round, sorted, sum, max, reversed):
        found.append(
            Target(
                "operator",
                f.__name__,
                f,
                [[("Tensor!", "self", False, False)] + ([("Any", "", False, False)] if f is divmod else [])],
            )
        )
    return found


def attributes():
    """Names of a tensor's attributes that are no methods."""
    return [n for n in dir(torch.Tensor) if not n.startswith("__") and not callable(getattr(torch.Tensor, n, None))]
