"""The cache of large blocks of memory (core/tensor/alloc.cpp)."""

import pytest
from support import torch

resource = pytest.importorskip("resource")


def faults_of(turn, turns=8):
    """New pages a turn, once the cache has what it keeps."""
    torch.empty_cache()
    torch.reset_peak_memory()
    counts = []
    for _ in range(turns):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        turn()
        counts.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
    return min(counts[2:])


def test_a_large_block_is_handed_out_again():
    assert faults_of(lambda: torch.zeros(75_000)) < 10  # 74 pages


def test_a_small_block_does_not_drive_out_a_large_one():
    """There is room for little more than one of the two, as never more was in use."""

    def turn():
        torch.zeros(100_000)  # 98 pages
        torch.zeros(25_000)

    assert faults_of(turn) < 50


def test_large_blocks_that_nobody_wants_make_room():
    """Freed blocks fill the cache; after as many bytes were refused as it holds, smaller ones are kept again."""
    torch.empty_cache()
    torch.reset_peak_memory()
    held = [torch.zeros(1_000_000) for _ in range(4)]
    del held
    turn = lambda: [torch.zeros(600_000), torch.zeros(600_000)]
    for _ in range(8):
        turn()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(4):
        turn()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before < 100  # of 1,200 pages a turn
