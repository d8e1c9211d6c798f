"""A pass through a loader: the indices, what is fetched for them, and where the pass stands."""

from __future__ import annotations

import itertools
import warnings
from typing import Any

from ... import default_generator, empty, int64
from ._utils.collate import default_collate
from .dataset import IterableDataset, items_of, rows_of


class Fetcher:
    """Gets what the sampler asks for, and collates it."""

    def __init__(self, loader: Any) -> None:
        self.dataset, self.collate = loader.dataset, loader.collate_fn
        self.batches, self.drop_last = loader._auto_collation, loader.drop_last
        self.items = iter(loader.dataset) if isinstance(loader.dataset, IterableDataset) else None

    def fetch(self, index: Any) -> Any:
        """The next batch, or item. StopIteration where an iterable dataset has ended."""
        if self.items is None:
            return self._mapped(index)
        if not self.batches:
            return self.collate(next(self.items))
        batch = list(itertools.islice(self.items, len(index)))
        if not batch or (self.drop_last and len(batch) < len(index)):
            raise StopIteration
        return self.collate(batch)

    def _mapped(self, index: Any) -> Any:
        if not self.batches:
            return self.collate(self.dataset[index])
        if self.collate is default_collate and index and (rows := rows_of(self.dataset, index)) is not None:
            return rows
        return self.collate(items_of(self.dataset, index))


class LoaderIterator:
    """A pass through a loader: the draws that PyTorch makes, the count of what came, `next`."""

    def __init__(self, loader: Any) -> None:
        self.base_seed = int(empty((), dtype=int64).random_(generator=loader.generator).item())
        self.begin(loader)

    def begin(self, loader: Any) -> None:
        self.loader = loader
        self.indices = iter(loader._index_sampler)
        self.count, self.told, self.skip = 0, loader._length_told, 0
        if loader._resume_from is not None:
            self._resume(loader._resume_from["batches"])

    def _resume(self, batches: int) -> None:
        """Passes over what was given already; the order is the one that was drawn then."""
        loader = self.loader
        if isinstance(loader.dataset, IterableDataset):
            self.skip = batches
        else:
            self.indices = itertools.islice(self.indices, batches, None)
            first = next(self.indices, None)  # the order is drawn here
            self.indices = itertools.chain([] if first is None else [first], self.indices)
        self.count = loader._given = batches
        if loader._random_after is not None:
            default_generator.set_state(loader._random_after)

    def __iter__(self) -> LoaderIterator:
        return self

    def __len__(self) -> int:
        return len(self.loader._index_sampler)

    def __next__(self) -> Any:
        for _ in range(self.skip):
            self.next_data()
        self.skip = 0
        data = self.next_data()
        self.count += 1
        self.loader._given = self.count
        if self.told is not None and self.count > self.told:
            self._warn_of_length()
        return data

    def next_data(self) -> Any:
        raise NotImplementedError

    def _warn_of_length(self) -> None:
        more = (
            "For multiprocessing data-loading, this could be caused by not properly configuring the IterableDataset "
            "replica at each worker."
            if self.loader.num_workers
            else ""
        )
        warnings.warn(
            f"Length of IterableDataset {self.loader.dataset} was reported to be {self.told}"
            f"(when accessing len(dataloader)), but {self.count} samples have been fetched. {more}",
            stacklevel=3,
        )

    def __getstate__(self) -> Any:
        raise NotImplementedError("{} cannot be pickled", type(self).__name__)


class InProcess(LoaderIterator):
    def __init__(self, loader: Any) -> None:
        super().__init__(loader)
        self.fetch = Fetcher(loader).fetch

    def next_data(self) -> Any:
        return self.fetch(next(self.indices))
