"""The article's example, line by line, beside the numbers that the article derives by hand."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import adjoint as torch
from adjoint import Tensor
from adjoint.cli.screen import mark

# Name, and the article's value, gradient (per element) and grad_fn.
_ARTICLE = [
    ("input", 1.0, None, None),
    ("w1", 2.0, 28.0, None),
    ("w2", 3.0, 8.0, None),
    ("w3", 4.0, 10.0, None),
    ("l1", 2.0, 7.0, "MulBackward0"),
    ("l2", 5.0, 2.0, "AddBackward0"),
    ("l3", 8.0, 1.25, "MulBackward0"),
    ("l4", 40.0, 0.25, "MulBackward0"),
    ("loss", 40.0, 1.0, "MeanBackward0"),
]


def program(torch: Any) -> tuple[Any, ...]:
    """The article's program, up to its loss; of any package with PyTorch's names."""
    input = torch.ones([2, 2])
    w1 = torch.tensor(2.0, requires_grad=True)
    w2 = torch.tensor(3.0, requires_grad=True)
    w3 = torch.tensor(4.0, requires_grad=True)
    l1 = input * w1
    l2 = l1 + w2
    l3 = l1 * w3
    l4 = l2 * l3
    loss = l4.mean()
    return input, w1, w2, w3, l1, l2, l3, l4, loss


def lines() -> list[str]:
    """The program's lines, as a script has them."""
    return [line.strip() for line in inspect.getsource(program).splitlines() if " = " in line]


def run(plain: bool = False) -> bool:
    """each line's value and gradient, and the article's"""
    del plain  # nothing here moves
    tensors, seen = _differentiated()
    print(f"{'line':38}  {'value':>5} {'article':>7}   {'gradient':>8} {'article':>7}   grad_fn")
    right = True
    for (name, value, gradient, node), line in zip(_ARTICLE, lines(), strict=True):
        tensor = tensors[name]
        got_node = type(tensor.grad_fn).__name__ if tensor.grad_fn is not None else None
        ok = _is(tensor, value) and _is(tensor.grad, gradient) and got_node == node
        right &= ok
        print(
            f"{line.replace('torch.', ''):38}  {_text(tensor):>5} {_number(value):>7}   "
            f"{_text(tensor.grad):>8} {_number(gradient):>7}   {got_node or '':13} {mark(ok)}"
        )
    shown = str(tensors["l2"])
    printed = "tensor([[5., 5.],\n        [5., 5.]], grad_fn=<AddBackward0>)"
    ok = shown == printed
    print(f"print(l2): {' '.join(shown.split())}  {mark(ok)}")
    ok_hook = len(seen) == 1 and _is(seen[0], 7.0)
    print(f"the hook on l1 saw {_text(seen[0]) if seen else 'nothing'} in each element  {mark(ok_hook)}")
    fresh, _ = _differentiated(retain=False)
    with warnings.catch_warnings():  # reading them is what the warning is about
        warnings.simplefilter("ignore")
        ok_none = all(fresh[name].grad is None for name in ("l1", "l2", "l3", "l4", "loss"))
    print(f"without retain_grad() the results between keep no gradient  {mark(ok_none)}")
    return right and ok and ok_hook and ok_none


def _differentiated(retain: bool = True) -> tuple[dict[str, Tensor], list[Tensor]]:
    """The program's variables by name, after backward(); also what a hook on l1 saw."""
    tensors = program(torch)
    *_, l1, l2, l3, l4, loss = tensors
    seen: list[Tensor] = []
    if retain:
        for tensor in (l1, l2, l3, l4, loss):
            tensor.retain_grad()
        l1.register_hook(seen.append)
    loss.backward()
    return {row[0]: tensor for row, tensor in zip(_ARTICLE, tensors, strict=True)}, seen


def _is(tensor: Tensor | None, number: float | None) -> bool:
    if tensor is None or number is None:
        return tensor is None and number is None
    return bool((tensor == number).all())


def _text(tensor: Tensor | None) -> str:
    """The number that all elements share (as they do in this example)."""
    if tensor is None:
        return "None"
    values = {float(v) for v in tensor.detach().reshape(-1).tolist()}
    return "/".join(_number(v) for v in sorted(values))


def _number(value: float | None) -> str:
    return "None" if value is None else f"{value:g}"
