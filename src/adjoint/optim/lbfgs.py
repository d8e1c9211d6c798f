"""L-BFGS, with the line search of strong Wolfe conditions."""

from __future__ import annotations

from .. import _core
from ..autograd.grad_mode import enable_grad, no_grad
from ._step import check_lr
from ._wolfe import strong_wolfe as _strong_wolfe
from .optimizer import Optimizer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .._core import Tensor
    from .optimizer import ParamsT

__all__ = ["LBFGS"]


class LBFGS(Optimizer):
    """L-BFGS: Newton's direction with the Hessian's inverse estimated from the last gradients and steps.

        d = -H∇f(x)        H from up to `history_size` pairs (y, s) of changes of gradient and x, by two loops
        x ← x + td         t = γ, or by a line search ("strong_wolfe")

    A step takes up to `max_iter` such moves and up to `max_eval` (5/4 of max_iter) evaluations of the closure, which it
    needs. It ends early where no element of the gradient is above `tolerance_grad`, or where x or f hardly move
    (`tolerance_change`). One parameter group, real parameters on one device. Liu and Nocedal,
    https://doi.org/10.1007/BF01589116; the line search: Nocedal and Wright, "Numerical Optimization", algorithms 3.5 and
    3.6, as in minFunc, https://www.cs.ubc.ca/~schmidtm/Software/minFunc.html.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        check_lr(lr)
        if max_eval is None:
            max_eval = max_iter * 5 // 4
        defaults = {
            "lr": lr,
            "max_iter": max_iter,
            "max_eval": max_eval,
            "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change,
            "history_size": history_size,
            "line_search_fn": line_search_fn,
        }
        super().__init__(params, defaults)
        if len(self.param_groups) != 1:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups)")

    @property
    def _params(self) -> list[Any]:
        return self.param_groups[0]["params"]

    def _gather_flat_grad(self) -> Tensor:
        parts = [_flat(p.new_zeros(p.shape) if p.grad is None else p.grad) for p in self._params]
        return _core.cat(parts, 0)

    def _add_grad(self, size: Any, direction: Tensor) -> None:
        """x += size · direction."""
        offset = 0
        for p in self._params:
            real = _core.view_as_real(p) if p.is_complex() else p
            part = direction[offset : offset + real.numel()].view(real.shape)
            real.add_(part, alpha=float(size))
            offset += real.numel()

    @no_grad()
    def step(self, closure: Callable[[], Any]) -> Any:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
        """Up to max_iter moves. `closure` clears the gradients, computes the loss and its gradients, returns the loss.

        Returns the loss before the first move.
        """
        if len(self.param_groups) != 1:
            raise AssertionError(f"Expected exactly one param_group, but got {len(self.param_groups)}")
        evaluate = enable_grad()(closure)
        group = self.param_groups[0]
        search, most_evaluations = group["line_search_fn"], group["max_eval"]
        lr = float(group["lr"])
        state = self.state[self._params[0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)

        first_loss = evaluate()
        loss, evaluations = float(first_loss), 1
        state["func_evals"] += 1
        grad = self._gather_flat_grad()
        if _largest(grad) <= group["tolerance_grad"]:
            return first_loss

        for n in range(1, group["max_iter"] + 1):
            state["n_iter"] += 1
            d = self._direction(state, grad, group["history_size"])
            previous = state.get("prev_flat_grad")
            state["prev_flat_grad"] = grad.clone() if previous is None else previous.copy_(grad)
            state["prev_loss"] = loss
            t: Any = min(1.0, 1.0 / grad.abs().sum().item()) * lr if state["n_iter"] == 1 else lr
            slope = grad.dot(d).item()
            state["d"], state["t"] = d, t
            if slope > -group["tolerance_change"]:
                break
            used = 0
            if search is not None:
                if search != "strong_wolfe":
                    raise RuntimeError("only 'strong_wolfe' is supported")
                loss, grad, t, used = self._search(evaluate, t, d, loss, grad, slope, most_evaluations - evaluations)
                self._add_grad(t, d)
            else:
                self._add_grad(t, d)
                if n != group["max_iter"]:  # after the last move nobody asks
                    loss, used = float(evaluate()), 1
                    grad = self._gather_flat_grad()
            state["t"] = t
            evaluations += used
            state["func_evals"] += used
            if (
                n == group["max_iter"]
                or evaluations >= most_evaluations
                or _largest(grad) <= group["tolerance_grad"]
                or _largest(d) * abs(t) <= group["tolerance_change"]
                or abs(loss - state["prev_loss"]) < group["tolerance_change"]
            ):
                break
        return first_loss

    def _direction(self, state: dict[str, Any], grad: Tensor, history_size: int) -> Tensor:
        """-H · grad, by the two loops over the pairs that are kept; takes the latest pair in before."""
        if state["n_iter"] == 1:
            state.update(old_dirs=[], old_stps=[], ro=[], H_diag=1)
            return grad.neg()
        ys, steps, ro = state["old_dirs"], state["old_stps"], state["ro"]
        y, s = grad.sub(state["prev_flat_grad"]), state["d"].mul(float(state["t"]))
        product = y.dot(s)
        if product > 1e-10:
            if len(ys) == history_size:
                for kept in (ys, steps, ro):
                    kept.pop(0)
            ys.append(y)
            steps.append(s)
            ro.append(1.0 / product)
            state["H_diag"] = product / y.dot(y)
        if "al" not in state:
            state["al"] = [None] * history_size
        al, q = state["al"], grad.neg()
        for i in reversed(range(len(ys))):
            al[i] = steps[i].dot(q) * ro[i]
            q.add_(ys[i] * -al[i])  # pyright: ignore[reportOptionalOperand]
        r = q * state["H_diag"]
        for i in range(len(ys)):
            r.add_(steps[i] * (al[i] - ys[i].dot(r) * ro[i]))
        return r

    def _search(
        self, evaluate: Callable[[], Any], t: Any, d: Tensor, loss: float, grad: Tensor, slope: float, most: int
    ) -> tuple[float, Tensor, float, int]:
        start = [p.clone() for p in self._params]

        def at(t: float) -> tuple[float, Tensor]:
            self._add_grad(t, d)
            value, there = float(evaluate()), self._gather_flat_grad()
            for p, old in zip(self._params, start, strict=True):
                p.copy_(old)
            return value, there

        return _strong_wolfe(at, t, d, loss, grad, slope, max_ls=most)


def _flat(x: Tensor) -> Tensor:
    return (_core.view_as_real(x) if x.is_complex() else x).reshape(-1)


def _largest(x: Tensor) -> float:
    return x.abs().max().item()
