"""Custom operations: `autograd.Function` and the context its methods share.

The road of one call, whose core side `docs/architecture.md` tells:

    class Cube(Function): ...              FunctionMeta makes the class CubeBackward(BackwardCFunction), whose instances
                                           are both `ctx` and, afterwards, `y.grad_fn`
    Cube.apply(x, 3)                       binds keyword and default arguments if it must, then
      _core._function_apply(Cube, args)    makes ctx, runs forward (and setup_context) without recording, records
    y.backward()                           the node calls ctx.apply(*grads), which calls Cube.backward(ctx, *grads)

What the core gives: `_core._FunctionBase`, a node type with the members to_save, saved_tensors, dirty_tensors,
non_differentiable, needs_input_grad, materialize_grads, saved_for_forward; and `_core._function_apply(cls, args)`.
"""

from __future__ import annotations

from .. import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["Function", "FunctionCtx", "FunctionMeta", "InplaceFunction", "once_differentiable"]


class FunctionCtx:
    """What `forward` tells `backward`. Attributes may be set freely for values that are not tensors."""

    def save_for_backward(self, *tensors: _core.Tensor | None) -> None:
        """Keeps tensors (or None) for `backward`, where `ctx.saved_tensors` returns them.

        Call it at most once, with inputs, outputs or intermediate tensors. A saved tensor that was changed in place
        before `backward` reads it raises.
        """
        self.to_save = tensors

    def save_for_forward(self, *tensors: _core.Tensor | None) -> None:
        """Keeps tensors for `jvp`."""
        for tensor in tensors:
            if not isinstance(tensor, _core.Tensor) and tensor is not None:
                raise AssertionError(
                    "save_for_forward expects all arguments to be tensors; you should save non-tensors as attributes "
                    "on ctx."
                )
        self.saved_for_forward = tensors

    def mark_dirty(self, *args: _core.Tensor) -> None:
        """Says which inputs `forward` changed in place. Each must be returned as an output."""
        self.dirty_tensors = args

    def mark_shared_storage(self, *pairs: Any) -> None:
        import warnings

        warnings.warn(
            "mark_shared_storage is deprecated. Tensors with shared storages are automatically tracked. Note that calls "
            "to `set_()` are not tracked",
            FutureWarning,
            stacklevel=2,
        )

    def mark_non_differentiable(self, *args: _core.Tensor) -> None:
        """Says which outputs carry no gradient. `backward` gets zeros for them."""
        self.non_differentiable = args

    def set_materialize_grads(self, value: bool) -> None:
        """False: `backward` gets None, not zeros, for outputs through which no gradient flowed. Default True."""
        self.materialize_grads = value


class BackwardCFunction(_core._FunctionBase, FunctionCtx):
    """The node of a custom Function."""

    def apply(self, *args: Any) -> Any:
        """Runs the user's `backward` (or `vjp`)."""
        cls = self._forward_cls
        backward, vjp = cls.backward, cls.vjp
        if vjp is Function.vjp:
            return backward(self, *args)
        if backward is not Function.backward:
            raise RuntimeError(
                "Implementing both 'backward' and 'vjp' for a custom Function is not allowed. You should only implement "
                "one of them."
            )
        return vjp(self, *args)

    def apply_jvp(self, *args: Any) -> Any:
        """Runs the user's `jvp`."""
        return self._forward_cls.jvp(self, *args)


class FunctionMeta(type):
    """Gives each Function class its node class."""

    def __init__(cls, name: str, bases: tuple[type, ...], attrs: dict[str, Any]) -> None:
        node_name = attrs.get("_node_name", name + "Backward")
        cls._backward_cls = type(node_name, (BackwardCFunction,), {"_forward_cls": cls, "__module__": __name__})
        super().__init__(name, bases, attrs)


def _bind(forward, has_ctx, args, kwargs):
    """All arguments of `forward` by position, defaults included, so that inputs and gradients correspond."""
    import inspect

    signature = inspect.signature(forward)
    bound = signature.bind(*((None, *args) if has_ctx else args), **kwargs)
    bound.apply_defaults()
    if bound.kwargs:
        raise TypeError("keyword-only arguments of an autograd.Function's forward must be given a place by position")
    return bound.args[1:] if has_ctx else bound.args


class Function(metaclass=FunctionMeta):
    """Base of custom operations. Write `forward` and `backward` as static methods; call ``MyFunction.apply(...)``.

    Example::

        >>> class Cube(Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         ctx.save_for_backward(x)
        ...         return x**3
        ...     @staticmethod
        ...     def backward(ctx, g):
        ...         x, = ctx.saved_tensors
        ...         return 3 * x**2 * g
    """

    generate_vmap_rule = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        import warnings

        warnings.warn(
            f"{type(self)} should not be instantiated. Methods on autograd functions are all static, so you should "
            "invoke them on the class itself. Instantiating an autograd function will raise an error in a future "
            "version of PyTorch.",
            DeprecationWarning,
            stacklevel=2,
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError(
            "Legacy autograd function with non-static forward method is deprecated. Please use new-style autograd "
            "function with static forward method. (Example: "
            "https://pytorch.org/docs/stable/autograd.html#torch.autograd.Function)"
        )

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """``forward(ctx, *inputs)``, or ``forward(*inputs)`` together with `setup_context`. Runs without recording."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        """Sets up `ctx` after a `forward` that does not take it."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(*args: Any, **kwargs: Any) -> Any:
        """``backward(ctx, *grad_outputs)``: given a cotangent for each output, returns one for each input of `forward` (None for no gradient)."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom autograd.Function to use it with "
            "backward mode AD."
        )

    # Another name of `backward`; a class implements one of the two.
    vjp = backward

    @staticmethod
    def jvp(*args: Any, **kwargs: Any) -> Any:
        """``jvp(ctx, *grad_inputs)``: given a tangent for each input, returns one for each output (forward mode)."""
        raise NotImplementedError(
            "You must implement the jvp function for custom autograd.Function to use it with forward mode AD."
        )

    @staticmethod
    def vmap(*args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(
            "To use autograd.Function with vmap, you must either override the vmap staticmethod or set "
            "generate_vmap_rule=True."
        )

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Runs the operation and records it."""
        has_ctx = cls.setup_context is _no_setup
        if kwargs or not has_ctx:
            args = _bind(cls.forward, has_ctx, args, kwargs)
        return _core._function_apply(cls, args)


_no_setup = Function.setup_context


class InplaceFunction(Function):
    """Kept for programs that derive from it."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace


class _Refuse(Function):
    """Passes values on; its backward raises. Attached where a second derivative would silently be wrong."""

    _node_name = "Error"

    @staticmethod
    def forward(ctx: Any, message: str, *values: Any) -> Any:
        ctx.message = message
        return values[0] if len(values) == 1 else values

    @staticmethod
    def backward(ctx, *grads):
        raise RuntimeError(ctx.message)


def once_differentiable(fn: Callable[..., Any]) -> Callable[..., Any]:
    """Marks a `backward` that is not itself differentiable: it runs without recording, and differentiating through
    its results raises."""
    import functools

    @functools.wraps(fn)
    def wrapper(ctx, *args):
        grad_mode = _core.is_grad_enabled()
        _core._set_grad_enabled(False)
        try:
            outputs = fn(ctx, *args)
        finally:
            _core._set_grad_enabled(grad_mode)
        if not grad_mode or not any(isinstance(a, _core.Tensor) and a.requires_grad for a in args):
            return outputs
        results = list(outputs) if isinstance(outputs, tuple) else [outputs]
        places = [i for i, r in enumerate(results) if r is not None]
        values = [results[i].detach().requires_grad_() for i in places]
        if values:
            message = "trying to differentiate twice a function that was marked with @once_differentiable"
            refused = _Refuse.apply(message, *values)
            for i, r in zip(places, refused if isinstance(refused, tuple) else (refused,), strict=True):
                results[i] = r
        return tuple(results) if isinstance(outputs, tuple) else results[0]

    return wrapper
