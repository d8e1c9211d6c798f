"""Cholesky factors of correlation matrices."""

from __future__ import annotations

import math
from typing import Any

import adjoint as torch
from adjoint import Size, Tensor

from . import constraints
from .beta import Beta
from .distribution import Distribution
from .utils import broadcast_all

__all__ = ["LKJCholesky"]


class LKJCholesky(Distribution):
    """Cholesky factors L of n × n correlation matrices C = L Lᵀ of density ∝ det(C)^(concentration - 1)
    (D. Lewandowski, D. Kurowicka and H. Joe, Generating random correlation matrices, 2009; by the onion method).

    >>> torch.distributions.LKJCholesky(3, 0.5).event_shape
    torch.Size([3, 3])
    """

    arg_constraints = {"concentration": constraints.positive}
    support = constraints.corr_cholesky
    _expanded = {"concentration": 0}

    def __init__(self, dim: int, concentration: Any = 1.0, validate_args: bool | None = None) -> None:
        if dim < 2:
            raise ValueError(f"Expected dim to be an integer greater than or equal to 2. Found dim={dim}.")
        self.dim = dim
        (self.concentration,) = broadcast_all(concentration)
        step = torch.arange(dim - 1, dtype=self.concentration.dtype, device=self.concentration.device)
        step = torch.cat([step.new_zeros((1,)), step])
        rest = (self.concentration + 0.5 * (dim - 2)).unsqueeze(-1) - 0.5 * step
        self._beta = Beta(step + 0.5, rest)
        super().__init__(self.concentration.size(), Size((dim, dim)), validate_args)

    def _expand_rest(self, new: Any, shape: Size) -> None:
        new.dim, new._beta = self.dim, self._beta.expand(shape + Size((self.dim,)))

    def sample(self, sample_shape: Any = Size()) -> Tensor:
        with torch.no_grad():
            y = self._beta.sample(sample_shape).unsqueeze(-1)
            u = torch.randn(self._extended_shape(sample_shape), dtype=y.dtype, device=y.device).tril(-1)
            u = u / u.norm(dim=-1, keepdim=True)
            u[..., 0, :].fill_(0.0)
            w = torch.sqrt(y) * u
            left = torch.clamp(1 - torch.sum(w**2, dim=-1), min=torch.finfo(w.dtype).tiny)
            return w + torch.diag_embed(left.sqrt())

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        n, k = self.dim - 1, torch.arange(2, self.dim + 1, device=self.concentration.device)
        diagonal = value.diagonal(dim1=-1, dim2=-2)[..., 1:]
        order = 2 * (self.concentration - 1).unsqueeze(-1) + self.dim - k
        alpha = self.concentration + 0.5 * n
        normaliser = 0.5 * n * math.log(math.pi) + torch.mvlgamma(alpha - 0.5, n) - torch.lgamma(alpha) * n
        return torch.sum(order * diagonal.log(), dim=-1) - normaliser
