"""Kullback-Leibler divergences: the expectation under p of log p - log q."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from functools import total_ordering
from typing import Any

import adjoint as torch
from adjoint import Tensor

from .bernoulli import Bernoulli
from .beta import Beta
from .binomial import Binomial
from .categorical import Categorical
from .cauchy import Cauchy
from .continuous_bernoulli import ContinuousBernoulli
from .dirichlet import Dirichlet
from .distribution import Distribution
from .exp_family import ExponentialFamily
from .exponential import Exponential
from .gamma import Gamma
from .geometric import Geometric
from .gumbel import Gumbel
from .half_normal import HalfNormal
from .independent import Independent
from .laplace import Laplace
from .lowrank_multivariate_normal import LowRankMultivariateNormal
from .multivariate_normal import MultivariateNormal, _batch_mahalanobis
from .normal import Normal
from .one_hot_categorical import OneHotCategorical
from .pareto import Pareto
from .poisson import Poisson
from .transformed_distribution import TransformedDistribution
from .uniform import Uniform
from .utils import _sum_rightmost, euler_constant

__all__ = ["kl_divergence", "register_kl"]

_KL_REGISTRY: dict[tuple[type, type], Callable[[Any, Any], Tensor]] = {}
_KL_MEMOIZE: dict[tuple[type, type], Any] = {}


def register_kl(type_p: type, type_q: type) -> Callable[[Any], Any]:
    """Says how the divergence of two classes, and of those derived from them, is computed; a decorator.

    Raises:
        TypeError: not classes of distributions.
    """
    for name, cls in (("type_p", type_p), ("type_q", type_q)):
        if not isinstance(cls, type) or not issubclass(cls, Distribution):
            raise TypeError(f"Expected {name} to be a Distribution subclass but got {cls}")

    def decorator(function: Any) -> Any:
        _KL_REGISTRY[type_p, type_q] = function
        _KL_MEMOIZE.clear()
        return function

    return decorator


@total_ordering
class _Match:
    """A pair of classes: smaller where both are nearer to the pair that is looked for."""

    def __init__(self, *types: type) -> None:
        self.types = types

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Match) and self.types == other.types

    def __le__(self, other: _Match) -> bool:
        for x, y in zip(self.types, other.types, strict=True):
            if not issubclass(x, y):
                return False
            if x is not y:
                break
        return True


def _dispatch_kl(type_p: type, type_q: type) -> Any:
    """The function of the nearest classes: left before right; None where there is none."""
    matches = [(p, q) for p, q in _KL_REGISTRY if issubclass(type_p, p) and issubclass(type_q, q)]
    if not matches:
        return None
    left_p, left_q = min(_Match(*m) for m in matches).types
    right_q, right_p = min(_Match(*reversed(m)) for m in matches).types
    found = _KL_REGISTRY[left_p, left_q]
    if found is not _KL_REGISTRY[right_p, right_q]:
        warnings.warn(
            f"Ambiguous kl_divergence({type_p.__name__}, {type_q.__name__}). Please register_kl("
            f"{left_p.__name__}, {right_q.__name__})",
            RuntimeWarning,
            stacklevel=3,
        )
    return found


def kl_divergence(p: Distribution, q: Distribution) -> Tensor:
    """The divergence of p from q, of their batch's shape.

    Raises:
        NotImplementedError: nobody has said how for these classes.
    """
    key = type(p), type(q)
    if key not in _KL_MEMOIZE:
        _KL_MEMOIZE[key] = _dispatch_kl(*key)
    function = _KL_MEMOIZE[key]
    if function is None:
        raise NotImplementedError(
            f"No KL(p || q) is implemented for p type {key[0].__name__} and q type {key[1].__name__}"
        )
    return function(p, q)


def _infinite_like(value: Tensor) -> Tensor:
    return torch.full_like(value, torch.inf)


def _x_log_x(x: Tensor) -> Tensor:
    return torch.special.xlogy(x, x)


def _square(matrix: Tensor) -> Tensor:
    """The sum of squares of a matrix."""
    return matrix.square().sum((-2, -1))


# --- of one family ---


@register_kl(Bernoulli, Bernoulli)
def _(p: Any, q: Any) -> Tensor:
    def part(a: Tensor, odds_a: Tensor, odds_b: Tensor, b: Tensor) -> Tensor:
        found = a * (_softplus(-odds_b) - _softplus(-odds_a))
        found = torch.where(b == 0, torch.inf, found)
        return torch.where(a == 0, 0.0, found)

    return part(p.probs, p.logits, q.logits, q.probs) + part(1 - p.probs, -p.logits, -q.logits, 1 - q.probs)


def _softplus(x: Tensor) -> Tensor:
    return torch.nn.functional.softplus(x)


@register_kl(Beta, Beta)
def _(p: Any, q: Any) -> Tensor:
    sum_p, sum_q = p.concentration1 + p.concentration0, q.concentration1 + q.concentration0
    t1 = q.concentration1.lgamma() + q.concentration0.lgamma() + sum_p.lgamma()
    t2 = p.concentration1.lgamma() + p.concentration0.lgamma() + sum_q.lgamma()
    t3 = (p.concentration1 - q.concentration1) * torch.digamma(p.concentration1)
    t4 = (p.concentration0 - q.concentration0) * torch.digamma(p.concentration0)
    return t1 - t2 + t3 + t4 + (sum_q - sum_p) * torch.digamma(sum_p)


@register_kl(Binomial, Binomial)
def _(p: Any, q: Any) -> Tensor:
    if bool((p.total_count < q.total_count).any()):
        raise NotImplementedError("KL between Binomials where q.total_count > p.total_count is not implemented")
    kl = p.total_count * (p.probs * (p.logits - q.logits) + (-p.probs).log1p() - (-q.probs).log1p())
    return torch.where(p.total_count > q.total_count, torch.inf, kl)


@register_kl(Categorical, Categorical)
def _(p: Any, q: Any) -> Tensor:
    terms = p.probs * (p.logits - q.logits)
    terms = torch.where(q.probs == 0, torch.inf, terms)
    return torch.where(p.probs == 0, 0.0, terms).sum(-1)


@register_kl(ContinuousBernoulli, ContinuousBernoulli)
def _(p: Any, q: Any) -> Tensor:
    t1 = p.mean * (p.logits - q.logits)
    return t1 + p._cont_bern_log_norm() + torch.log1p(-p.probs) - q._cont_bern_log_norm() - torch.log1p(-q.probs)


@register_kl(Dirichlet, Dirichlet)
def _(p: Any, q: Any) -> Tensor:
    total_p, total_q = p.concentration.sum(-1), q.concentration.sum(-1)
    t1 = total_p.lgamma() - total_q.lgamma()
    t2 = (p.concentration.lgamma() - q.concentration.lgamma()).sum(-1)
    t3 = (p.concentration - q.concentration) * (p.concentration.digamma() - total_p.digamma().unsqueeze(-1))
    return t1 - t2 + t3.sum(-1)


@register_kl(Exponential, Exponential)
def _(p: Any, q: Any) -> Tensor:
    ratio = q.rate / p.rate
    return -ratio.log() + ratio - 1


@register_kl(ExponentialFamily, ExponentialFamily)
def _(p: Any, q: Any) -> Tensor:
    """The Bregman divergence of the log normaliser."""
    if type(p) is not type(q):
        raise NotImplementedError(
            "The cross KL-divergence between different exponential families cannot be computed using Bregman divergences"
        )
    of_p = [v.detach().requires_grad_() for v in p._natural_params]
    of_q = q._natural_params
    normaliser = p._log_normalizer(*of_p)
    slopes = torch.autograd.grad(normaliser.sum(), of_p, create_graph=True)
    result = q._log_normalizer(*of_q) - normaliser
    for a, b, slope in zip(of_p, of_q, slopes, strict=True):
        result = result - _sum_rightmost((b - a) * slope, len(q.event_shape))
    return result


@register_kl(Gamma, Gamma)
def _(p: Any, q: Any) -> Tensor:
    t1 = q.concentration * (p.rate / q.rate).log()
    t2 = torch.lgamma(q.concentration) - torch.lgamma(p.concentration)
    t3 = (p.concentration - q.concentration) * torch.digamma(p.concentration)
    return t1 + t2 + t3 + (q.rate - p.rate) * (p.concentration / p.rate)


@register_kl(Gumbel, Gumbel)
def _(p: Any, q: Any) -> Tensor:
    ratio, of_p, of_q = p.scale / q.scale, p.loc / q.scale, q.loc / q.scale
    t1 = -ratio.log() - of_q + of_p + ratio * euler_constant
    t2 = torch.exp(of_q + (1 + ratio).lgamma() - of_p)
    return t1 + t2 - (1 + euler_constant)


@register_kl(Geometric, Geometric)
def _(p: Any, q: Any) -> Tensor:
    return -p.entropy() - torch.log1p(-q.probs) / p.probs - q.logits


@register_kl(HalfNormal, HalfNormal)
def _(p: Any, q: Any) -> Tensor:
    return kl_divergence(p.base_dist, q.base_dist)


@register_kl(Laplace, Laplace)
def _(p: Any, q: Any) -> Tensor:
    ratio, away = p.scale / q.scale, (p.loc - q.loc).abs()
    return -ratio.log() + away / q.scale + ratio * torch.exp(-away / p.scale) - 1


def _check_events(p: Any, q: Any, name: str) -> None:
    if p.event_shape != q.event_shape:
        raise ValueError(f"KL-divergence between two {name} with different event shapes cannot be computed")


@register_kl(MultivariateNormal, MultivariateNormal)
def _(p: Any, q: Any) -> Tensor:
    _check_events(p, q, "Multivariate Normals")
    of_p, of_q = p._unbroadcasted_scale_tril, q._unbroadcasted_scale_tril
    spread = _square(torch.linalg.solve_triangular(*_same_batch(of_q, of_p), upper=False))
    distance = _batch_mahalanobis(of_q, q.loc - p.loc)
    return q._half_log_det() - p._half_log_det() + 0.5 * (spread + distance - p.event_shape[0])


def _same_batch(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    batch = torch.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    return a.expand(batch + a.shape[-2:]), b.expand(batch + b.shape[-2:])


@register_kl(LowRankMultivariateNormal, MultivariateNormal)
def _(p: Any, q: Any) -> Tensor:
    _check_events(p, q, "(Low Rank) Multivariate Normals")
    factor = q._unbroadcasted_scale_tril
    roots = torch.diag_embed(p._unbroadcasted_cov_diag.sqrt())
    spread = _square(torch.linalg.solve_triangular(*_same_batch(factor, p._unbroadcasted_cov_factor), upper=False))
    spread = spread + _square(torch.linalg.solve_triangular(*_same_batch(factor, roots), upper=False))
    distance = _batch_mahalanobis(factor, q.loc - p.loc)
    return 0.5 * (2 * q._half_log_det() - p._log_det() + spread + distance - p.event_shape[0])


def _lowrank_distance(q: Any, x: Tensor) -> Tensor:
    weighted = q._unbroadcasted_cov_factor.mT / q._unbroadcasted_cov_diag.unsqueeze(-2)
    inner = torch.matmul(weighted, x.unsqueeze(-1)).squeeze(-1)
    return (x.pow(2) / q._unbroadcasted_cov_diag).sum(-1) - _batch_mahalanobis(q._capacitance_tril, inner)


def _lowrank_trace(q: Any, factor: Tensor) -> Tensor:
    """tr(Σ_q⁻¹ F Fᵀ)."""
    scaled = factor * q._unbroadcasted_cov_diag.rsqrt().unsqueeze(-1)
    weighted = q._unbroadcasted_cov_factor.mT / q._unbroadcasted_cov_diag.unsqueeze(-2)
    inner = torch.linalg.solve_triangular(*_same_batch(q._capacitance_tril, weighted @ factor), upper=False)
    return _square(scaled) - _square(inner)


@register_kl(LowRankMultivariateNormal, LowRankMultivariateNormal)
def _(p: Any, q: Any) -> Tensor:
    _check_events(p, q, "Low Rank Multivariate Normals")
    spread = _lowrank_trace(q, p._unbroadcasted_cov_factor)
    spread = spread + _lowrank_trace(q, torch.diag_embed(p._unbroadcasted_cov_diag.sqrt()))
    return 0.5 * (q._log_det() - p._log_det() + spread + _lowrank_distance(q, q.loc - p.loc) - p.event_shape[0])


@register_kl(MultivariateNormal, LowRankMultivariateNormal)
def _(p: Any, q: Any) -> Tensor:
    _check_events(p, q, "(Low Rank) Multivariate Normals")
    spread = _lowrank_trace(q, p._unbroadcasted_scale_tril)
    distance = _lowrank_distance(q, q.loc - p.loc)
    return 0.5 * (q._log_det() - 2 * p._half_log_det() + spread + distance - p.event_shape[0])


@register_kl(Normal, Normal)
def _(p: Any, q: Any) -> Tensor:
    ratio = (p.scale / q.scale).pow(2)
    return 0.5 * (ratio + ((p.loc - q.loc) / q.scale).pow(2) - 1 - ratio.log())


@register_kl(OneHotCategorical, OneHotCategorical)
def _(p: Any, q: Any) -> Tensor:
    return kl_divergence(p._categorical, q._categorical)


@register_kl(Pareto, Pareto)
def _(p: Any, q: Any) -> Tensor:
    ratio = q.alpha / p.alpha
    found = q.alpha * (p.scale / q.scale).log() - ratio.log() + ratio - 1
    return torch.where(p.scale < q.scale, torch.inf, found)


@register_kl(Poisson, Poisson)
def _(p: Any, q: Any) -> Tensor:
    return p.rate * (p.rate.log() - q.rate.log()) - (p.rate - q.rate)


@register_kl(TransformedDistribution, TransformedDistribution)
def _(p: Any, q: Any) -> Tensor:
    if p.transforms != q.transforms or p.event_shape != q.event_shape:
        raise NotImplementedError
    return kl_divergence(p.base_dist, q.base_dist)


@register_kl(Uniform, Uniform)
def _(p: Any, q: Any) -> Tensor:
    found = ((q.high - q.low) / (p.high - p.low)).log()
    return torch.where((q.low > p.low) | (q.high < p.high), torch.inf, found)


@register_kl(Independent, Independent)
def _(p: Any, q: Any) -> Tensor:
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        raise NotImplementedError
    return _sum_rightmost(kl_divergence(p.base_dist, q.base_dist), p.reinterpreted_batch_ndims)


@register_kl(Cauchy, Cauchy)
def _(p: Any, q: Any) -> Tensor:
    """F. Chyzak and F. Nielsen, A closed-form formula for the Kullback-Leibler divergence between Cauchy distributions, 2019."""
    return ((p.scale + q.scale).pow(2) + (p.loc - q.loc).pow(2)).log() - (4 * p.scale * q.scale).log()


# --- of different families: minus the entropy of p, minus the expectation of log q ---


def _log_moment(p: Any) -> tuple[Tensor, Tensor]:
    """E log x and E log(1 - x) of beta distributed x."""
    total = (p.concentration1 + p.concentration0).digamma()
    return p.concentration1.digamma() - total, p.concentration0.digamma() - total


def _second(p: Any) -> Tensor:
    return p.variance + p.mean.pow(2)


def _against_normal(p: Any, q: Any, mean: Tensor, second: Tensor) -> Tensor:
    square = q.scale.pow(2)
    away = second - 2 * q.loc * mean + q.loc.pow(2)
    return -p.entropy() + 0.5 * (2 * math.pi * square).log() + away / (2 * square)


def _against_gamma(p: Any, q: Any, mean: Tensor, log_mean: Tensor) -> Tensor:
    normaliser = q.concentration.lgamma() - q.concentration * q.rate.log()
    return -p.entropy() + normaliser - (q.concentration - 1) * log_mean + q.rate * mean


def _infinite(name: str) -> Callable[[Any, Any], Tensor]:
    return lambda p, q: _infinite_like(getattr(p, name))


for _p, _name, _qs in (
    (Beta, "concentration1", (Pareto,)),
    (ContinuousBernoulli, "probs", (Pareto,)),
    (Exponential, "rate", (Beta, ContinuousBernoulli, Pareto, Uniform)),
    (Gamma, "concentration", (Beta, ContinuousBernoulli, Pareto, Uniform)),
    (Gumbel, "loc", (Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform)),
    (Laplace, "loc", (Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform)),
    (Normal, "loc", (Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform)),
    (Pareto, "scale", (Beta, ContinuousBernoulli, Uniform)),
    (Poisson, "rate", (Bernoulli, Binomial)),
):
    for _q in _qs:
        register_kl(_p, _q)(_infinite(_name))


@register_kl(Bernoulli, Poisson)
def _(p: Any, q: Any) -> Tensor:
    return -p.entropy() - (p.probs * q.rate.log() - q.rate)


@register_kl(Beta, ContinuousBernoulli)
@register_kl(ContinuousBernoulli, ContinuousBernoulli)
def _(p: Any, q: Any) -> Tensor:
    return -p.entropy() - p.mean * q.logits - torch.log1p(-q.probs) - q._cont_bern_log_norm()


@register_kl(Beta, Exponential)
@register_kl(ContinuousBernoulli, Exponential)
def _(p: Any, q: Any) -> Tensor:
    return -p.entropy() - q.rate.log() + q.rate * p.mean


@register_kl(Beta, Gamma)
def _(p: Any, q: Any) -> Tensor:
    return _against_gamma(p, q, p.mean, _log_moment(p)[0])


@register_kl(Beta, Normal)
@register_kl(ContinuousBernoulli, Normal)
@register_kl(Exponential, Normal)
@register_kl(Gamma, Normal)
@register_kl(Gumbel, Normal)
@register_kl(Laplace, Normal)
@register_kl(Uniform, Normal)
def _(p: Any, q: Any) -> Tensor:
    return _against_normal(p, q, p.mean, _second(p))


@register_kl(Pareto, Normal)
def _(p: Any, q: Any) -> Tensor:
    return torch.where(p.alpha <= 2, torch.inf, _against_normal(p, q, p.mean, _second(p)))


@register_kl(Beta, Uniform)
@register_kl(ContinuousBernoulli, Uniform)
def _(p: Any, q: Any) -> Tensor:
    found = -p.entropy() + (q.high - q.low).log()
    return torch.where((q.low > 0) | (q.high < 1), torch.inf, found)


@register_kl(Exponential, Gamma)
def _(p: Any, q: Any) -> Tensor:
    return _against_gamma(p, q, p.mean, -p.rate.log() - euler_constant)


@register_kl(Gamma, Exponential)
def _(p: Any, q: Any) -> Tensor:
    return -p.entropy() - q.rate.log() + q.rate * p.concentration / p.rate


def _against_gumbel(p: Any, q: Any, mean: Tensor, transform: Tensor) -> Tensor:
    """`transform`: E exp(-x / scale)."""
    return -p.entropy() + q.scale.log() + (mean - q.loc) / q.scale + (q.loc / q.scale).exp() * transform


@register_kl(Exponential, Gumbel)
def _(p: Any, q: Any) -> Tensor:
    product = p.rate * q.scale
    return _against_gumbel(p, q, p.mean, product / (product + 1))


@register_kl(Gamma, Gumbel)
def _(p: Any, q: Any) -> Tensor:
    return _against_gumbel(p, q, p.mean, (1 + (p.rate * q.scale).reciprocal()).pow(-p.concentration))


@register_kl(Normal, Gumbel)
def _(p: Any, q: Any) -> Tensor:
    return _against_gumbel(p, q, p.mean, (-p.loc / q.scale + 0.5 * (p.scale / q.scale).pow(2)).exp())


@register_kl(Uniform, Gumbel)
def _(p: Any, q: Any) -> Tensor:
    low, high = (-p.low / q.scale).exp(), (-p.high / q.scale).exp()
    return _against_gumbel(p, q, p.mean, q.scale / (p.high - p.low) * (low - high))


@register_kl(Normal, Laplace)
def _(p: Any, q: Any) -> Tensor:
    away = p.loc - q.loc
    steps = away / p.scale
    near = math.sqrt(2 / math.pi) * p.scale * torch.exp(-0.5 * steps.pow(2))
    distance = near + away * torch.erf(math.sqrt(0.5) * steps)
    return -p.entropy() + (2 * q.scale).log() + distance / q.scale


@register_kl(Pareto, Exponential)
def _(p: Any, q: Any) -> Tensor:
    found = -p.entropy() - q.rate.log() + q.rate * p.alpha * p.scale / (p.alpha - 1)
    return torch.where(p.alpha <= 1, torch.inf, found)


@register_kl(Pareto, Gamma)
def _(p: Any, q: Any) -> Tensor:
    mean = p.alpha * p.scale / (p.alpha - 1)
    return torch.where(p.alpha <= 1, torch.inf, _against_gamma(p, q, mean, p.scale.log() + p.alpha.reciprocal()))


def _uniform_log(p: Any) -> Tensor:
    """E log x of uniform x."""
    width = p.high - p.low
    return (_x_log_x(p.high) - _x_log_x(p.low) - width) / width


@register_kl(Uniform, Beta)
def _(p: Any, q: Any) -> Tensor:
    a, b, width = q.concentration1, q.concentration0, p.high - p.low
    log_rest = (_x_log_x(1 - p.low) - _x_log_x(1 - p.high) - width) / width
    normaliser = a.lgamma() + b.lgamma() - (a + b).lgamma()
    found = -p.entropy() + normaliser - (a - 1) * _uniform_log(p) - (b - 1) * log_rest
    return torch.where((p.high > 1) | (p.low < 0), torch.inf, found)


@register_kl(Uniform, ContinuousBernoulli)
def _(p: Any, q: Any) -> Tensor:
    found = -p.entropy() - p.mean * q.logits - torch.log1p(-q.probs) - q._cont_bern_log_norm()
    return torch.where((p.high > 1) | (p.low < 0), torch.inf, found)


@register_kl(Uniform, Exponential)
def _(p: Any, q: Any) -> Tensor:
    found = -p.entropy() - q.rate.log() + q.rate * p.mean
    return torch.where(p.low < 0, torch.inf, found)


@register_kl(Uniform, Gamma)
def _(p: Any, q: Any) -> Tensor:
    return torch.where(p.low < 0, torch.inf, _against_gamma(p, q, p.mean, _uniform_log(p)))


@register_kl(Uniform, Pareto)
def _(p: Any, q: Any) -> Tensor:
    found = -p.entropy() - q.alpha.log() - q.alpha * q.scale.log() + (q.alpha + 1) * _uniform_log(p)
    return torch.where(p.low < q.scale, torch.inf, found)
