"""The class that all distributions derive from."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import adjoint as torch
from adjoint import Size, Tensor

from . import constraints
from .utils import _shape, lazy_property

__all__ = ["Distribution"]

_NONE = Size()


class Distribution:
    """A batch of distributions: `batch_shape` of them, each over elements of `event_shape`.

    Parameters and values are checked against `arg_constraints` and `support` unless ``validate_args=False``, or Python runs
    with -O.

    Raises:
        ValueError: a parameter, or a value handed to `log_prob` and its kin, outside of its set.
    """

    has_rsample: Any = False
    has_enumerate_support: Any = False
    _validate_args = __debug__

    @staticmethod
    def set_default_validate_args(value: bool) -> None:
        """Are arguments checked where a distribution is not told?"""
        if value not in (True, False):
            raise ValueError
        Distribution._validate_args = value

    def __init__(self, batch_shape: Size = _NONE, event_shape: Size = _NONE, validate_args: bool | None = None) -> None:
        self._batch_shape, self._event_shape = batch_shape, event_shape
        if validate_args is not None:
            self._validate_args = validate_args
        if self._validate_args:
            self._check_arguments()

    def _check_arguments(self) -> None:
        try:
            sets = self.arg_constraints
        except NotImplementedError:
            warnings.warn(
                f"{type(self)} does not define `arg_constraints`. Please set `arg_constraints = {{}}` or initialize the "
                "distribution with `validate_args=False` to turn off validation.",
                stacklevel=4,
            )
            return
        for name, constraint in sets.items():
            if constraints.is_dependent(constraint):
                continue
            if name not in self.__dict__ and isinstance(getattr(type(self), name), lazy_property):
                continue  # worked out of another one, which is checked
            value = getattr(self, name)
            if not bool(constraint.check(value).all()):
                raise ValueError(
                    f"Expected parameter {name} ({type(value).__name__} of shape {tuple(value.shape)}) of distribution "
                    f"{self!r} to satisfy the constraint {constraint!r}, but found invalid values:\n{value}"
                )

    # --- shapes ---

    @property
    def batch_shape(self) -> Size:
        """How many distributions, in which shape."""
        return self._batch_shape

    @property
    def event_shape(self) -> Size:
        """The shape of one element."""
        return self._event_shape

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """The same distributions, repeated to another batch; their parameters are views.

        Subclasses name what is repeated in `_expanded`: parameters and how many dimensions of theirs belong to an event.
        """
        if not self._expanded:
            raise NotImplementedError
        owner = next(c for c in type(self).__mro__ if "_expanded" in vars(c))
        new = self._get_checked_instance(owner, _instance)
        shape = _shape(batch_shape)
        for name, event_dims in self._expanded.items():
            if name in self.__dict__:
                value = getattr(self, name)
                event = value.shape[value.dim() - event_dims :] if event_dims else ()
                setattr(new, name, value.expand(shape + Size(event)))
        self._expand_rest(new, shape)
        Distribution.__init__(new, shape, self._event_shape, validate_args=False)
        new._validate_args = self._validate_args
        return new

    _expanded: Any = {}

    def _expand_rest(self, new: Any, shape: Size) -> None:
        """What else `expand` has to make anew: distributions inside this one, say."""

    def _get_checked_instance(self, cls: Any, _instance: Any = None) -> Any:
        if _instance is None and type(self).__init__ is not cls.__init__:
            raise NotImplementedError(
                f"Subclass {type(self).__name__} of {cls.__name__} that defines a custom __init__ method must also define a "
                "custom .expand() method."
            )
        return self.__new__(type(self)) if _instance is None else _instance

    def _extended_shape(self, sample_shape: Any = _NONE) -> Size:
        return _shape(sample_shape) + self._batch_shape + self._event_shape

    # --- what is known of it ---

    if TYPE_CHECKING:  # classes have them as they are, or as properties
        arg_constraints: Any
        support: Any
    else:

        @property
        def arg_constraints(self) -> dict[str, Any]:
            """The set of each parameter."""
            raise NotImplementedError

        @property
        def support(self) -> Any:
            """The set of the values."""
            raise NotImplementedError

    @property
    def mean(self) -> Tensor:
        """The expectation."""
        raise NotImplementedError

    @property
    def mode(self) -> Tensor:
        """The value of largest density."""
        raise NotImplementedError(f"{type(self)} does not implement mode")

    @property
    def variance(self) -> Tensor:
        """The expectation of (x - mean)²."""
        raise NotImplementedError

    @property
    def stddev(self) -> Tensor:
        """The root of the variance."""
        return self.variance.sqrt()

    # --- samples ---

    def sample(self, sample_shape: Any = _NONE) -> Tensor:
        """`sample_shape` samples of each, without a gradient."""
        with torch.no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape: Any = _NONE) -> Tensor:
        """Samples that have gradients with respect to the parameters; not every distribution has them."""
        raise NotImplementedError

    def sample_n(self, n: int) -> Tensor:
        """The same as ``sample((n,))``, which is to be used."""
        warnings.warn(
            "`sample_n(n)` will be deprecated. Use `sample((n,))` instead.", category=FutureWarning, stacklevel=2
        )
        return self.sample(Size((n,)))

    # --- functions ---

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density, or of the probability, at a value."""
        raise NotImplementedError

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of values up to this one."""
        raise NotImplementedError

    def icdf(self, value: Tensor) -> Tensor:
        """The value up to which this probability lies."""
        raise NotImplementedError

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """All values, along the first dimension; with `expand` for the whole batch."""
        raise NotImplementedError

    def entropy(self) -> Tensor:
        """The expectation of -log_prob."""
        raise NotImplementedError

    def perplexity(self) -> Tensor:
        """exp(entropy)."""
        return torch.exp(self.entropy())

    def _validate_sample(self, value: Tensor) -> None:
        if not isinstance(value, Tensor):
            raise ValueError("The value argument to log_prob must be a Tensor")
        events = len(self._event_shape)
        if value.shape[value.dim() - events :] != self._event_shape:
            raise ValueError(
                f"The right-most size of value must match event_shape: {value.size()} vs {self._event_shape}."
            )
        expected = self._batch_shape + self._event_shape
        for i, j in zip(reversed(value.shape), reversed(expected), strict=False):
            if i != 1 and j != 1 and i != j:
                raise ValueError(
                    f"Value is not broadcastable with batch_shape+event_shape: {value.size()} vs {expected}."
                )
        try:
            support = self.support
        except NotImplementedError:
            warnings.warn(
                f"{type(self)} does not define `support` to enable sample validation. Please initialize the distribution "
                "with `validate_args=False` to turn off validation.",
                stacklevel=3,
            )
            return
        if not bool(support.check(value).all()):
            raise ValueError(
                f"Expected value argument ({type(value).__name__} of shape {tuple(value.shape)}) to be within the support "
                f"({support!r}) of the distribution {self!r}, but found invalid values:\n{value}"
            )

    def __repr__(self) -> str:
        def shown(value: Tensor) -> Any:
            return value if value.numel() == 1 else value.size()

        names = [n for n in self.arg_constraints if n in self.__dict__]
        return f"{type(self).__name__}({', '.join(f'{n}: {shown(self.__dict__[n])}' for n in names)})"
