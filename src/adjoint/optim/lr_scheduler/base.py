"""LRScheduler: counts steps, sets the rates of its optimizer's groups, saves and loads."""

from __future__ import annotations

from ... import _core
from ..._user import user_line, warn_user
from ..optimizer import Optimizer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    from ..._core import Tensor

    Rate: TypeAlias = float | Tensor

EPOCH_DEPRECATION_WARNING = (
    "The epoch parameter in `scheduler.step()` was not necessary and is being deprecated where possible. Please use "
    "`scheduler.step()` to step the scheduler. During the deprecation, if epoch is different from None, the closed form "
    "is used instead of the new chainable form, where available."
)
_ORDER_WARNING = (
    "Detected call of `lr_scheduler.step()` before `optimizer.step()`. In PyTorch 1.1.0 and later, you should call them "
    "in the opposite order: `optimizer.step()` before `lr_scheduler.step()`.  Failure to do this will result in PyTorch "
    "skipping the first value of the learning rate schedule. See more details at "
    "https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate"
)


class LRScheduler:
    """The base of schedules. A subclass says in `get_lr` what the rates are in step `last_epoch`.

    Args:
        optimizer: whose groups' "lr" it sets. A rate that is a tensor is changed in place.
        last_epoch: the last step that was taken; -1 to begin, when the groups' rates are noted as "initial_lr".
    """

    last_epoch: int
    base_lrs: list[Any]
    _last_lr: list[Any]
    _get_lr_called_within_step: bool = False
    _is_initial: bool = False

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        self.optimizer = checked_optimizer(optimizer)
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", copied(group["lr"]))
            elif "initial_lr" not in group:
                raise KeyError(
                    f"param 'initial_lr' is not specified in param_groups[{i}] when resuming scheduler with last_epoch "
                    ">= 0. Load the optimizer's state first, which has it, or begin with last_epoch=-1."
                )
        self.base_lrs = rates(optimizer, "initial_lr")
        self.last_epoch = last_epoch
        self._initial_step()

    def _initial_step(self) -> None:
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def state_dict(self) -> dict[str, Any]:
        """All attributes but the optimizer."""
        return {key: value for key, value in self.__dict__.items() if key != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Goes on where `state_dict` was taken, with the rates it had then: whichever of scheduler and optimizer is made
        or loaded first."""
        self.__dict__.update(state_dict)
        self._restore()

    def _restore(self) -> None:
        last = self.__dict__.get("_last_lr", ())
        if len(last) == len(self.optimizer.param_groups):
            for group, lr in zip(self.optimizer.param_groups, last, strict=True):
                set_rate(group, lr)

    def get_last_lr(self) -> list[Rate]:
        """The rates that the last step gave the groups."""
        return self._last_lr

    def get_lr(self) -> list[Rate]:
        """The rates in step `last_epoch`."""
        raise NotImplementedError

    def step(self, epoch: int | None = None) -> None:
        """One step on. `epoch`, the step to go to, is deprecated."""
        if self._step_count == 1:
            check_order(self.optimizer)
        self._step_count += 1
        if epoch is not None:
            warn_user(EPOCH_DEPRECATION_WARNING)
        self._update_lr(epoch)

    def _update_lr(self, epoch: int | None = None) -> None:
        self._get_lr_called_within_step = True
        try:
            if epoch is None:
                self.last_epoch += 1
                values = self.get_lr()
            else:
                self.last_epoch = epoch
                closed = getattr(self, "_get_closed_form_lr", self.get_lr)
                values = closed()
        finally:
            self._get_lr_called_within_step = False
        for group, lr in zip(self.optimizer.param_groups, values, strict=True):
            set_rate(group, lr)
        self._last_lr = rates(self.optimizer, "lr")

    def _warn_outside_step(self) -> None:
        if not self._get_lr_called_within_step:
            warn_user("To get the last learning rate computed by the scheduler, please use `get_last_lr()`.")


class _LRScheduler(LRScheduler):
    """The old name."""


def checked_optimizer(optimizer: Any) -> Optimizer:
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")
    return optimizer


def copied(value: Any) -> Any:
    return value.clone() if isinstance(value, _core.Tensor) else value


def rates(optimizer: Optimizer, key: str) -> list[Any]:
    """An option of each group; of tensors, copies."""
    return [copied(group[key]) for group in optimizer.param_groups]


def set_rate(group: dict[str, Any], value: Any, key: str = "lr") -> None:
    if isinstance(group[key], _core.Tensor):
        group[key].fill_(value.squeeze() if isinstance(value, _core.Tensor) else value)
    else:
        group[key] = value


def for_each_group(name: str, optimizer: Optimizer, value: Any) -> list[Any]:
    """A parameter of a schedule for each group: one for all, or a list of as many."""
    groups = optimizer.param_groups
    if not isinstance(value, (list, tuple)):
        return [copied(value) for _ in groups]
    if len(value) != len(groups):
        raise ValueError(
            f"{name} must have the same length as optimizer.param_groups. {name} has {len(value)} values, "
            f"param_groups has {len(groups)}."
        )
    return [copied(v) for v in value]


def check_order(optimizer: Optimizer) -> None:
    """Warns where a scheduler steps first, before its optimizer has taken a step.

    With gradients at hand it cannot be told yet: a scaler may have skipped the optimizer's step, after which new
    gradients come; or that step follows now, with these very ones.
    """
    if optimizer._opt_called or "step" in optimizer.__dict__:  # taken, or replaced by one that we know nothing of
        return
    held = next((p for group in optimizer.param_groups for p in group["params"] if p.grad is not None), None)
    if held is None:
        warn_user(_ORDER_WARNING)
        return
    gradient, version, line = held.grad, held.grad._version, user_line()

    def look(optimizer: Any, args: Any, kwargs: Any) -> None:
        nonlocal gradient
        handle.remove()
        if held.grad is gradient and gradient._version == version:
            warn_user(f"{_ORDER_WARNING} (lr_scheduler.step() was at {line})")
        gradient = None

    handle = optimizer.register_step_pre_hook(look)
