"""What tools know of optimizers and schedules."""

from typing import Any

from typing_extensions import assert_type

import adjoint as torch
from adjoint.optim import SGD, AdamW, Optimizer
from adjoint.optim.lr_scheduler import LRScheduler, StepLR

w = torch.zeros(3, requires_grad=True)
optimizer = AdamW([w], lr=1e-3, betas=(0.9, 0.95), weight_decay=0.1)
schedule = StepLR(optimizer, step_size=10, gamma=0.5)
groups = SGD([{"params": [w], "lr": 0.1}], momentum=0.9, nesterov=True)
named = SGD([("w", w)], lr=torch.tensor(0.1))

assert_type(optimizer.zero_grad(), None)
optimizer.step()
assert_type(optimizer.param_groups, list[dict[str, Any]])
assert_type(optimizer.state_dict(), dict[str, Any])
assert_type(schedule.step(), None)
assert_type(schedule.get_last_lr(), list[float | torch.Tensor])


def train(o: Optimizer, s: LRScheduler) -> float:
    def closure() -> torch.Tensor:
        o.zero_grad()
        loss = (w - 1).square().sum()
        loss.backward()
        return loss

    loss = o.step(closure)
    s.step()
    return float(loss)


assert_type(train(optimizer, schedule), float)


class Sign(Optimizer):
    """An optimizer of one's own."""

    def __init__(self, params: list[torch.Tensor], lr: float) -> None:
        super().__init__(params, {"lr": lr})

    def step(self, closure: Any = None) -> None:
        for group in self.param_groups:
            for p in group["params"]:
                p.data.add_(p.grad.sign(), alpha=-group["lr"])


assert_type(Sign([w], 0.1).step(), None)


def mistakes(t: torch.Tensor) -> Any:
    torch.optim.Adamm([t])  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    SGD(t.tolist(), momentun=0.9)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    StepLR(optimizer, step_size="3")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    StepLR(3, 2)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
