"""Distributions of what transforms make of samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import adjoint as torch
from adjoint import Size, Tensor

from . import constraints
from .distribution import Distribution
from .independent import Independent
from .transforms import ComposeTransform, Transform
from .utils import _shape, _sum_rightmost

__all__ = ["TransformedDistribution"]


class TransformedDistribution(Distribution):
    r"""The distribution of t(x), x of `base_distribution` and t one transform or several, the first one first:
    log p(y) = log p(x) - log \|det dy/dx\|.

    >>> from adjoint.distributions import Normal, TransformedDistribution
    >>> from adjoint.distributions.transforms import ExpTransform
    >>> TransformedDistribution(Normal(0.0, 1.0), ExpTransform()).log_prob(torch.tensor(1.0))
    tensor(-0.9189)
    """

    arg_constraints: Any = {}

    def __init__(self, base_distribution: Any, transforms: Any, validate_args: bool | None = None) -> None:
        if isinstance(transforms, Transform):
            self.transforms = [transforms]
        elif isinstance(transforms, list) and all(isinstance(t, Transform) for t in transforms):
            self.transforms = transforms
        else:
            raise ValueError(f"transforms must be a Transform or list, but was {transforms}")
        base_shape = base_distribution.batch_shape + base_distribution.event_shape
        base_events = len(base_distribution.event_shape)
        chain = ComposeTransform(self.transforms)
        if len(base_shape) < chain.domain.event_dim:
            raise ValueError(
                f"base_distribution needs to have shape with size at least {chain.domain.event_dim}, but got {base_shape}."
            )
        shape = chain.forward_shape(base_shape)
        wide = chain.inverse_shape(shape)
        if base_shape != wide:  # parameters of the transforms broadcast
            base_distribution = base_distribution.expand(wide[: len(wide) - base_events])
        more = chain.domain.event_dim - base_events
        if more > 0:
            base_distribution = Independent(base_distribution, more)
        self.base_dist = base_distribution
        events = chain.codomain.event_dim + max(base_events - chain.domain.event_dim, 0)
        cut = len(shape) - events
        super().__init__(Size(shape[:cut]), Size(shape[cut:]), validate_args=validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        new = self._get_checked_instance(TransformedDistribution, _instance)
        shape = _shape(batch_shape)
        wide = shape + self.event_shape
        for t in reversed(self.transforms):
            wide = t.inverse_shape(wide)
        new.base_dist = self.base_dist.expand(wide[: len(wide) - len(self.base_dist.event_shape)])
        new.transforms = self.transforms
        Distribution.__init__(new, shape, self.event_shape, validate_args=False)
        new._validate_args = self._validate_args
        return new

    if not TYPE_CHECKING:  # to checkers they are attributes, as in other classes

        @constraints.dependent_property(is_discrete=False)
        def support(self) -> Any:
            if not self.transforms:
                return self.base_dist.support
            found = self.transforms[-1].codomain
            more = len(self.event_shape) - found.event_dim
            return constraints.independent(found, more) if more > 0 else found

        @property
        def has_rsample(self) -> bool:
            return self.base_dist.has_rsample

    def _forward(self, x: Tensor) -> Tensor:
        for t in self.transforms:
            x = t(x)
        return x

    def sample(self, sample_shape: Any = Size()) -> Tensor:
        with torch.no_grad():
            return self._forward(self.base_dist.sample(sample_shape))

    def rsample(self, sample_shape: Any = Size()) -> Tensor:
        return self._forward(self.base_dist.rsample(sample_shape))

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        events = len(self.event_shape)
        found: Any = 0.0
        y = value
        for t in reversed(self.transforms):
            x = t.inv(y)
            events += t.domain.event_dim - t.codomain.event_dim
            found = found - _sum_rightmost(t.log_abs_det_jacobian(x, y), events - t.domain.event_dim)
            y = x
        return found + _sum_rightmost(self.base_dist.log_prob(y), events - len(self.base_dist.event_shape))

    def _increasing(self, probability: Tensor) -> Tensor:
        """Of decreasing transforms the other tail counts."""
        sign: Any = 1
        for t in self.transforms:
            sign = sign * t.sign
        return probability if isinstance(sign, int) and sign == 1 else sign * (probability - 0.5) + 0.5

    def cdf(self, value: Tensor) -> Tensor:
        for t in reversed(self.transforms):
            value = t.inv(value)
        if self._validate_args:
            self.base_dist._validate_sample(value)
        return self._increasing(self.base_dist.cdf(value))

    def icdf(self, value: Tensor) -> Tensor:
        return self._forward(self.base_dist.icdf(self._increasing(value)))
