"""nn.init and nn.utils beside PyTorch's: the same numbers from the same seed."""

import copy
import warnings

import pytest

import adjoint

torch = pytest.importorskip("torch")
pytest.importorskip("torch.nn.utils.prune")
BOTH = (adjoint, torch)


def numbers(t):
    return t.detach().double().flatten().tolist()


def close(a, b, tol=1e-6):
    a, b = numbers(a), numbers(b)
    assert len(a) == len(b)
    assert all(abs(x - y) <= tol * max(1.0, abs(y)) for x, y in zip(a, b)), (a[:5], b[:5])


INITS = [
    ("uniform_", (7, 5), {"a": -1, "b": 2}),
    ("normal_", (70, 5), {"mean": 1, "std": 2}),
    ("trunc_normal_", (70, 5), {}),
    ("trunc_normal_", (70, 5), {"a": 1.5, "b": 2.5}),
    ("trunc_normal_", (70, 5), {"std": 0.02}),
    ("eye_", (3, 5), {}),
    ("dirac_", (4, 2, 3, 3), {"groups": 2}),
    ("xavier_uniform_", (4, 3, 3), {"gain": 2}),
    ("xavier_normal_", (40, 30), {}),
    ("kaiming_uniform_", (4, 3, 3), {"mode": "fan_out"}),
    ("kaiming_normal_", (40, 3), {"nonlinearity": "relu"}),
    ("orthogonal_", (5, 5), {}),
    ("orthogonal_", (50, 70), {"gain": 3}),
    ("orthogonal_", (70, 5, 3), {}),
    ("sparse_", (20, 6), {"sparsity": 0.3}),
]


@pytest.mark.parametrize("name, shape, options", INITS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_init(name, shape, options, dtype):
    found = []
    for t in BOTH:
        t.manual_seed(5)
        found.append(getattr(t.nn.init, name)(t.empty(*shape, dtype=getattr(t, dtype)), **options))
    close(*found, tol=2e-6 if dtype == "float32" else 1e-12)


def layers(t):
    t.manual_seed(1)
    return t.nn.Linear(4, 6, dtype=t.float64), t.nn.Linear(6, 6, dtype=t.float64), t.nn.Linear(6, 3, dtype=t.float64)


def both(f):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = [f(t) for t in BOTH]
    for a, b in zip(*results):
        close(a, b, 1e-9)


@pytest.mark.parametrize("norm", [2.0, 1.0, float("inf"), 3.0, 0.0])
def test_clip(norm):
    def run(t):
        w = [t.ones(*size, dtype=t.float64, requires_grad=True) for size in ((3,), (2, 2), (1,))]
        (w[0].sum() * 3 + (w[1] * w[1]).sum() * 2).backward()
        total = t.nn.utils.clip_grad_norm_(w, 1.5, norm)
        return [total, w[0].grad, w[1].grad]

    both(run)


@pytest.mark.parametrize("kind", ["weight_norm", "spectral_norm"])
@pytest.mark.parametrize("newer", [False, True])
def test_norms(kind, newer):
    def run(t):
        found = []
        for layer in layers(t):
            utils = t.nn.utils.parametrizations if newer else t.nn.utils
            layer = getattr(utils, kind)(layer)
            for _ in range(3):
                y = layer(t.linspace(-1, 1, layer.in_features, dtype=t.float64))
            (y * y).sum().backward()
            found += [y, layer.weight, *[p.grad for p in layer.parameters()]]
            found += [v for _, v in sorted(layer.state_dict().items())]
        return found

    both(run)


@pytest.mark.parametrize("sizes", [(4, 6), (6, 4), (5, 5)])
def test_spectral_norm_takes_states_of_old(sizes):
    def run(t):
        t.manual_seed(3)
        layer = t.nn.utils.spectral_norm(t.nn.Linear(*sizes, dtype=t.float64))
        layer(t.rand(sizes[0], dtype=t.float64))
        state = layer.state_dict()
        del state["weight_v"]
        state["weight"] = layer.weight.detach()
        state._metadata[""]["spectral_norm"] = {}
        other = t.nn.utils.spectral_norm(t.nn.Linear(*sizes, dtype=t.float64))
        other.load_state_dict(state)
        return [other.eval()(t.ones(sizes[0], dtype=t.float64)), *other.state_dict().values()]

    both(run)


@pytest.mark.parametrize("kind", ["matrix_exp", "cayley", "householder"])
@pytest.mark.parametrize("trivial", [True, False])
def test_orthogonal(kind, trivial):
    def run(t):
        found = []
        for layer in layers(t):
            t.nn.utils.parametrizations.orthogonal(layer, orthogonal_map=kind, use_trivialization=trivial)
            t.manual_seed(2)
            if trivial or kind == "householder":
                q = t.nn.init.orthogonal_(t.empty(layer.out_features, layer.in_features, dtype=t.float64))
                layer.weight = q
                close(layer.weight, q, 1e-9)
            y = layer(t.linspace(-1, 1, layer.in_features, dtype=t.float64))
            (y * y * y).sum().backward()
            found += [y, layer.parametrizations.weight.original.grad]
        return found

    both(run)


PRUNINGS = {
    "l1": lambda t, m: t.nn.utils.prune.l1_unstructured(m, "weight", 0.4),
    "random": lambda t, m: t.nn.utils.prune.random_unstructured(m, "weight", 5),
    "rows": lambda t, m: t.nn.utils.prune.random_structured(m, "weight", 0.5, 0),
    "ln": lambda t, m: t.nn.utils.prune.ln_structured(m, "weight", 2, 2, 1),
    "twice": lambda t, m: t.nn.utils.prune.l1_unstructured(PRUNINGS["ln"](t, m), "weight", 0.3),
    "rows after": lambda t, m: t.nn.utils.prune.ln_structured(PRUNINGS["l1"](t, m), "weight", 1, 1, 0),
    "removed": lambda t, m: t.nn.utils.prune.remove(PRUNINGS["twice"](t, m), "weight"),
}


@pytest.mark.parametrize("name", PRUNINGS)
def test_prune(name):
    def run(t):
        layer = layers(t)[1]
        t.manual_seed(4)
        PRUNINGS[name](t, layer)
        layer(t.ones(6, dtype=t.float64)).sum().backward()
        return [
            layer.weight,
            *[v for _, v in sorted(layer.state_dict().items())],
            *[p.grad for p in layer.parameters()],
        ]

    both(run)


def test_global_pruning():
    def run(t):
        ms = layers(t)
        t.nn.utils.prune.global_unstructured([(m, "weight") for m in ms], t.nn.utils.prune.L1Unstructured, amount=0.3)
        assert all(t.nn.utils.prune.is_pruned(m) for m in ms)
        return [m.weight for m in ms]

    both(run)


def test_vectors_and_copies():
    def run(t):
        ms = layers(t)
        vector = t.nn.utils.parameters_to_vector(p for m in ms for p in m.parameters())
        other = copy.deepcopy(ms[0])
        t.nn.utils.vector_to_parameters(vector * 2, other.parameters())
        return [vector, *other.parameters()]

    both(run)
