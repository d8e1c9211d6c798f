"""`backward` and `grad`: a pass of the engine, from outputs and their cotangents."""

from __future__ import annotations

from .. import _core
from .variable import GradientEdge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, Literal, TypeAlias, TypeVar, overload

    _Key = TypeVar("_Key")
    _Place: TypeAlias = "_core.Tensor | GradientEdge"

_Tensor = _core.Tensor
_run_backward = _core._run_backward


def _shape_and_dtype(out: Any) -> tuple[Any, Any]:
    """Of an output: a tensor, or a GradientEdge, of which neither is known."""
    if isinstance(out, GradientEdge):
        return None, None
    if isinstance(out, _Tensor):
        return out.shape, out.dtype
    raise AssertionError("Expected output to be a torch.Tensor")


def _check_cotangent(i, out, grad, batched):
    shape, dtype = _shape_and_dtype(out)
    if shape is None:
        return
    given = grad.shape[1:] if batched else grad.shape
    if tuple(given) != tuple(shape) or (batched and grad.dim() == 0):
        mismatch = (
            f"grad_output[{i}] has a shape of {_core.Size(given)} and output[{i}] has a shape of {_core.Size(shape)}."
        )
        if batched:
            raise RuntimeError(
                "If `is_grads_batched=True`, we interpret the first dimension of each grad_output as the batch "
                "dimension. The sizes of the remaining dimensions are expected to match the shape of corresponding "
                f"output, but a mismatch was detected: {mismatch} If you only want some tensors in `grad_output` to be "
                "considered batched, consider using vmap."
            )
        raise RuntimeError(f"Mismatch in shape: {mismatch}")
    if dtype.is_complex != grad.dtype.is_complex:
        raise RuntimeError(
            "For complex Tensors, both grad_output and output are required to have the same dtype. Mismatch in dtype: "
            f"grad_output[{i}] has a dtype of {grad.dtype} and output[{i}] has a dtype of {dtype}."
        )


def _implicit_cotangent(out):
    """One, for a real scalar output; None where no gradient is wanted."""
    if isinstance(out, _Tensor):
        if not out.requires_grad:
            return None
        if out.numel() != 1:
            raise RuntimeError("grad can be implicitly created only for scalar outputs")
        if not out.dtype.is_floating_point:
            raise RuntimeError(f"grad can be implicitly created only for real scalar outputs but got {out.dtype}")
        return _core.ones_like(out)
    raise RuntimeError("grad can be implicitly created only for scalar outputs")


def _make_grads(outputs, grads, batched=False):
    """A cotangent for each output: checked, or made for scalars."""
    if grads is None:
        grads = (None,) * len(outputs)
    elif isinstance(grads, _Tensor):
        grads = (grads,)
    else:
        grads = tuple(grads)
    if len(grads) != len(outputs):
        raise RuntimeError(f"got {len(outputs)} tensors and {len(grads)} gradients")
    made = []
    for i, (out, grad) in enumerate(zip(outputs, grads, strict=True)):
        if isinstance(grad, _Tensor):
            _check_cotangent(i, out, grad, batched)
        elif grad is None:
            grad = _implicit_cotangent(out)
        else:
            raise TypeError("gradients can be either Tensors or None, but got " + type(grad).__name__)
        made.append(grad)
    return tuple(made)


def _as_tuple(x):
    return (x,) if isinstance(x, (_Tensor, GradientEdge)) else tuple(x)


def backward(
    tensors: _Place | Sequence[_Place],
    grad_tensors: _core.Tensor | Sequence[_core.Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Any = None,
    inputs: _Place | Sequence[_Place] | Mapping[Any, _Place] | None = None,
) -> None:
    """Computes the gradients of `tensors` and accumulates them into the leaves' ``.grad``.

    Args:
        tensors: a tensor or sequence of tensors (or GradientEdges) to differentiate.
        grad_tensors: their cotangents, of the same shapes; None for real scalars means 1.
        retain_graph: keep the graph for another backward pass. Default: the value of `create_graph`.
        create_graph: record the backward pass, for derivatives of higher order.
        inputs: accumulate into these only; not into all leaves.

    Raises:
        RuntimeError: for outputs without gradient, shapes that do not match, an empty `inputs`, a freed graph.
    """
    if grad_variables is not None:
        import warnings

        warnings.warn("`grad_variables` is deprecated. Use `grad_tensors` instead.", FutureWarning, stacklevel=2)
        if grad_tensors is not None:
            raise RuntimeError(
                "`grad_tensors` and `grad_variables` (deprecated) arguments both passed to `backward()`. Please only use "
                "`grad_tensors`."
            )
        grad_tensors = grad_variables
    if inputs is None:
        inputs = ()
    else:
        if isinstance(inputs, dict):
            inputs = tuple(inputs.values())
        inputs = _as_tuple(inputs)
        if not inputs:
            raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
    tensors = _as_tuple(tensors)
    grads = _make_grads(tensors, grad_tensors)
    if retain_graph is None:
        retain_graph = create_graph
    _run_backward(tensors, grads, retain_graph, create_graph, inputs, True, True)


if TYPE_CHECKING:

    @overload
    def grad(  # type: ignore[overload-overlap]  # pyright: ignore[reportOverlappingOverload]
        outputs: _Place | Sequence[_Place],
        inputs: _Place | Sequence[_Place],
        grad_outputs: _core.Tensor | Sequence[_core.Tensor | None] | None = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        only_inputs: bool = True,
        *,
        allow_unused: Literal[True],
        is_grads_batched: bool = False,
        materialize_grads: bool = False,
    ) -> tuple[_core.Tensor | None, ...]: ...
    @overload
    def grad(
        outputs: _Place | Sequence[_Place],
        inputs: _Place | Sequence[_Place],
        grad_outputs: _core.Tensor | Sequence[_core.Tensor | None] | None = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        only_inputs: bool = True,
        allow_unused: bool | None = None,
        is_grads_batched: bool = False,
        materialize_grads: bool = False,
    ) -> tuple[_core.Tensor, ...]: ...
    @overload
    def grad(
        outputs: _Place | Sequence[_Place],
        inputs: Mapping[_Key, _Place],
        grad_outputs: _core.Tensor | Sequence[_core.Tensor | None] | None = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        only_inputs: bool = True,
        allow_unused: bool | None = None,
        is_grads_batched: bool = False,
        materialize_grads: bool = False,
    ) -> dict[_Key, _core.Tensor]: ...


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> Any:
    """The gradients of `outputs` with respect to `inputs`, without touching any ``.grad``.

    Args:
        outputs, inputs: a tensor or sequence of tensors (or GradientEdges); `inputs` may be a dict, and so is the
            result then.
        grad_outputs: cotangents of `outputs`; None for real scalars means 1.
        retain_graph, create_graph: as for `backward`.
        allow_unused: return None for inputs that play no part, in place of raising. Default: `materialize_grads`.
        is_grads_batched: each cotangent has a leading batch dimension, and so has each result.
        materialize_grads: zeros in place of None.

    Returns:
        a tuple of tensors or None, one per input.
    """
    if materialize_grads and allow_unused is False:
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: allow_unused=False."
        )
    if allow_unused is None:
        allow_unused = materialize_grads
    outputs = _as_tuple(outputs)
    keys = None
    if isinstance(inputs, dict):
        keys, inputs = tuple(inputs), tuple(inputs.values())
    else:
        inputs = _as_tuple(inputs)
    if not inputs:
        raise RuntimeError("`inputs` argument to `grad()` cannot be empty.")
    if not only_inputs:
        import warnings

        warnings.warn(
            "only_inputs argument is deprecated and is ignored now (defaults to True). To accumulate gradient for other "
            "parts of the graph, please use torch.autograd.backward.",
            FutureWarning,
            stacklevel=2,
        )
    grads = _make_grads(outputs, grad_outputs, is_grads_batched)
    if retain_graph is None:
        retain_graph = create_graph
    run = _run_batched if is_grads_batched else _run_backward
    result = run(outputs, grads, retain_graph, create_graph, inputs, allow_unused, False)
    if materialize_grads:
        if any(r is None and not isinstance(i, _Tensor) for r, i in zip(result, inputs, strict=True)):
            raise RuntimeError("materialize_grads cannot be used when the given input is a GradientEdge")
        result = tuple(
            _core.zeros_like(i, requires_grad=create_graph) if r is None else r
            for r, i in zip(result, inputs, strict=True)
        )
    return result if keys is None else dict(zip(keys, result, strict=True))


def _run_batched(outputs, grads, retain_graph, create_graph, inputs, allow_unused, accumulate):
    """One backward pass for each entry of the batch."""
    sizes = {g.shape[0] for g in grads if g is not None}
    if len(sizes) != 1:
        raise ValueError(f"is_grads_batched: expected batches of one size, got {sorted(sizes)}")
    count = sizes.pop()
    if not count:
        return tuple(i.new_zeros((0, *i.shape)) for i in inputs)
    rows = []
    for k in range(count):
        row = tuple(g if g is None else g[k] for g in grads)
        keep = retain_graph or k + 1 < count
        rows.append(_run_backward(outputs, row, keep, create_graph, inputs, allow_unused, accumulate))
    return tuple(None if c[0] is None else _core.stack(c) for c in zip(*rows, strict=True))
