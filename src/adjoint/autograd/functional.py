"""Derivatives of functions: jacobian, hessian, vjp, jvp, hvp, vhp.

`inputs` is a tensor or a tuple of tensors; `func` returns a tensor or a tuple. A result has the structure of what it is
a derivative of. With ``create_graph=True`` results can be differentiated again; with ``strict=True`` an output that does
not depend on an input is an error, not a zero.
"""

from __future__ import annotations

from .. import _core
from .grad_mode import enable_grad
from .passes import grad as _grad

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

Tensor = _core.Tensor


def _tuple_of(x, what, function):
    """(was it a tuple?, the tuple); every member must be a tensor."""
    one = not isinstance(x, (tuple, list))
    xs = (x,) if one else tuple(x)
    for i, t in enumerate(xs):
        if isinstance(t, Tensor):
            continue
        if one:
            raise TypeError(
                f"The {what} given to {function} must be either a Tensor or a tuple of Tensors but the given {what} has "
                f"type {type(t)}."
            )
        raise TypeError(
            f"The {what} given to {function} must be either a Tensor or a tuple of Tensors but the value at index {i} has "
            f"type {type(t)}."
        )
    return not one, xs


def _as_leaves(inputs, create_graph):
    """Copies that require gradients: connected to the originals only if the result is to be differentiated again."""
    return tuple(x.view_as(x) if create_graph and x.requires_grad else x.detach().requires_grad_() for x in inputs)


def _check_cotangents(v, like, is_tuple):
    if len(v) != len(like):
        if is_tuple:
            raise RuntimeError(f"v is a tuple of invalid length: should be {len(like)} but got {len(v)}.")
        raise RuntimeError("The given v should contain a single Tensor.")
    for i, (a, b) in enumerate(zip(v, like, strict=True)):
        if a.size() != b.size():
            prefix = f"Entry {i} in " if is_tuple else ""
            raise RuntimeError(f"{prefix}v has invalid size: should be {b.size()} but got {a.size()}.")


def _independent(i):
    return RuntimeError(
        "While computing the hessian, found that the jacobian of the user-provided function with respect to input "
        f"{i} is independent of the input. This is not allowed in strict mode. You should ensure that your function is "
        "twice differentiable and that the jacobian depends on the inputs (this would be violated by a linear function, "
        "for example)."
    )


def _single(function, what, name):
    if len(what) != 1 or what[0].nelement() != 1:
        subject = f"{name} to the user-provided function is" if function != "vjp" else name
        raise RuntimeError(f"The vector v can only be None if the {subject} a single Tensor with a single element.")


def _require_graph(outputs, strict):
    for i, o in enumerate(outputs):
        if strict and not o.requires_grad:
            raise RuntimeError(
                f"Output {i} of the user-provided function does not require gradients. The outputs must be computed in a "
                "differentiable manner from the input when running in strict mode."
            )


def _gradients(outputs, inputs, cotangents=None, create_graph=False):
    """Gradients; None where there are none. Outputs that do not require gradients play no part."""
    if cotangents is None:
        cotangents = (None,) * len(outputs)
    live = [(o, c) for o, c in zip(outputs, cotangents, strict=True) if o is not None and o.requires_grad]
    if not live:
        return (None,) * len(inputs)
    outs, cots = zip(*live, strict=True)
    return _grad(outs, inputs, cots, allow_unused=True, create_graph=create_graph, retain_graph=True)


def _fill(grads, like, strict, create_graph, what):
    """Zeros for None, unless strict."""
    filled = []
    for i, (g, x) in enumerate(zip(grads, like, strict=True)):
        if g is None:
            if strict:
                raise RuntimeError(
                    f"The output of the user-provided function is independent of input {i}. This is not allowed in strict "
                    f"mode ({what})."
                )
            g = _core.zeros_like(x)
        elif strict and create_graph and not g.requires_grad:
            if what == "jacobian":
                raise _independent(i)
            raise RuntimeError(
                f"The {what} of the user-provided function is independent of input {i}. This is not allowed in strict mode "
                "when create_graph=True."
            )
        filled.append(g)
    return tuple(filled)


def _finish(xs, is_tuple, create_graph):
    if not create_graph:
        xs = tuple(x.detach() for x in xs)
    return xs if is_tuple else xs[0]


def vjp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """``func(inputs)`` and the product of v with its Jacobian: vᵀ J, shaped as the inputs.

    `v` has the shape of the output; it may be None for an output of one element.
    """
    with enable_grad():
        in_tuple, inputs = _tuple_of(inputs, "inputs", "vjp")
        inputs = _as_leaves(inputs, create_graph)
        out_tuple, outputs = _tuple_of(func(*inputs), "outputs of the user-provided function", "vjp")
        _require_graph(outputs, strict)
        if v is not None:
            v_tuple, v = _tuple_of(v, "v", "vjp")
            v = v if create_graph else tuple(t.detach() for t in v)
            _check_cotangents(v, outputs, v_tuple)
        else:
            _single("vjp", outputs, "user-provided function returns")
        grads = _gradients(outputs, inputs, v, create_graph)
        result = _fill(grads, inputs, strict, create_graph, "Jacobian")
    return _finish(outputs, out_tuple, create_graph), _finish(result, in_tuple, create_graph)


def _forward_product(outputs, inputs, v, create_graph, strict):
    """J v by two backward passes: the first is linear in a dummy cotangent, whose derivative it is."""
    dummies = tuple(_core.zeros_like(o, requires_grad=True) for o in outputs)
    grads = _gradients(outputs, inputs, dummies, create_graph=True)
    if strict:
        _fill(grads, inputs, strict, False, "Jacobian")
    # An input whose gradient does not depend on the dummies adds nothing.
    pairs = [(g, t) for g, t in zip(grads, v, strict=True) if g is not None and g.requires_grad]
    if not pairs:
        return tuple(_core.zeros_like(o) for o in outputs)
    gs, ts = zip(*pairs, strict=True)
    result = _grad(gs, dummies, ts, allow_unused=True, create_graph=create_graph, retain_graph=True)
    return tuple(_core.zeros_like(o) if r is None else r for r, o in zip(result, outputs, strict=True))


def jvp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """``func(inputs)`` and the product of its Jacobian with v: J v, shaped as the outputs.

    `v` has the shape of the inputs; it may be None for an input of one element. Computed by two backward passes.
    """
    with enable_grad():
        _, inputs = _tuple_of(inputs, "inputs", "jvp")
        inputs = _as_leaves(inputs, create_graph)
        if v is not None:
            v_tuple, v = _tuple_of(v, "v", "jvp")
            v = v if create_graph else tuple(t.detach() for t in v)
            _check_cotangents(v, inputs, v_tuple)
        else:
            _single("jvp", inputs, "input")
            v = tuple(_core.ones_like(x) for x in inputs)
        out_tuple, outputs = _tuple_of(func(*inputs), "outputs of the user-provided function", "jvp")
        _require_graph(outputs, strict)
        result = _forward_product(outputs, inputs, v, create_graph, strict)
    return _finish(outputs, out_tuple, create_graph), _finish(result, out_tuple, create_graph)


def jacobian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """The Jacobian of `func`: for an output of shape O and an input of shape I a tensor of shape O + I. Nested tuples
    (output, input) where those are tuples.

    `vectorize` and `strategy` choose how PyTorch computes; the result is the same, and Adjoint does a backward pass for
    each output element.
    """
    if strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError(
            'Expected strategy to be either "forward-mode" or "reverse-mode". Hint: If your function has more outputs than '
            'inputs, "forward-mode" tends to be more performant. Otherwise, prefer to use "reverse-mode".'
        )
    if strict and vectorize:
        raise RuntimeError(
            "torch.autograd.functional.jacobian: `strict=True` and `vectorized=True` are not supported together. Please "
            "either set `strict=False` or `vectorize=False`."
        )
    with enable_grad():
        in_tuple, inputs = _tuple_of(inputs, "inputs", "jacobian")
        inputs = _as_leaves(inputs, create_graph)
        out_tuple, outputs = _tuple_of(func(*inputs), "outputs of the user-provided function", "jacobian")
        _require_graph(outputs, strict)
        rows = tuple(_jacobian_of(o, i, inputs, create_graph, strict) for i, o in enumerate(outputs))
    rows = tuple(_finish(r, in_tuple, create_graph) if in_tuple else (_finish(r, False, create_graph),) for r in rows)
    if not in_tuple:
        rows = tuple(r[0] for r in rows)
    return rows if out_tuple else rows[0]


def _jacobian_of(output, index, inputs, create_graph, strict):
    columns = [[] for _ in inputs]
    flat = output.reshape(-1)
    for k in range(output.nelement()):
        grads = _gradients((flat[k],), inputs, (_core.ones_like(flat[k]),), create_graph)
        for i, (column, g, x) in enumerate(zip(columns, grads, inputs, strict=True)):
            if g is None:
                if strict:
                    raise RuntimeError(
                        f"Output {index} of the user-provided function is independent of input {i}. This is not allowed in "
                        "strict mode."
                    )
                g = _core.zeros_like(x)
            elif strict and create_graph and not g.requires_grad:
                raise RuntimeError(
                    f"The jacobian of the user-provided function is independent of input {i}. This is not allowed in strict "
                    "mode when create_graph=True."
                )
            column.append(g)
    return tuple(
        _core.stack(c).view(output.size() + x.size()) if c else x.new_zeros(output.size() + x.size())
        for c, x in zip(columns, inputs, strict=True)
    )


def _scalar_output(func, function):
    """`func`, checked to return one real number."""

    def checked(*inputs):
        is_tuple, outputs = _tuple_of(func(*inputs), "outputs of the user-provided function", function)
        if is_tuple or not isinstance(outputs[0], Tensor):
            raise RuntimeError(f"The function given to {function} should return a single Tensor")
        if outputs[0].nelement() != 1:
            raise RuntimeError(
                f"The Tensor returned by the function given to {function} should contain a single element"
            )
        return outputs[0].squeeze()

    return checked


def _check_dependence(func, inputs):
    """Strict mode: the number depends on every input."""
    jacobian(func, inputs, strict=True)


def hessian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """The second derivatives of a function to one number: the Jacobian of its gradient."""
    if outer_jacobian_strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError('Expected strategy to be either "forward-mode" or "reverse-mode".')
    in_tuple, inputs = _tuple_of(inputs, "inputs", "hessian")
    one = _scalar_output(func, "hessian")

    def gradient(*xs):
        grads = jacobian(one, xs, create_graph=True)
        if strict:
            _check_dependence(one, xs)
            for i, g in enumerate(grads):
                if not g.requires_grad:
                    raise _independent(i)
        return grads if in_tuple else grads[0]

    return jacobian(
        gradient,
        inputs if in_tuple else inputs[0],
        create_graph=create_graph,
        strict=strict,
        vectorize=vectorize,
    )


def _gradient_graph(func, inputs, v, create_graph, strict, function):
    in_tuple, inputs = _tuple_of(inputs, "inputs", function)
    inputs = _as_leaves(inputs, create_graph)
    if v is not None:
        v_tuple, v = _tuple_of(v, "v", function)
        v = v if create_graph else tuple(t.detach() for t in v)
        _check_cotangents(v, inputs, v_tuple)
    else:
        _single(function, inputs, "input")
        v = tuple(_core.ones_like(x) for x in inputs)
    output = func(*inputs)
    is_tuple, outputs = _tuple_of(output, "outputs of the user-provided function", function)
    _require_graph(outputs, strict)
    if is_tuple:
        raise RuntimeError(f"The function given to {function} should return a single Tensor")
    if outputs[0].nelement() != 1:
        raise RuntimeError(f"The Tensor returned by the function given to {function} should contain a single element")
    grads = _gradients(outputs, inputs, None, create_graph=True)
    return in_tuple, inputs, v, outputs, grads


def vhp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """``func(inputs)`` and vᵀ H, H the Hessian of a function to one number."""
    with enable_grad():
        in_tuple, inputs, v, outputs, grads = _gradient_graph(func, inputs, v, create_graph, strict, "vhp")
        grads = _fill(grads, inputs, strict, strict, "jacobian")
        result = _fill(_gradients(grads, inputs, v, create_graph), inputs, strict, create_graph, "Hessian")
    return _finish(outputs, False, create_graph), _finish(result, in_tuple, create_graph)


def hvp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """``func(inputs)`` and H v, H the Hessian of a function to one number."""
    with enable_grad():
        in_tuple, inputs, v, outputs, grads = _gradient_graph(func, inputs, v, create_graph, strict, "hvp")
        grads = _fill(grads, inputs, strict, strict, "jacobian")
        result = (
            _forward_product(grads, inputs, v, create_graph, strict)
            if any(g.requires_grad for g in grads)
            else tuple(_core.zeros_like(x) for x in inputs)
        )
    return _finish(outputs, False, create_graph), _finish(result, in_tuple, create_graph)
