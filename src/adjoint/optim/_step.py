"""How an optimizer that is an update rule takes its step.

A rule is written twice: in tensor operations (`rule`), as in its paper, and as a function of one element in
core/ops/optim/, whose loop updates all parameters of a group in one pass (`fused`). The first is for what the second does
not take (a step to differentiate, unusual layouts, other devices), and what it is tested against.
"""

from __future__ import annotations

from .. import _core
from ..autograd.grad_mode import enable_grad, set_grad_enabled
from ._compat import _get_scalar_dtype
from .optimizer import Optimizer, _global_optimizer_post_hooks, _global_optimizer_pre_hooks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, ClassVar

    from .._core import Tensor


class Slot:
    """What is kept beside a parameter p, in a group with options h: a tensor of its shape, or a number (0-d).

    `value`: what it begins with, a number or a function of h; None: the rule makes it. `when`: is it kept at all?
    """

    def __init__(
        self,
        value: Any = 0.0,
        number: bool = False,
        when: Callable[[Any, Any], Any] | None = None,
        shape: Callable[[Any], tuple[int, ...]] | None = None,
    ) -> None:
        self.value, self.number, self.when = value, number, when
        self._shape = shape

    def shape(self, p: Tensor) -> tuple[int, ...]:
        return () if self.number else self._shape(p) if self._shape else tuple(p.shape)

    def make(self, p: Tensor, h: dict[str, Any]) -> Tensor:
        value = self.value(h) if callable(self.value) else self.value
        value = value.item() if isinstance(value, _core.Tensor) else value
        if self.number:
            return _core.full((), value, dtype=_get_scalar_dtype(h.get("fused")), device="cpu")  # pyright: ignore[reportArgumentType]
        if p.is_complex():
            value = complex(value, value)  # pyright: ignore[reportArgumentType]
        if self._shape:
            return _core.full(self._shape(p), value, dtype=p.dtype, device=p.device)  # pyright: ignore[reportArgumentType]
        return _core.full_like(p, value, requires_grad=False)  # pyright: ignore[reportArgumentType]


STEP = Slot(number=True)


class RuleOptimizer(Optimizer):
    """An optimizer made of `slots`, a `rule` and its fused twin."""

    slots: ClassVar[dict[str, Slot]] = {}
    later: ClassVar[dict[str, Any]] = {}  # options that old states may lack
    fused: ClassVar[Callable[..., list[Any] | None] | None] = None

    @staticmethod
    def rule(p: Tensor, g: Tensor, s: dict[str, Any], h: dict[str, Any]) -> None:
        """Updates p by its gradient g (to go down along), its state s and its group's options h."""
        raise NotImplementedError

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Updates the parameters that have a gradient. `closure` computes the loss, and its gradients, anew."""
        hooks = self.__dict__
        if (
            hooks["_optimizer_step_pre_hooks"]
            or hooks["_optimizer_step_post_hooks"]
            or _global_optimizer_pre_hooks
            or _global_optimizer_post_hooks
        ) and not self._inside_step:
            return self._run_step(RuleOptimizer._step, (self,) if closure is None else (self, closure), {})
        return self._step(closure)

    step.hooked = True  # type: ignore[attr-defined]  # pyright: ignore[reportFunctionMemberAccess]

    def _step(self, closure: Callable[[], Any] | None = None) -> Any:
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        fused = self.fused
        for group in self.param_groups:
            left = [p for p in group["params"] if p.grad is not None] if fused is None else fused(self, group)
            if left:
                self._by_rule(left, group)
        self._opt_called = True
        return loss

    def _begin(self, p: Tensor, group: dict[str, Any]) -> None:
        """Makes what is missing of a parameter's state."""
        if group.get("fused"):
            check_fused(p)
        for name, slot in self.slots.items():
            if slot.when is not None and not slot.when(p, group):
                continue
            state = self.state[p]
            if name not in state and slot.value is not None:
                state[name] = slot.make(p, group)

    def _by_rule(self, params: list[Tensor], group: dict[str, Any]) -> None:
        differentiable = bool(group.get("differentiable"))
        h = {k: plain(v, differentiable) for k, v in group.items()}
        for p in params:
            self._begin(p, group)
        with set_grad_enabled(differentiable):
            for p in params:
                state = self.state.get(p, {})
                apply(self.rule, p, p.grad, state, h)
                if state:
                    self.state[p] = state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            for name, value in self.later.items():
                group.setdefault(name, value)
            for p in group["params"]:
                kept = self.state.get(p, {})
                for name, slot in self.slots.items():
                    if slot.number and name in kept and not isinstance(kept[name], _core.Tensor):
                        kept[name] = _core.full((), float(kept[name]), dtype=_get_scalar_dtype(group.get("fused")))


def apply(rule: Callable[..., None], p: Tensor, g: Tensor, s: dict[str, Any], h: dict[str, Any]) -> None:
    """The rule for one parameter; a complex one is two real ones, side by side."""
    if h.get("capturable"):
        raise AssertionError(
            "If capturable=True, params and state_steps must be on supported devices: "
            "['cuda', 'xpu', 'hpu', 'privateuseone', 'xla']."
        )
    if h.get("maximize"):
        g = -g
    if not p.is_complex():
        return rule(p, g, s, h)
    real, complex_ = _core.view_as_real, _core.view_as_complex
    views = {k: real(v) if isinstance(v, _core.Tensor) and v.is_complex() else v for k, v in s.items()}
    rule(real(p), real(g), views, h)
    for k, v in views.items():
        if s.get(k) is None and v is not None:
            s[k] = complex_(v)
    return None


def plain(value: Any, differentiable: bool = False) -> Any:
    """An option as a number, also where it was given as a tensor, unless it is to have a gradient."""
    if isinstance(value, _core.Tensor):
        return value.squeeze() if differentiable and value.requires_grad else value.item()
    return tuple(plain(v, differentiable) for v in value) if isinstance(value, tuple) else value


def check_fused(p: Tensor) -> None:
    if not p.is_floating_point():
        raise RuntimeError(
            "`fused=True` requires all the params to be floating point Tensors of supported devices: "
            f"['mps', 'cuda', 'xpu', 'hpu', 'cpu', 'mtia', 'privateuseone'] but {p.dtype} and {p.device.type}"
        )


# --- pieces of rules ---


def count(s: dict[str, Any]) -> float:
    """Counts the step: its number, from 1 on."""
    if not isinstance(s["step"], _core.Tensor):
        raise RuntimeError("API has changed, `state_steps` argument must contain a list of singleton tensors")
    return s["step"].add_(1).item()


def kept(x: Tensor, h: dict[str, Any]) -> Tensor:
    """x, for an operation that saves it: a step that is differentiated must not find the next step's values there."""
    return x.clone() if h.get("differentiable") else x


def decayed(g: Tensor, p: Tensor, decay: Any) -> Tensor:
    """The gradient of the loss and of decay/2 · |p|²."""
    if isinstance(decay, _core.Tensor):
        return g + p.clone() * decay
    return g.add(p, alpha=decay) if decay else g


def shrink(p: Tensor, h: dict[str, Any]) -> None:
    """Decoupled weight decay: https://arxiv.org/abs/1711.05101."""
    p.mul_(1 - h["lr"] * h["weight_decay"])


def move(p: Tensor, direction: Tensor, size: Any) -> None:
    """p += size · direction."""
    if isinstance(size, _core.Tensor):
        p.add_(direction * size)
    else:
        p.add_(direction, alpha=size)


def move_scaled(p: Tensor, direction: Tensor, scale: Tensor, size: Any) -> None:
    """p += size · direction / scale."""
    if isinstance(size, _core.Tensor):
        p.addcdiv_(direction * size, scale)
    else:
        p.addcdiv_(direction, scale, value=size)


# --- checks of arguments ---


def check_lr(lr: Any) -> None:
    if isinstance(lr, _core.Tensor) and lr.numel() != 1:
        raise ValueError("Tensor lr must be 1-element")
    at_least_zero(lr, "learning rate")


def at_least_zero(value: Any, name: str) -> None:
    if not value >= 0.0:
        raise ValueError(f"Invalid {name}: {value}")


def check_betas(betas: Any) -> None:
    for i in range(2):
        if not 0.0 <= betas[i] < 1.0:
            raise ValueError(f"Invalid beta parameter at index {i}: {betas[i]}")


def check_fused_options(fused: Any, foreach: Any, differentiable: Any) -> None:
    if fused and differentiable:
        raise RuntimeError("`fused` does not support `differentiable`")
    if fused and foreach:
        raise RuntimeError("`fused` and `foreach` cannot be `True` together.")
