"""DataLoader: batches of a dataset, in this process or out of workers (workers.py)."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

from ... import Generator, default_generator
from ._utils.collate import default_collate, default_convert
from .dataset import IterableDataset
from .iteration import InProcess
from .sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler

__all__ = ["DataLoader", "default_collate", "default_convert", "get_worker_info"]

_T_co = TypeVar("_T_co", covariant=True)


class DataLoader(Generic[_T_co]):
    """Goes through a dataset in batches.

    >>> from adjoint.utils.data import DataLoader
    >>> [batch.tolist() for batch in DataLoader(range(5), batch_size=2)]
    [[0, 1], [2, 3], [4]]

    The order with `shuffle=True`, and the seeds of workers, are PyTorch's for the same `manual_seed`.

    Args:
        dataset: what has ``__getitem__`` and ``__len__``, or an IterableDataset.
        batch_size: items in a batch; None: the items themselves, not collated.
        shuffle: a new random order in each pass.
        sampler: which indices come, in the place of `shuffle`; any iterable.
        batch_sampler: lists of indices, in the place of `batch_size`, `shuffle`, `sampler` and `drop_last`.
        num_workers: processes that fetch and collate; 0: this one.
        collate_fn: makes a batch of a list of items.
        pin_memory: accepted; without a device there is nothing to pin memory for.
        drop_last: leaves out a shorter last batch.
        timeout: seconds to wait for a batch of a worker; 0: as long as it takes.
        worker_init_fn: called in each worker with its number, after it was seeded.
        multiprocessing_context: how workers start: "fork", "spawn", "forkserver", or a context.
        generator: random numbers for the order, and for the workers' seeds.
        prefetch_factor: batches that each worker fetches ahead; 2.
        persistent_workers: keeps the workers from one pass to the next.
        in_order: batches come in the sampler's order; False: as they are ready.

    Raises:
        ValueError: options that exclude each other, or negative numbers.
    """

    _iterator: Any = None

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[Any] | None = None,
        batch_sampler: Iterable[list[Any]] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], object] | None = None,
        multiprocessing_context: Any = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        _check_workers(num_workers, timeout, prefetch_factor, persistent_workers)
        iterable = isinstance(dataset, IterableDataset)
        _check_order(iterable, batch_size, shuffle, sampler, batch_sampler, drop_last)
        if batch_sampler is not None:
            batch_size = None
        order: Any = sampler
        if sampler is None:
            order = (
                _Endless()
                if iterable
                else RandomSampler(dataset, generator=generator)
                if shuffle
                else SequentialSampler(dataset)
            )
        if batch_size is not None:
            batch_sampler = BatchSampler(order, batch_size, drop_last)
        self.dataset, self.num_workers, self.timeout = dataset, num_workers, timeout
        self.prefetch_factor = 2 if num_workers and prefetch_factor is None else prefetch_factor
        self.pin_memory, self.pin_memory_device = pin_memory, pin_memory_device
        self.worker_init_fn, self.in_order = worker_init_fn, in_order
        self.persistent_workers = persistent_workers
        self.multiprocessing_context = _context(multiprocessing_context, num_workers)
        self.batch_size, self.drop_last = batch_size, drop_last
        self.sampler, self.batch_sampler, self.generator = order, batch_sampler, generator
        self.collate_fn = collate_fn or (default_collate if self._auto_collation else default_convert)
        self._length_told: int | None = None
        self._given = 0
        self._random: Any = None
        self._resume_from: dict[str, Any] | None = None
        self._made = True
        if num_workers:
            self.check_worker_number_rationality()

    @property
    def _auto_collation(self) -> bool:
        return self.batch_sampler is not None

    @property
    def _index_sampler(self) -> Iterable[Any]:
        """What says which items to fetch next: lists of indices, or single ones where nothing is collated."""
        return self.sampler if self.batch_sampler is None else self.batch_sampler

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _FIXED and "_made" in self.__dict__:
            raise ValueError(f"{name} attribute should not be set after {type(self).__name__} is initialized")
        super().__setattr__(name, value)

    def __iter__(self) -> Iterator[Any]:
        self._order_begins()
        try:
            return self._pass()
        finally:
            self._resume_from = None

    def _pass(self) -> Iterator[Any]:
        if self.num_workers == 0:
            return InProcess(self)
        from .workers import WorkerIterator

        if not self.persistent_workers:
            return WorkerIterator(self)
        if self._iterator is None:
            self._iterator = WorkerIterator(self)
        else:
            self._iterator.start_again(self)
        return self._iterator

    def state_dict(self) -> dict[str, Any]:
        """Where the pass that was begun last stands: batches given, and the random numbers that its order came from."""
        return {"batches": self._given, "random": self._random}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The next pass goes on where the one of `state_dict` stood: the same order, without the batches that were given.

        Samplers of indices are skipped through without fetching; an IterableDataset is read up to there.
        """
        self._resume_from = dict(state)

    def _order_begins(self) -> None:
        generator = self.generator or default_generator
        now = generator.get_state()
        if self._resume_from is not None and self._resume_from["random"] is not None:
            generator.set_state(self._resume_from["random"])
            self._random_after = now if self.generator is None else None
        else:
            self._random_after = None
        self._given, self._random = 0, generator.get_state()

    def __len__(self) -> int:
        if not isinstance(self.dataset, IterableDataset):
            return len(self._index_sampler)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        count = self._length_told = len(self.dataset)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        if self.batch_size is not None:
            count = count // self.batch_size if self.drop_last else -(-count // self.batch_size)
        return count

    def check_worker_number_rationality(self) -> None:
        """PyTorch warns of more workers than processors; so do we."""
        from .workers import warn_of_too_many

        warn_of_too_many(self.num_workers)


_FIXED = frozenset(("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers"))


class _Endless(Sampler[None]):
    """None for ever: an iterable dataset knows by itself when it ends."""

    def __iter__(self) -> Iterator[None]:
        return itertools.repeat(None)


def _check_workers(count: int, timeout: float, prefetch: int | None, persistent: bool) -> None:
    if count < 0:
        raise ValueError("num_workers option should be non-negative; use num_workers=0 to disable multiprocessing.")
    if timeout < 0:
        raise ValueError("timeout option should be non-negative")
    if count == 0 and prefetch is not None:
        raise ValueError(
            "prefetch_factor option could only be specified in multiprocessing."
            "let num_workers > 0 to enable multiprocessing, otherwise set prefetch_factor to None."
        )
    if prefetch is not None and prefetch < 0:
        raise ValueError("prefetch_factor option should be non-negative")
    if persistent and count == 0:
        raise ValueError("persistent_workers option needs num_workers > 0")


def _check_order(
    iterable: bool, batch_size: int | None, shuffle: bool | None, sampler: Any, batch_sampler: Any, drop_last: bool
) -> None:
    """Which of the options on the order exclude each other."""
    if iterable:
        given = {"shuffle": shuffle or None, "sampler": sampler, "batch_sampler": batch_sampler}
        for name, value in given.items():
            if value is not None:
                raise ValueError(
                    f"DataLoader with IterableDataset: expected unspecified {name} option, but got {name}={value}"
                )
    if sampler is not None and shuffle:
        raise ValueError("sampler option is mutually exclusive with shuffle")
    if batch_sampler is not None:
        if batch_size != 1 or shuffle or sampler is not None or drop_last:
            raise ValueError(
                "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last"
            )
    elif batch_size is None and drop_last:
        raise ValueError("batch_size=None option disables auto-batching and is mutually exclusive with drop_last")


def _context(given: Any, workers: int) -> Any:
    if given is None:
        return None
    import multiprocessing
    from multiprocessing.context import BaseContext

    if workers == 0:
        raise ValueError(
            "multiprocessing_context can only be used with multi-process loading (num_workers > 0), but got num_workers=0"
        )
    if isinstance(given, str):
        known = multiprocessing.get_all_start_methods()
        if given not in known:
            raise ValueError(
                "multiprocessing_context option should specify a valid start method in "
                f"{known!r}, but got multiprocessing_context={given!r}"
            )
        return multiprocessing.get_context(given)
    if not isinstance(given, BaseContext):
        raise TypeError(
            "multiprocessing_context option should be a valid context object or a string specifying the start method, but "
            f"got multiprocessing_context={given}"
        )
    return given


def get_worker_info() -> Any:
    """In a worker: its `id`, `num_workers`, `seed` and `dataset` (a copy). None in the main process."""
    from .workers import info

    return info()
