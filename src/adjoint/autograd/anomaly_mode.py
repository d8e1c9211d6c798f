"""Anomaly mode: backward errors tell the forward line, and gradients with NaN raise."""

from __future__ import annotations

from .. import _core

__all__ = ["detect_anomaly", "set_detect_anomaly"]


class set_detect_anomaly:
    """Sets anomaly detection on or off: at once as a function, for a block as a context manager."""

    __slots__ = ("prev", "prev_check_nan")
    prev: bool
    prev_check_nan: bool

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self.prev = _core.is_anomaly_enabled()
        self.prev_check_nan = _core.is_anomaly_check_nan_enabled()
        _core._set_anomaly_enabled(mode, check_nan)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: object) -> None:
        _core._set_anomaly_enabled(self.prev, self.prev_check_nan)


class detect_anomaly:
    """``with detect_anomaly():`` forward passes inside remember where each node was made; backward passes inside name
    that place when they fail, and fail when a gradient has NaN (unless ``check_nan=False``)."""

    __slots__ = ("check_nan", "prev", "prev_check_nan")
    check_nan: bool
    prev: bool
    prev_check_nan: bool

    def __init__(self, check_nan: bool = True) -> None:
        import warnings

        self.prev = _core.is_anomaly_enabled()
        self.prev_check_nan = _core.is_anomaly_check_nan_enabled()
        self.check_nan = check_nan
        warnings.warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should only be enabled for "
            "debugging.",
            stacklevel=2,
        )

    def __enter__(self) -> None:
        _core._set_anomaly_enabled(True, self.check_nan)

    def __exit__(self, *exc: object) -> None:
        _core._set_anomaly_enabled(self.prev, self.prev_check_nan)
