"""torch.futures: results that are there later."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable
from typing import Any, Generic, TypeVar

__all__ = ["Future", "collect_all", "wait_all"]

_T = TypeVar("_T")


class Future(Generic[_T]):
    """A result that somebody sets, once.

    Args:
        devices: accepted; results lie where they lie.
    """

    def __init__(self, *, devices: Any = None) -> None:
        self._future: concurrent.futures.Future[_T] = concurrent.futures.Future()

    def done(self) -> bool:
        """Is the result, or an exception, there?"""
        return self._future.done()

    def wait(self) -> _T:
        """The result, once it is there; raises the exception that was set."""
        return self._future.result()

    def value(self) -> _T:
        """The result, which must be there."""
        if not self.done():
            raise RuntimeError("the future has no value yet: wait() for it")
        return self._future.result()

    def set_result(self, result: _T) -> None:
        """Completes it."""
        if self.done():
            raise RuntimeError("Future can only be marked completed once")
        self._future.set_result(result)

    def set_exception(self, result: Exception) -> None:
        """Completes it with an exception, which `wait` raises."""
        self._future.set_exception(result)

    def then(self, callback: Callable[[Future[_T]], Any]) -> Future[Any]:
        """A future of callback(self), which is called once this one is completed."""
        after: Future[Any] = Future()

        def run(_: Any) -> None:
            try:
                after.set_result(callback(self))
            except Exception as error:
                after.set_exception(error)

        self._future.add_done_callback(run)
        return after

    def add_done_callback(self, callback: Callable[[Future[_T]], Any]) -> None:
        """Calls callback(self) once it is completed."""
        self._future.add_done_callback(lambda _: callback(self))


def collect_all(futures: list[Future[Any]]) -> Future[list[Future[Any]]]:
    """A future of all of them, completed once they are."""
    whole: Future[list[Future[Any]]] = Future()
    left = [len(futures)]

    def one(_: Any) -> None:
        left[0] -= 1
        if left[0] == 0:
            whole.set_result(futures)

    for future in futures:
        future.add_done_callback(one)
    if not futures:
        whole.set_result(futures)
    return whole


def wait_all(futures: list[Future[Any]]) -> list[Any]:
    """The results of all."""
    return [future.wait() for future in futures]
