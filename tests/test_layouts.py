"""How results lie in memory: their dimensions in the order in which the operands have them, as PyTorch's do.
ADJOINT_STANDIN=torch runs this on PyTorch."""

import pytest
from support import torch

ROW, COLUMN = torch.ones(2, 3), torch.ones(3, 2).t()
CASES = [
    ((ROW, COLUMN), (3, 1)),  # the first operand that tells two dimensions apart decides
    ((COLUMN, ROW), (1, 2)),
    ((torch.ones(1, 3), COLUMN), (1, 2)),  # one that is repeated along one of them does not
    ((torch.ones(3), COLUMN), (1, 2)),
    ((torch.ones(2, 1), COLUMN), (1, 2)),
    ((torch.ones(()), COLUMN), (1, 2)),
    ((torch.ones(2, 1), torch.ones(1, 3)), (3, 1)),  # nothing tells: row-major
    ((torch.ones(2).expand(3, 2).t(), torch.ones(3)), (3, 1)),
    ((torch.ones(4, 6)[::2, ::2], ROW), (3, 1)),  # gaps are closed
    ((torch.ones(6, 4)[::2, ::2].t(), ROW), (1, 2)),
    ((torch.ones(4, 2, 3).permute(1, 2, 0), torch.ones(3, 1)), (3, 1, 6)),
    ((torch.ones(3, 1, 4).permute(1, 2, 0), torch.ones(2, 4, 3)), (12, 1, 4)),
]


@pytest.mark.parametrize("operands,strides", CASES)
def test_layouts_of_results(operands, strides):
    x, y = operands
    for result in (x + y, torch.maximum(x, y), torch.where(x > 0, x, y), torch.addcmul(x, x, y)):
        assert result.stride() == strides


def test_layouts_of_results_of_one_operand():
    for x, strides in (
        (COLUMN, (1, 2)),
        (torch.ones(6, 4)[::2, ::2].t(), (1, 2)),
        (torch.ones(2).expand(3, 2).t(), (3, 1)),
        (torch.ones(3, 2, 1, 2).permute(3, 1, 0, 2), (1, 2, 4, 2)),
    ):
        for result in (x * 2, x.exp(), x.clone(), torch.zeros_like(x), x.to(torch.float64)):
            assert result.stride() == strides
