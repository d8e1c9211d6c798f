"""Cuts in words: what took the history away, and what to write instead."""

from __future__ import annotations

from .case import Cut, line
from .report import at

_COMPARISONS = set(
    "gt lt ge le eq ne greater less isnan isinf isfinite isclose logical_and logical_or logical_not".split()
)
_POSITIONS = set("argmax argmin argsort searchsorted bucketize nonzero sort max min topk count_nonzero".split())
_CASTS = set("to type long int bool short byte char".split())


def kind(cut: Cut) -> str:
    """The stable word for a cut."""
    if cut["kind"] != "not_differentiable":
        return "cut_by_" + str(cut["kind"])
    operation = (cut["operation"] or "").rstrip("_")
    if operation in _CASTS:
        return "cut_by_cast"
    if operation in _COMPARISONS:
        return "cut_by_comparison"
    return "cut_by_integer_result"


def phrase(cut: Cut) -> str:
    """ "detach() at line 7 of train.py"."""
    operation = cut["operation"] or ""
    what = {
        "cut_by_detach": "detach()",
        "cut_by_data": ".data",
        "cut_by_no_grad": f"no_grad, which {operation} ran under," if operation else "no_grad",
        "cut_by_inference_mode": f"inference_mode, which {operation} ran under," if operation else "inference_mode",
        "cut_by_item": "item()",
        "cut_by_tolist": "tolist()",
        "cut_by_numpy": "numpy()",
        "cut_by_copy": "torch.tensor(...), which copies values only,",
        "cut_by_cast": "a cast to an integer or boolean type",
        "cut_by_comparison": f"the comparison {operation}, whose result is boolean,",
        "cut_by_integer_result": f"{operation}, whose result is integer or boolean,",
    }[kind(cut)]
    return f"{what} {at(line(cut))}"


REMEDIES = {
    "cut_by_detach": "leave out detach() where the gradient is wanted.",
    "cut_by_data": "use the tensor itself instead of .data where the gradient is wanted.",
    "cut_by_no_grad": "compute it outside no_grad. To update a parameter, keep the leaf: with no_grad(): w -= lr * w.grad.",
    "cut_by_inference_mode": "compute it outside inference_mode.",
    "cut_by_item": "keep the tensor instead of the number: item() is for printing.",
    "cut_by_tolist": "keep the tensor: tolist() gives plain numbers.",
    "cut_by_numpy": "stay with tensors: what numpy computes is not recorded (or write an autograd.Function around it).",
    "cut_by_copy": "use the tensor itself, stack or cat: torch.tensor(...) copies values and forgets where they came from.",
    "cut_by_cast": "stay with a floating-point type until after the loss: integers and booleans have no gradient.",
    "cut_by_comparison": "use a smooth form (sigmoid of the difference), or multiply the boolean as a mask by something "
    "that keeps its history.",
    "cut_by_integer_result": "positions and counts have no gradient: use softmax, gather with the positions, or max's values.",
}
