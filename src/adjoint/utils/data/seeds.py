"""Random numbers of workers: each has its own, and the same as PyTorch's for the same seed."""

from __future__ import annotations

import random
import sys

from ... import manual_seed


def seed_worker(base_seed: int, number: int) -> int:
    """Seeds Python's, ours and, where the program uses it, NumPy's generators in a worker; returns the seed of the first two.

    NumPy's seed is what its SeedSequence makes of the worker's number and the base seed.
    """
    seed = base_seed + number
    random.seed(seed)
    manual_seed(seed)
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        entropy = [number, base_seed & 0xFFFFFFFF, base_seed >> 32, 0]
        numpy.random.seed(numpy.random.SeedSequence(entropy).generate_state(4))
    return seed
