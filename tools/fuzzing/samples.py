"""Calls after the catalogue's samples: operands that fit, in other layouts, with one thing or another exchanged."""

import functools
import sys
from pathlib import Path

import adjoint as torch

from .recipes import Call, Code, List, Steps, Tensor, Value

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
import catalogue

NAMES = [name for name in catalogue.names() if "cuda" not in name]


@functools.cache
def _templates(name, dtype):
    """The samples of an operation: [(args, kwargs)], or [] where it has none of this type."""
    try:
        return catalogue.samples(torch, name, dtype, edges=True)
    except (RuntimeError, TypeError, ValueError, OverflowError, NotImplementedError):
        return []


def _recipe(op, value):
    """A recipe for a sample's operand: numbers stay as they are, floating tensors get other values and layouts."""
    if isinstance(value, torch.Tensor):
        shape, dtype = tuple(value.shape), value.dtype
        if ((dtype.is_floating_point or dtype.is_complex) and op.random() < 0.9) or op.random() < 0.1:
            return op.laid_out(shape, dtype, op.tame)
        base = Tensor(value.reshape(-1).tolist(), dtype)
        return base if shape == (len(base.values),) else Steps(base, (("reshape", (shape,)),))
    if isinstance(value, (list, tuple)) and any(isinstance(v, torch.Tensor) for v in value):
        return List([_recipe(op, v) for v in value], type(value) if type(value) in (list, tuple) else tuple)
    if isinstance(value, torch.Generator):
        return Code("torch.Generator()")
    if isinstance(value, (torch.memory_format, torch.layout)):
        return Code(repr(value))
    return Value(value)


def sample(op):
    """A call like one of the catalogue's."""
    name = op.rng.choice(NAMES)
    templates = _templates(name, op.dtype) or _templates(name, torch.float32)
    if not templates:
        return Call("function", "torch.ones", torch.ones, [Value(2)])
    args, kwargs = op.rng.choice(templates)
    function, kind = catalogue.resolve(torch, name), "function"
    text, writes, method = f"torch.{name}", bool(kwargs.get("inplace")), name.removeprefix("Tensor.")
    if method != name or getattr(torch.Tensor, name, None) is function:
        text, kind = f"torch.Tensor.{method}", "method"
    if hasattr(torch.Tensor, f"{method}_") and args and isinstance(args[0], torch.Tensor) and op.random() < 0.3:
        text, function, kind, writes = (
            f"torch.Tensor.{method}_",
            getattr(torch.Tensor, f"{method}_"),
            "in-place method",
            True,
        )
    recipes = []
    for value in args:
        recipes.append(_recipe(op, value))
        if isinstance(value, torch.Tensor):
            op.made.append((len(recipes) - 1, tuple(value.shape)))
    keywords = {k: _recipe(op, v) for k, v in kwargs.items()}
    if recipes and op.random() < op.wild:
        at = op.rng.randrange(len(recipes))
        recipes[at] = op.odd() if op.random() < 0.7 else op.tensor()
    if kind == "function" and op.random() < 0.08:
        keywords["out"] = op.tensor()
    writes = writes or (name.endswith("_") and not name.endswith("__"))
    return Call(kind, text, function, recipes, keywords, writes)
