"""The generalised Pareto distribution."""

from __future__ import annotations

from typing import Any

import adjoint as torch
from adjoint import Size, Tensor

from . import constraints
from .distribution import Distribution
from .utils import broadcast_all

__all__ = ["GeneralizedPareto"]


class GeneralizedPareto(Distribution):
    """What exceeds a threshold `loc`: density (1 + c z)^(-1 / c - 1) / scale, z = (x - loc) / scale, c = `concentration`;
    exponential where c is 0.

    >>> torch.distributions.GeneralizedPareto(0.0, 1.0, 0.5).mean
    tensor(2.)
    """

    arg_constraints = {
        "loc": constraints.real,
        "scale": constraints.positive,
        "concentration": constraints.real,
    }
    has_rsample = True
    _expanded = {"loc": 0, "scale": 0, "concentration": 0}

    def __init__(self, loc: Any, scale: Any, concentration: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale, self.concentration = broadcast_all(loc, scale, concentration)
        super().__init__(self.loc.size(), validate_args=validate_args)

    def _parts(self) -> tuple[Tensor, Tensor]:
        """Is the concentration 0? And the concentration, 1 in such places."""
        flat = torch.isclose(self.concentration, torch.zeros_like(self.concentration))
        return flat, torch.where(flat, torch.ones_like(self.concentration), self.concentration)

    def _z(self, value: Tensor) -> Tensor:
        return (value - self.loc) / self.scale

    def rsample(self, sample_shape: Any = Size()) -> Tensor:
        u = torch.rand(self._extended_shape(sample_shape), dtype=self.loc.dtype, device=self.loc.device)
        return self.icdf(u)

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        z = self._z(value)
        flat, c = self._parts()
        power = 1 / c + torch.ones_like(z)
        bent = torch.where(power == 0, power, power * torch.log1p(c * z))
        return -self.scale.log() - torch.where(flat, z, bent)

    def log_survival_function(self, value: Tensor) -> Tensor:
        """log(1 - cdf)."""
        if self._validate_args:
            self._validate_sample(value)
        z = self._z(value)
        flat, c = self._parts()
        return torch.where(flat, -z, -torch.log1p(c * z) / c)

    def log_cdf(self, value: Tensor) -> Tensor:
        """log(cdf)."""
        return torch.log1p(-torch.exp(self.log_survival_function(value)))

    def cdf(self, value: Tensor) -> Tensor:
        return torch.exp(self.log_cdf(value))

    def icdf(self, value: Tensor) -> Tensor:
        flat, c = self._parts()
        log_rest = torch.log1p(-value)
        bent = self.loc + self.scale / c * torch.expm1(-c * log_rest)
        return torch.where(flat, self.loc - self.scale * log_rest, bent)

    @property
    def mean(self) -> Tensor:
        there = self.concentration < 1
        found = self.loc + self.scale / (1 - torch.where(there, self.concentration, 0.5))
        return torch.where(there, found, torch.nan)

    @property
    def variance(self) -> Tensor:
        there = self.concentration < 0.5
        c = torch.where(there, self.concentration, 0.25)
        return torch.where(there, self.scale**2 / ((1 - c) ** 2 * (1 - 2 * c)), torch.nan)

    @property
    def mode(self) -> Tensor:
        return self.loc

    def entropy(self) -> Tensor:
        return (torch.log(self.scale) + self.concentration + 1).broadcast_to(self._batch_shape)

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self) -> Any:
        end = torch.where(self.concentration < 0, self.loc - self.scale / self.concentration, torch.inf)
        return constraints.interval(self.loc, end)
