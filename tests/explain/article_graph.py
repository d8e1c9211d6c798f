"""The article's example, in a file of its own: its lines are in the golden picture."""

from support import torch


def article():
    """The article's tensors by name; nothing has been run backward."""
    input = torch.ones([2, 2])
    w1, w2, w3 = (torch.tensor(v, requires_grad=True) for v in (2.0, 3.0, 4.0))
    l1 = input * w1
    l2 = l1 + w2
    l3 = l1 * w3
    l4 = l2 * l3
    loss = l4.mean()
    return {"input": input, "w1": w1, "w2": w2, "w3": w3, "l1": l1, "l2": l2, "l3": l3, "l4": l4, "loss": loss}
