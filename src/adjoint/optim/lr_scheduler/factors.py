"""Schedules that are a factor of the step number: the rate in step t is floor + (base - floor) f(t)."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from types import FunctionType

from .base import LRScheduler, rates

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from ..optimizer import Optimizer
    from .base import Rate


class FactorLR(LRScheduler):
    """A schedule that says its factor f(t), and its floor where that is not 0.

    A rate that is what the schedule made it becomes the next one by the closed form, without the rounding of many steps.
    One that somebody else changed (another schedule, the user) goes the same way from where it is: its part above the
    floor times f(t)/f(t-1), as in PyTorch.
    """

    floor: float = 0.0

    def f(self, t: int) -> float:
        raise NotImplementedError

    def at(self, base: Any, t: int) -> Any:
        y = self.f(t)
        return self.floor + (base - self.floor) * y if self.floor else base * y

    def get_lr(self) -> list[Rate]:
        self._warn_outside_step()
        t = self.last_epoch
        if self._is_initial and t > 0:  # resumed
            return self._get_closed_form_lr()
        return [
            self._next(group["lr"], base, t)
            for base, group in zip(self.base_lrs, self.optimizer.param_groups, strict=True)
        ]

    def _next(self, lr: Any, base: Any, t: int) -> Any:
        if lr == (self.at(base, t - 1) if t > 0 else base):
            return self.at(base, t)
        before, now = self.f(t - 1) if t > 0 else 1.0, self.f(t)
        if before == 0:
            return lr + (base - self.floor) * now
        return self.floor + (lr - self.floor) * (now / before) if self.floor else lr * (now / before)

    def _get_closed_form_lr(self) -> list[Rate]:
        return [self.at(base, self.last_epoch) for base in self.base_lrs]


class StepLR(FactorLR):
    """f(t) = gamma^⌊t / step_size⌋."""

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def f(self, t: int) -> float:
        return self.gamma ** (t // self.step_size)


class MultiStepLR(FactorLR):
    """f(t) = gamma^(the number of milestones up to t)."""

    def __init__(
        self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.milestones = Counter(milestones)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def f(self, t: int) -> float:
        return self.gamma ** bisect_right(sorted(self.milestones.elements()), t)


class ConstantLR(FactorLR):
    """f(t) = factor before step total_iters, 1 from there on."""

    def __init__(
        self, optimizer: Optimizer, factor: float = 1.0 / 3, total_iters: int = 5, last_epoch: int = -1
    ) -> None:
        if factor > 1.0 or factor < 0:
            raise ValueError("Constant multiplicative factor expected to be between 0 and 1.")
        self.factor = factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def f(self, t: int) -> float:
        return self.factor if t < self.total_iters else 1.0


class LinearLR(FactorLR):
    """f(t) = start + (end - start) t/total up to step total (total_iters), end from there on."""

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        if start_factor > 1.0 or start_factor <= 0:
            raise ValueError("Starting multiplicative factor expected to be greater than 0 and less or equal to 1.")
        if end_factor > 1.0 or end_factor < 0:
            raise ValueError("Ending multiplicative factor expected to be between 0 and 1.")
        self.start_factor = start_factor
        self.end_factor = end_factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def f(self, t: int) -> float:
        if t == 0:
            return self.start_factor
        return self.start_factor + (self.end_factor - self.start_factor) * min(self.total_iters, t) / self.total_iters


class ExponentialLR(FactorLR):
    """f(t) = gamma^t."""

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def f(self, t: int) -> float:
        return self.gamma**t


class PolynomialLR(FactorLR):
    """f(t) = (1 - t/total)^power up to step total (total_iters), 0 from there on."""

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1) -> None:
        self.total_iters = total_iters
        self.power = power
        super().__init__(optimizer, last_epoch)

    def f(self, t: int) -> float:
        return (1.0 - min(self.total_iters, t) / self.total_iters) ** self.power


class CosineAnnealingLR(FactorLR):
    """f(t) = (1 + cos(π t/T_max))/2 above eta_min. Loshchilov and Hutter, https://arxiv.org/abs/1608.03983."""

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    @property
    def floor(self) -> float:  # type: ignore[override]  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.eta_min

    def f(self, t: int) -> float:
        return (1 + math.cos(math.pi * t / self.T_max)) / 2


class _ByFunctions(LRScheduler):
    """A schedule of functions of the step number, one for all groups or one for each."""

    def __init__(self, optimizer: Optimizer, lr_lambda: Any, last_epoch: int = -1) -> None:
        self.optimizer = optimizer
        groups = len(optimizer.param_groups)
        self.lr_lambdas: list[Any]
        if not isinstance(lr_lambda, (list, tuple)):
            self.lr_lambdas = [lr_lambda] * groups
        elif len(lr_lambda) != groups:
            raise ValueError(f"Expected {groups} lr_lambdas, but got {len(lr_lambda)}")
        else:
            self.lr_lambdas = list(lr_lambda)
        super().__init__(optimizer, last_epoch)

    def state_dict(self) -> dict[str, Any]:
        """All attributes but the optimizer. Of a callable object, its attributes; functions are not saved."""
        state = {key: value for key, value in self.__dict__.items() if key not in ("optimizer", "lr_lambdas")}
        state["lr_lambdas"] = [None if isinstance(f, FunctionType) else f.__dict__.copy() for f in self.lr_lambdas]
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict({key: value for key, value in state_dict.items() if key != "lr_lambdas"})
        for f, attributes in zip(self.lr_lambdas, state_dict["lr_lambdas"], strict=True):
            if attributes is not None:
                f.__dict__.update(attributes)


class LambdaLR(_ByFunctions):
    """The base times lr_lambda(t)."""

    def __init__(
        self,
        optimizer: Optimizer,
        lr_lambda: Callable[[int], float] | list[Callable[[int], float]],
        last_epoch: int = -1,
    ) -> None:
        super().__init__(optimizer, lr_lambda, last_epoch)

    def get_lr(self) -> list[Rate]:
        self._warn_outside_step()
        return [base * f(self.last_epoch) for f, base in zip(self.lr_lambdas, self.base_lrs, strict=True)]


class MultiplicativeLR(_ByFunctions):
    """In each step t from 1 on, the rate times lr_lambda(t)."""

    def __init__(
        self,
        optimizer: Optimizer,
        lr_lambda: Callable[[int], float] | list[Callable[[int], float]],
        last_epoch: int = -1,
    ) -> None:
        for f in lr_lambda if isinstance(lr_lambda, (list, tuple)) else [lr_lambda]:
            if not callable(f):
                raise TypeError(f"lr_lambda should be a function, but got {type(f).__name__}")
        super().__init__(optimizer, lr_lambda, last_epoch)

    def get_lr(self) -> list[Rate]:
        self._warn_outside_step()
        if self._is_initial:
            return rates(self.optimizer, "lr")
        groups = self.optimizer.param_groups
        return [group["lr"] * f(self.last_epoch) for f, group in zip(self.lr_lambdas, groups, strict=True)]
