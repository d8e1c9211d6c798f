"""Averages of a model's weights along its way, and the schedule that goes with them."""

from __future__ import annotations

import math
from copy import deepcopy
from itertools import chain

from .. import _core
from ..autograd.grad_mode import no_grad
from ..nn.modules import Module
from .lr_scheduler import LRScheduler
from .lr_scheduler.base import for_each_group

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, Literal

    from .._core import Tensor
    from .lr_scheduler.base import Rate
    from .optimizer import Optimizer

__all__ = [
    "SWALR",
    "AveragedModel",
    "get_ema_avg_fn",
    "get_ema_multi_avg_fn",
    "get_swa_avg_fn",
    "get_swa_multi_avg_fn",
    "update_bn",
]


def _checked_decay(decay: float) -> float:
    if decay < 0.0 or decay > 1.0:
        raise ValueError(f"Invalid decay value {decay} provided. Please provide a value in [0,1] range.")
    return decay


def get_ema_avg_fn(decay: float = 0.999) -> Callable[..., Tensor]:
    """average ← decay · average + (1 - decay) · now, for one tensor."""
    decay = _checked_decay(decay)

    @no_grad()
    def ema_update(ema_param: Tensor, current_param: Tensor, num_averaged: Any) -> Tensor:
        return decay * ema_param + (1 - decay) * current_param

    return ema_update


def get_ema_multi_avg_fn(decay: float = 0.999) -> Callable[..., None]:
    """The same for lists of tensors, in place."""
    decay = _checked_decay(decay)

    @no_grad()
    def ema_update(ema_param_list: list[Tensor], current_param_list: list[Tensor], _: Any) -> None:
        for average, now in zip(ema_param_list, current_param_list, strict=True):
            if average.is_floating_point() or average.is_complex():
                average.lerp_(now, 1 - decay)
            else:
                average.copy_(average * decay + now * (1 - decay))

    return ema_update


def get_swa_avg_fn() -> Callable[..., Tensor]:
    """The mean of all: average ← average + (now - average)/(n + 1), for one tensor, after n."""

    @no_grad()
    def swa_update(averaged_param: Tensor, current_param: Tensor, num_averaged: Any) -> Tensor:
        return averaged_param + (current_param - averaged_param) / (num_averaged + 1)

    return swa_update


def get_swa_multi_avg_fn() -> Callable[..., None]:
    """The same for lists of tensors, in place."""

    @no_grad()
    def swa_update(averaged_param_list: list[Tensor], current_param_list: list[Tensor], num_averaged: Any) -> None:
        weight = float(1 / (num_averaged + 1))
        for average, now in zip(averaged_param_list, current_param_list, strict=True):
            if average.is_floating_point() or average.is_complex():
                average.lerp_(now, weight)
            else:
                average.copy_(average + (now - average) * weight)

    return swa_update


class AveragedModel(Module):
    """A copy of a model whose parameters are an average of the model's at each `update_parameters`.

    The average is the mean of all (stochastic weight averaging: Izmailov and others,
    https://arxiv.org/abs/1803.05407), or what `avg_fn` (average, now, number so far), of one tensor, or `multi_avg_fn`, of
    lists, makes it, as those of `get_ema_multi_avg_fn`. With `use_buffers` buffers are averaged, too, else copied.
    """

    n_averaged: Tensor

    def __init__(
        self,
        model: Module,
        device: Any = None,
        avg_fn: Callable[..., Tensor] | None = None,
        multi_avg_fn: Callable[..., None] | None = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise AssertionError("Only one of avg_fn and multi_avg_fn should be provided")
        self.module = deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", _core.tensor(0, dtype=_core.int64, device=device))
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn
        self.use_buffers = use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.module(*args, **kwargs)

    def update_parameters(self, model: Module) -> None:
        """Takes the model's parameters into the average."""
        averages = [p.detach() for p in self._averaged(self.module)]
        now = [p.detach().to(a.device) for p, a in zip(self._averaged(model), averages, strict=False)]
        if self.n_averaged == 0:
            for a, p in zip(averages, now, strict=True):
                a.copy_(p)
        else:
            self._average(averages, now)
        if not self.use_buffers:
            for a, b in zip(self.module.buffers(), model.buffers(), strict=True):
                a.detach().copy_(b.detach())
        self.n_averaged += 1

    def _averaged(self, model: Module) -> Iterable[Tensor]:
        return chain(model.parameters(), model.buffers()) if self.use_buffers else model.parameters()

    def _average(self, averages: list[Tensor], now: list[Tensor]) -> None:
        if self.multi_avg_fn is None:
            function = self.avg_fn or get_swa_avg_fn()
            for a, p in zip(averages, now, strict=True):
                a.copy_(function(a, p, self.n_averaged.to(a.device)))
            return
        kinds: dict[Any, list[tuple[Tensor, Tensor]]] = {}
        for a, p in zip(averages, now, strict=True):
            kinds.setdefault((str(a.device), a.dtype), []).append((a, p))
        for pairs in kinds.values():
            self.multi_avg_fn([a for a, _ in pairs], [p for _, p in pairs], self.n_averaged.to(pairs[0][0].device))


@no_grad()
def update_bn(loader: Iterable[Any], model: Module, device: Any = None) -> None:
    """The running statistics of all batch norms anew, as the mean over the batches of `loader`.

    A batch is the model's input, or a list or tuple that begins with it.
    """
    momenta: dict[Any, Any] = {}
    for module in model.modules():
        if any(cls.__name__ == "_BatchNorm" for cls in type(module).__mro__):
            module.reset_running_stats()
            momenta[module] = module.momentum
    if not momenta:
        return
    was_training = model.training
    model.train()
    for module in momenta:
        module.momentum = None
    for batch in loader:
        x = batch[0] if isinstance(batch, (list, tuple)) else batch
        model(x if device is None else x.to(device))
    for module, momentum in momenta.items():
        module.momentum = momentum
    model.train(was_training)


class SWALR(LRScheduler):
    """From the group's rate to `swa_lr` in `anneal_epochs` steps, by a cosine or a line; there it stays."""

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: float | list[float],
        anneal_epochs: int = 10,
        anneal_strategy: Literal["cos", "linear"] = "cos",
        last_epoch: int = -1,
    ) -> None:
        for group, lr in zip(optimizer.param_groups, for_each_group("swa_lr", optimizer, swa_lr), strict=True):
            group["swa_lr"] = lr
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}")
        self._anneal_strategy = anneal_strategy
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(f"anneal_epochs must be equal or greater than 0, got {anneal_epochs}")
        self.anneal_epochs = anneal_epochs
        super().__init__(optimizer, last_epoch)

    def anneal_func(self, t: float) -> float:
        """The share of swa_lr in the rate, t from 0 to 1."""
        return (1 - math.cos(math.pi * t)) / 2 if self._anneal_strategy == "cos" else t

    def _share(self, step: int) -> float:
        return self.anneal_func(max(0, min(1, step / max(1, self.anneal_epochs))))

    def get_lr(self) -> list[Rate]:
        self._warn_outside_step()
        step = self._step_count - 1
        if self.anneal_epochs == 0:
            step = max(1, step)
        before, now = self._share(step - 1), self._share(step)
        values = []
        for group in self.optimizer.param_groups:
            lr, goal = group["lr"], group["swa_lr"]
            start = goal if before == 1 else (lr - before * goal) / (1 - before)
            values.append(goal * now + start * (1 - now))
        return values
