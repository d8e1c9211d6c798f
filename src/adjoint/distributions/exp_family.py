"""Exponential families: densities exp(<natural parameters, statistics> - log normaliser + carrier measure)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import adjoint as torch
from adjoint import Tensor

from .distribution import Distribution

__all__ = ["ExponentialFamily"]


class ExponentialFamily(Distribution):
    """Entropies follow from the log normaliser by differentiation (F. Nielsen and R. Nock, Entropies and cross-entropies of
    exponential families, 2010)."""

    if TYPE_CHECKING:
        _natural_params: Any
        _log_normalizer: Any
        _mean_carrier_measure: Any
    else:

        @property
        def _natural_params(self) -> tuple[Tensor, ...]:
            raise NotImplementedError

        def _log_normalizer(self, *natural_params: Any) -> Tensor:
            raise NotImplementedError

        @property
        def _mean_carrier_measure(self) -> float:
            raise NotImplementedError

    def entropy(self) -> Tensor:
        """log normaliser - Σ parameter · its derivative - mean carrier measure."""
        parameters = [p.detach().requires_grad_() for p in self._natural_params]
        normaliser = self._log_normalizer(*parameters)
        slopes = torch.autograd.grad(normaliser.sum(), parameters, create_graph=True)
        found = normaliser - self._mean_carrier_measure
        for p, slope in zip(parameters, slopes, strict=True):
            found = found - (p * slope).reshape(*self._batch_shape, -1).sum(-1)
        return found
