"""adjoint.distributions held to what they say of themselves: densities that integrate to one, samples that have the moments,
entropies and divergences that are the expectations, derivatives of samples that are those of expectations."""

import math
import pickle

import pytest

import adjoint as torch
from adjoint import distributions as D
from adjoint.distributions import constraints, transforms

F64 = torch.float64


def t(*values):
    return torch.tensor(values, dtype=F64)


CONTINUOUS = {
    "Beta": (lambda: D.Beta(t(1.5, 2.0), t(2.5, 3.0)), (0, 1)),
    "Cauchy": (lambda: D.Cauchy(t(0.5), t(1.0)), None),
    "Chi2": (lambda: D.Chi2(t(3.0, 5.0)), (0, 60)),
    "ContinuousBernoulli": (lambda: D.ContinuousBernoulli(t(0.2, 0.9)), (0, 1)),
    "Exponential": (lambda: D.Exponential(t(0.7, 2.0)), (0, 60)),
    "FisherSnedecor": (lambda: D.FisherSnedecor(t(6.0), t(12.0)), (0, 80)),
    "Gamma": (lambda: D.Gamma(t(1.5, 4.0), t(0.8, 2.0)), (0, 60)),
    "GeneralizedPareto": (lambda: D.GeneralizedPareto(t(0.0, 1.0), t(1.0, 0.5), t(0.0, -0.4)), None),
    "Gumbel": (lambda: D.Gumbel(t(0.5, -1.0), t(1.0, 2.0)), (-20, 80)),
    "HalfCauchy": (lambda: D.HalfCauchy(t(1.0)), None),
    "HalfNormal": (lambda: D.HalfNormal(t(1.0, 3.0)), (0, 30)),
    "InverseGamma": (lambda: D.InverseGamma(t(6.0, 8.0), t(3.0, 2.0)), (0, 40)),
    "Kumaraswamy": (lambda: D.Kumaraswamy(t(1.5, 2.0), t(2.5, 3.0)), (0, 1)),
    "Laplace": (lambda: D.Laplace(t(0.5, -1.0), t(1.0, 2.0)), (-60, 60)),
    "LogNormal": (lambda: D.LogNormal(t(0.0, 0.5), t(0.3, 0.5)), (0, 60)),
    "Normal": (lambda: D.Normal(t(0.5, -1.0), t(1.0, 2.0)), (-30, 30)),
    "Pareto": (lambda: D.Pareto(t(1.0), t(6.0)), (1, 100)),
    "RelaxedBernoulli": (lambda: D.RelaxedBernoulli(t(2.0), t(0.3)), (0, 1)),
    "StudentT": (lambda: D.StudentT(t(6.0), t(0.5), t(2.0)), (-300, 300)),
    "Uniform": (lambda: D.Uniform(t(0.0, -1.0), t(1.0, 3.0)), (-1, 3)),
    "VonMises": (lambda: D.VonMises(t(0.5, -1.0), t(1.0, 20.0)), (-math.pi, math.pi)),
    "Weibull": (lambda: D.Weibull(t(1.0, 2.0), t(1.5, 3.0)), (0, 40)),
}
DISCRETE = {
    "Bernoulli": lambda: D.Bernoulli(t(0.2, 0.7)),
    "Binomial": lambda: D.Binomial(9, t(0.2, 0.7)),
    "Categorical": lambda: D.Categorical(t(0.2, 0.5, 1.0)),
    "Geometric": lambda: D.Geometric(t(0.3, 0.7)),
    "NegativeBinomial": lambda: D.NegativeBinomial(t(3.0, 2.5), t(0.3, 0.5)),
    "OneHotCategorical": lambda: D.OneHotCategorical(t(0.2, 0.5, 1.0)),
    "Poisson": lambda: D.Poisson(t(0.5, 6.0)),
}
VECTORS = {
    "Dirichlet": lambda: D.Dirichlet(t(1.5, 2.0, 3.0)),
    "Independent": lambda: D.Independent(D.Normal(t(0.5, -1.0), t(1.0, 2.0)), 1),
    "LogisticNormal": lambda: D.LogisticNormal(t(0.1, -0.2), t(0.5, 0.3)),
    "LowRankMultivariateNormal": lambda: D.LowRankMultivariateNormal(
        t(0.5, -1.0), torch.tensor([[1.0], [0.5]], dtype=F64), t(0.3, 0.6)
    ),
    "MixtureSameFamily": lambda: D.MixtureSameFamily(D.Categorical(t(0.3, 0.7)), D.Normal(t(-1.0, 3.0), t(1.0, 0.5))),
    "Multinomial": lambda: D.Multinomial(5, t(0.2, 0.3, 0.5)),
    "MultivariateNormal": lambda: D.MultivariateNormal(t(0.5, -1.0), torch.tensor([[2.0, 0.5], [0.5, 1.0]], dtype=F64)),
    "Wishart": lambda: D.Wishart(torch.tensor(6.0, dtype=F64), torch.tensor([[2.0, 0.5], [0.5, 1.0]], dtype=F64)),
}
ALL = {name: row[0] for name, row in CONTINUOUS.items()} | DISCRETE | VECTORS


@pytest.mark.parametrize("name", [n for n, row in CONTINUOUS.items() if row[1]])
def test_densities_integrate_to_one(name):
    make, (low, high) = CONTINUOUS[name]
    d = make()
    n = 200_001
    x = torch.linspace(low, high, n, dtype=F64)[1:-1].unsqueeze(-1)
    d._validate_args = False
    if name == "Uniform":
        assert torch.allclose(torch.trapezoid(d.log_prob(x).exp(), x, dim=0), t(1.0, 1.0), atol=1e-4)
        return
    total = torch.trapezoid(d.log_prob(x).exp(), x, dim=0)
    torch.testing.assert_close(total, torch.ones_like(total), rtol=3e-3, atol=0)


@pytest.mark.parametrize("name", DISCRETE)
def test_probabilities_add_up_to_one(name):
    d = DISCRETE[name]()
    values = d.enumerate_support() if d.has_enumerate_support else torch.arange(200, dtype=F64).unsqueeze(-1)
    total = d.log_prob(values).exp().sum(0)
    torch.testing.assert_close(total, torch.ones_like(total))


@pytest.mark.parametrize("name", ALL)
def test_samples_have_the_moments_and_lie_inside(name):
    torch.manual_seed(0)
    d = ALL[name]()
    x = d.sample((20_000,))
    assert x.shape == (20_000, *d.batch_shape, *d.event_shape)
    assert d.support.check(x).all() and not x.requires_grad
    if name in ("Cauchy", "HalfCauchy", "Categorical", "LogisticNormal", "RelaxedBernoulli", "VonMises"):
        return
    spread = d.variance.sqrt()
    assert ((x.mean(0) - d.mean).abs() <= 6 * spread / 20_000**0.5).all()
    assert ((x.var(0) / d.variance - 1).abs() < 0.2).all()


@pytest.mark.parametrize("name", [n for n in ALL if n not in ("MixtureSameFamily", "LogisticNormal")])
def test_entropies_are_expectations(name):
    torch.manual_seed(1)
    d = ALL[name]()
    try:
        entropy = d.entropy()
    except NotImplementedError:
        assert name in ("FisherSnedecor", "NegativeBinomial", "Poisson", "RelaxedBernoulli", "VonMises")
        return
    logs = -d.log_prob(d.sample((20_000,)))
    assert ((entropy - logs.mean(0)).abs() <= 6 * logs.std(0) / 20_000**0.5 + 1e-9).all()


@pytest.mark.parametrize("name", CONTINUOUS)
def test_quantiles_undo_the_distribution_function(name):
    d = CONTINUOUS[name][0]()
    p = t(0.1, 0.45, 0.9).unsqueeze(-1)
    try:
        x = d.icdf(p)
    except NotImplementedError:
        return
    torch.testing.assert_close(d.cdf(x), p.expand_as(x))
    x = x.detach().requires_grad_()
    (slope,) = torch.autograd.grad(d.cdf(x).sum(), x)
    torch.testing.assert_close(slope, d.log_prob(x).exp().detach())


def test_gradients_of_samples_are_those_of_expectations():
    """d/dθ E x² by rsample, beside the derivative of mean² + variance."""
    torch.manual_seed(2)
    for kind, values in (
        (D.Normal, (0.5, 1.5)),
        (D.Gamma, (2.0, 1.5)),
        (D.Beta, (2.0, 3.0)),
        (D.Laplace, (0.5, 1.0)),
        (D.Weibull, (1.5, 3.0)),
    ):
        theta = [torch.tensor(v, dtype=F64, requires_grad=True) for v in values]
        d = kind(*theta)
        found = torch.autograd.grad(d.rsample((200_000,)).square().mean(), theta, retain_graph=True)
        expected = torch.autograd.grad(d.mean.square() + d.variance, theta)
        for a, b in zip(found, expected):
            assert abs(a - b) < 0.03 * max(1, abs(b)), kind


PAIRS = [
    (D.Normal(t(0.5), t(1.0)), D.Normal(t(-0.5), t(2.0))),
    (D.Gamma(t(2.0), t(1.0)), D.Gamma(t(3.0), t(0.7))),
    (D.Beta(t(2.0), t(3.0)), D.Beta(t(1.5), t(1.0))),
    (D.Beta(t(2.0), t(3.0)), D.Gamma(t(1.5), t(1.0))),
    (D.Beta(t(2.0), t(3.0)), D.Normal(t(0.0), t(1.0))),
    (D.Exponential(t(2.0)), D.Gumbel(t(0.0), t(1.0))),
    (D.Gamma(t(2.0), t(1.0)), D.Gumbel(t(0.0), t(2.0))),
    (D.Gumbel(t(0.0), t(1.0)), D.Gumbel(t(1.0), t(2.0))),
    (D.Gumbel(t(0.0), t(1.0)), D.Normal(t(1.0), t(2.0))),
    (D.Laplace(t(0.5), t(1.0)), D.Laplace(t(-0.5), t(2.0))),
    (D.Laplace(t(0.5), t(1.0)), D.Normal(t(-0.5), t(2.0))),
    (D.Normal(t(0.5), t(1.0)), D.Laplace(t(-0.5), t(2.0))),
    (D.Normal(t(0.5), t(1.0)), D.Gumbel(t(-0.5), t(2.0))),
    (D.Uniform(t(0.2), t(0.8)), D.Beta(t(1.5), t(2.5))),
    (D.Uniform(t(0.2), t(0.8)), D.ContinuousBernoulli(t(0.3))),
    (D.Uniform(t(1.2), t(1.8)), D.Pareto(t(1.0), t(2.5))),
    (D.Uniform(t(1.2), t(1.8)), D.Gumbel(t(1.0), t(2.5))),
    (D.ContinuousBernoulli(t(0.3)), D.ContinuousBernoulli(t(0.8))),
    (D.Cauchy(t(0.0), t(1.0)), D.Cauchy(t(1.0), t(2.0))),
    (D.Pareto(t(2.0), t(4.0)), D.Pareto(t(1.0), t(3.0))),
    (D.Pareto(t(2.0), t(4.0)), D.Normal(t(1.0), t(3.0))),
    (D.Poisson(t(3.0)), D.Poisson(t(5.0))),
    (D.Geometric(t(0.3)), D.Geometric(t(0.6))),
    (D.Dirichlet(t(1.0, 2.0)), D.Dirichlet(t(2.0, 1.5))),
    (VECTORS["MultivariateNormal"](), VECTORS["LowRankMultivariateNormal"]()),
    (VECTORS["LowRankMultivariateNormal"](), VECTORS["MultivariateNormal"]()),
    (D.Wishart(t(6.0), torch.eye(2, dtype=F64)), D.Wishart(t(7.0), 2 * torch.eye(2, dtype=F64))),
]


@pytest.mark.keeps_tensors
@pytest.mark.parametrize("i", range(len(PAIRS)))
def test_divergences_are_expectations(i):
    p, q = PAIRS[i]
    torch.manual_seed(3)
    x = p.sample((50_000,))
    logs = p.log_prob(x) - q.log_prob(x)
    kl = D.kl_divergence(p, q)
    assert ((kl - logs.mean(0)).abs() <= 6 * logs.std(0) / 50_000**0.5).all(), (kl, logs.mean(0))
    assert (D.kl_divergence(p, p).abs() < 1e-9).all() and (kl > 0).all()


@pytest.mark.parametrize("name", ALL)
def test_expanded_pickled_printed(name):
    d = ALL[name]()
    wide = d.expand((2, 3, *d.batch_shape))
    assert wide.batch_shape == (2, 3, *d.batch_shape) and wide.event_shape == d.event_shape
    x = wide.sample()
    torch.testing.assert_close(wide.log_prob(x), d.log_prob(x))
    again = pickle.loads(pickle.dumps(d))
    x = d.sample()
    torch.testing.assert_close(again.log_prob(x), d.log_prob(x))
    assert repr(d).startswith(name + "(")


def test_wrong_parameters_and_values_are_refused():
    with pytest.raises(ValueError, match="Expected parameter scale .* to satisfy the constraint GreaterThan"):
        D.Normal(0.0, torch.tensor([-1.0]))
    with pytest.raises(ValueError, match="within the support"):
        D.Exponential(1.0).log_prob(torch.tensor(-1.0))
    with pytest.raises(ValueError, match="not broadcastable"):
        D.Normal(torch.zeros(3), torch.ones(3)).log_prob(torch.zeros(2))
    with pytest.raises(ValueError, match="but not both"):
        D.Bernoulli()
    assert D.Normal(0.0, torch.tensor([-1.0]), validate_args=False).scale.item() == -1
    with pytest.raises(NotImplementedError, match="No KL"):
        D.kl_divergence(D.Normal(0.0, 1.0), D.StudentT(1.0))


def test_subclasses_choose_the_nearest_divergence():
    class Mine(D.Normal):
        pass

    assert D.kl_divergence(Mine(0.0, 1.0), D.Normal(1.0, 1.0)).item() == 0.5

    @D.register_kl(Mine, Mine)
    def _(p, q):
        return torch.tensor(7.0)

    assert D.kl_divergence(Mine(0.0, 1.0), Mine(0.0, 1.0)).item() == 7
    from adjoint.distributions.kl import _KL_MEMOIZE, _KL_REGISTRY

    del _KL_REGISTRY[Mine, Mine]
    _KL_MEMOIZE.clear()


BIJECTIONS = [
    transforms.ExpTransform(),
    transforms.SigmoidTransform(),
    transforms.TanhTransform(),
    transforms.SoftplusTransform(),
    transforms.AffineTransform(t(1.0, 2.0, 3.0), t(-1.0, 2.0, 0.5)),
    transforms.ComposeTransform([transforms.ExpTransform(), transforms.PowerTransform(t(2.0))]),
    transforms.CumulativeDistributionTransform(D.Normal(t(0.0), t(1.0))),
    transforms.StickBreakingTransform(),
    transforms.CorrCholeskyTransform(),
]


@pytest.mark.parametrize("i", range(len(BIJECTIONS)))
def test_transforms_go_back_and_know_their_jacobian(i):
    f = BIJECTIONS[i]
    x = t(0.3, -0.7, 0.5)
    y = f(x)
    torch.testing.assert_close(f.inv(y), x)
    assert f.codomain.check(y).all() and f.inv.inv is f and tuple(f.forward_shape((3,))) == tuple(y.shape)
    dims = f.domain.event_dim
    if dims == 0:
        slope = torch.autograd.functional.jacobian(f, x).diagonal()
        torch.testing.assert_close(f.log_abs_det_jacobian(x, y), slope.abs().log())
        return
    jacobian = torch.autograd.functional.jacobian(f, x)
    if y.dim() == 2:  # the elements below the diagonal are free
        rows, columns = torch.tril_indices(3, 3, -1)
        jacobian = jacobian[rows, columns]
    else:
        jacobian = jacobian[:-1]
    torch.testing.assert_close(f.log_abs_det_jacobian(x, y), torch.linalg.slogdet(jacobian).logabsdet)


def test_a_cache_makes_inverses_exact():
    f = transforms.TanhTransform(cache_size=1)
    x = t(30.0)
    assert f.inv(f(x)) is x and f.with_cache(1) is f and transforms.TanhTransform().with_cache(1)._cache_size == 1


def test_constraints_lead_to_transforms():
    for c in (
        constraints.positive,
        constraints.unit_interval,
        constraints.greater_than(2.0),
        constraints.less_than(-1.0),
        constraints.interval(1.0, 3.0),
        constraints.simplex,
        constraints.real_vector,
        constraints.corr_cholesky,
    ):
        for registry in (D.biject_to, D.transform_to):
            assert c.check(registry(c)(t(0.3, -2.0, 0.1))).all()
    assert constraints.positive_definite.check(D.transform_to(constraints.positive_definite)(torch.randn(3, 3))).all()
    with pytest.raises(NotImplementedError, match="Cannot transform _Boolean"):
        D.biject_to(constraints.boolean)


def test_straight_through_samples_have_gradients():
    p = torch.tensor([0.2, 0.3, 0.5], requires_grad=True)
    x = D.OneHotCategoricalStraightThrough(p).rsample()
    assert x.detach().sum() == 1
    (g,) = torch.autograd.grad((x * torch.arange(3.0)).sum(), p)
    assert g.abs().sum() > 0
