"""The line `shape` of a layer: what fits it, and how it is written."""

from types import SimpleNamespace

import pytest
from support import torch

from adjoint.nn.modules.shapes import fits, sides, value_of, written

LAYER = SimpleNamespace(
    in_features=3, out_features=4, normalized_shape=(2, 5), kernel_size=(3, 3), groups=2, none=None, factor=2
)


@pytest.mark.parametrize(
    "line, shapes, fit",
    [
        ("(*, in_features)", [(3,)], True),
        ("(*, in_features)", [(7, 5, 3)], True),
        ("(*, in_features)", [(3, 7)], False),
        ("(*, in_features)", [()], False),
        ("(*)", [()], True),
        ("()", [()], True),
        ("()", [(1,)], False),
        ("(*, 3), (*, 4)", [(2, 3), (2, 4)], True),
        ("(*, 3), (*, 4)", [(2, 3), (1, 4)], False),
        ("(*, 3), (*, 4)", [(2, 3)], False),
        ("(N, C, L)", [(2, 3, 4)], True),
        ("(N, N)", [(2, 3)], False),
        ("(N?, in_features, L)", [(3, 7)], True),
        ("(N?, in_features, L)", [(9, 3, 7)], True),
        ("(N?, in_features, L)", [(9, 9, 3, 7)], False),
        ("(N?, L), (N?, S)", [(2, 3), (2, 4)], True),
        ("(N?, L), (N?, S)", [(2, 3), (4,)], False),
        ("(*, *normalized_shape)", [(8, 2, 5)], True),
        ("(*, *normalized_shape)", [(8, 5, 2)], False),
        ("(*_)", [(8, 5, 2)], True),
        ("(N, C * factor**2, H)", [(1, 12, 5)], True),
        ("(C, C * factor)", [(3, 6)], True),
        ("(C, C * factor)", [(3, 7)], False),
        ("(none, 2)", [(5, 2)], True),
        ("(kernel_size[0], 1)", [(3, 1)], True),
        ("(kernel_size[0], 1)", [(4, 1)], False),
        ("(L) or (N, L)", [(2, 3)], True),
        ("(L) or (N, L)", [(2, 3, 4)], False),
    ],
)
def test_fits(line, shapes, fit):
    tensors = [torch.empty(s) for s in shapes]
    left, _ = sides(line)
    assert any(fits(LAYER, alternative, tensors, {}) for alternative in left) == fit


def test_both_sides_share_names():
    (left,), (right,) = sides("(N?, C, L) -> (N?, L)")
    bound = {}
    assert fits(LAYER, left, [torch.empty(2, 3, 4)], bound) and bound == {"N": 2, "C": 3, "L": 4}
    assert fits(LAYER, right, [torch.empty(2, 4)], dict(bound))
    assert not fits(LAYER, right, [torch.empty(4)], dict(bound)) and not fits(LAYER, right, [torch.empty(2, 5)], bound)


def test_written():
    (left,), _ = sides("(*, in_features), (N?, C, *normalized_shape, out_features // 2)")
    assert written(LAYER, left) == "(*, 3), (N?, C, 2, 5, 2)"


def test_no_code_but_names():
    assert value_of(LAYER, "__import__('os').getpid()", {}) is None
    assert value_of(LAYER, "in_features / 2", {}) is None and value_of(LAYER, "True", {}) is None
