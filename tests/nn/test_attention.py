"""Attention: masks whose keys take no part, gradients of all operands, dropout, the same bits for any number of threads."""

import subprocess
import sys

import pytest

import adjoint as torch
import adjoint.nn.functional as F

INF, NAN = float("inf"), float("nan")
attention = F.scaled_dot_product_attention


def operands(*lead, queries=70, keys=130, depth=16, dtype=torch.float32, grad=True):
    torch.manual_seed(0)
    shapes = (queries, depth), (keys, depth), (keys, depth + 3)
    return [torch.randn(*lead, *s, dtype=dtype).requires_grad_(grad) for s in shapes]


def plain(q, k, v, mask=None, is_causal=False):
    """Of operations that have derivatives of their own."""
    scores = q @ k.mT / q.shape[-1] ** 0.5
    if mask is not None:
        scores = scores.masked_fill(~mask, -INF) if mask.dtype == torch.bool else scores + mask
    if is_causal:
        scores = scores.masked_fill(torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1), -INF)
    return scores.softmax(-1) @ v


def masks(kind):
    torch.manual_seed(3)
    if kind == "bool":
        mask = torch.rand(2, 1, 70, 130) > 0.4
        mask[..., 0] = True
        return mask
    return {
        "none": None,
        "keys": torch.randn(2, 1, 1, 130),
        "heads": torch.randn(3, 70, 130, requires_grad=True),
        "row": torch.randn(70, 1, requires_grad=True),
        "double": torch.randn(70, 130, dtype=torch.float64, requires_grad=True),
    }[kind]


@pytest.mark.parametrize("is_causal", [False, True])
@pytest.mark.parametrize("kind", ["none", "bool", "keys", "heads", "row", "double"])
def test_gradients_are_those_of_the_composition(kind, is_causal):
    mask = masks(kind)
    inputs = operands(2, 3, dtype=torch.float64)
    if mask is not None and mask.is_floating_point():
        mask = mask.detach().double().requires_grad_()
    wanted = [*inputs, mask] if mask is not None and mask.requires_grad else inputs
    g = torch.randn(2, 3, 70, 19, dtype=torch.float64)
    ours = torch.autograd.grad(attention(*inputs, mask, is_causal=is_causal), wanted, g)
    others = torch.autograd.grad(plain(*inputs, mask, is_causal), wanted, g)
    for a, b in zip(ours, others, strict=True):
        assert torch.allclose(a, b, rtol=1e-11, atol=1e-12)


def test_the_recorded_gradient_is_the_fused_one():
    for more in ({}, {"is_causal": True}, {"enable_gqa": True}):
        inputs = operands(2, 4, dtype=torch.float64)
        if more.get("enable_gqa"):
            inputs[1:] = [x.detach()[:, :2].requires_grad_() for x in inputs[1:]]
        y = attention(*inputs, **more)
        fused = torch.autograd.grad(y, inputs, torch.ones_like(y), retain_graph=True)
        recorded = torch.autograd.grad(y, inputs, torch.ones_like(y), create_graph=True)
        for a, b in zip(fused, recorded, strict=True):
            assert b.requires_grad and torch.allclose(a, b, rtol=1e-11, atol=1e-12)


def blind_masks():
    mask = torch.ones(70, 130, dtype=torch.bool)
    mask[3] = mask[69] = False
    added = torch.zeros(70, 130).masked_fill(~mask, -INF)
    return mask, added


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("which", [0, 1])
def test_a_query_that_sees_no_key_gives_zeros_and_has_no_gradient(which, create_graph):
    q, k, v = operands(2, 3)
    y = attention(q, k, v, blind_masks()[which])
    assert (y[..., [3, 69], :] == 0).all() and y[..., [0, 68], :].abs().min() > 0
    gq, gk, gv = torch.autograd.grad(y.square().sum(), (q, k, v), create_graph=create_graph)
    assert (gq[..., [3, 69], :] == 0).all()
    assert all(g.isfinite().all() for g in (gq, gk, gv))


@pytest.mark.parametrize("bad", [NAN, INF, -INF])
@pytest.mark.parametrize("kind", ["bool", "float", "causal"])
def test_what_stands_behind_a_mask_stays_there(kind, bad):
    """Keys and values from 100 on are bad; queries before them do not see them."""
    queries = 130
    q, k, v = operands(2, 3, queries=queries)
    mask = torch.ones(queries, 130, dtype=torch.bool).tril()
    clean = attention(q, k, v, mask)
    g = torch.randn(2, 3, queries, 19)
    g[..., 100:, :] = 0
    wanted = torch.autograd.grad(clean, (q, k, v), g)
    with torch.no_grad():
        k[..., 100:, :] = bad
        v[..., 100:, :] = bad
    given = {"bool": mask, "float": torch.zeros(queries, 130).masked_fill(~mask, -INF), "causal": None}[kind]
    y = attention(q, k, v, given, is_causal=kind == "causal")
    assert torch.allclose(y[..., :100, :], clean[..., :100, :], atol=1e-6)
    assert y[..., :100, :].isfinite().all() and not y[..., 100:, :].isfinite().any()
    # ... nor do gradients of what was seen hold any of it.
    g[..., 100:, :] = NAN
    gq = torch.autograd.grad(y, (q, k, v), g)[0]
    assert torch.allclose(gq[..., :100, :], wanted[0][..., :100, :], rtol=1e-4, atol=1e-5)


def test_gradients_of_a_bad_query_stay_with_the_keys_it_sees():
    q, k, v = operands(2, queries=130)
    with torch.no_grad():
        q[..., 10, :] = NAN
    y = attention(q, k, v, is_causal=True)
    gq, gk, gv = torch.autograd.grad(y, (q, k, v), torch.ones_like(y))
    for g in (gk, gv):
        assert g[..., 11:, :].isfinite().all() and g[..., :11, :].isnan().all()
    assert gq[..., 11:, :].isfinite().all()


def test_a_bad_number_that_is_seen_is_seen():
    q, k, v = operands(2)
    with torch.no_grad():
        v[..., 5, 2] = NAN
    y = attention(q, k, v)
    assert y[..., 2].isnan().all() and y[..., :2].isfinite().all()


def test_dropout_scales_what_it_keeps():
    q, k, v = operands(2, 3)
    torch.manual_seed(5)
    y = attention(q, k, v, dropout_p=0.4)
    torch.manual_seed(5)
    keep = torch.empty(2, 3, 70, 130).bernoulli_(0.6) / 0.6
    weights = (q @ k.mT / 4).softmax(-1) * keep
    other = weights @ v
    assert torch.allclose(y, other, atol=1e-5)
    g = torch.randn_like(y)
    for a, b in zip(
        torch.autograd.grad(y, (q, k, v), g, create_graph=True),
        torch.autograd.grad(other, (q, k, v), g),
        strict=True,
    ):
        assert torch.allclose(a, b, atol=1e-4)
    assert (attention(q, k, v, dropout_p=1.0) == 0).all()


def test_half_types_are_computed_in_float():
    for dtype, tolerance in ((torch.float16, 2e-3), (torch.bfloat16, 2e-2)):
        inputs = [x.detach().to(dtype).requires_grad_() for x in operands(2, 3)]
        y = attention(*inputs)
        assert y.dtype == dtype
        wide = [x.detach().float().requires_grad_() for x in inputs]
        z = attention(*wide)
        assert torch.equal(y, z.to(dtype))
        for a, b in zip(torch.autograd.grad(y.float().sum(), inputs), torch.autograd.grad(z.sum(), wide), strict=True):
            assert a.dtype == dtype and torch.allclose(a.float(), b, atol=tolerance, rtol=tolerance)


def test_results_lie_in_memory_as_the_queries_do():
    x = torch.randn(2, 5, 3, 8, requires_grad=True)  # batch, time, heads, depth
    y = attention(*[x.transpose(1, 2)] * 3)
    assert y.transpose(1, 2).is_contiguous()
    assert attention(*operands(2, 3)).is_contiguous()


@pytest.mark.parametrize("queries", [64, 700])
def test_bits_are_the_same_for_any_number_of_threads(queries):
    inputs = operands(2, 3, queries=queries, keys=650)
    threads, found = torch.get_num_threads(), []
    try:
        for n in (1, 2, 4):
            torch.set_num_threads(n)
            y = attention(*inputs, is_causal=True)
            found.append((y, *torch.autograd.grad(y, inputs, torch.ones_like(y))))
    finally:
        torch.set_num_threads(threads)
    for other in found[1:]:
        assert all(torch.equal(a, b) for a, b in zip(found[0], other, strict=True))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda q, k, v: (q[0, 0, 0], k, v), "at least 2 dimensional"),
        (lambda q, k, v: (q, k.double(), v), "same dtype"),
        (lambda q, k, v: (q, k[..., :3], v), "first two dimensions of batch2"),
        (lambda q, k, v: (q, k[..., :3, :], v), "same number of rows"),
        (lambda q, k, v: (q, k[:, :2], v), "must match the size"),
        (lambda q, k, v: (q, k, v, torch.ones(70, 130).long()), "attn_mask dtype"),
        (lambda q, k, v: (q, k, v, torch.ones(70, 131)), "must match"),
        (lambda q, k, v: (q, k, v, torch.ones(5, 1, 1, 70, 130)), "broadcast shape"),
        (lambda q, k, v: (q, k, v, None, -0.5), "between 0 and 1"),
        (lambda q, k, v: (q[0], k[0], v[0], torch.ones(70, 130), 0.0, True), "Explicit attn_mask should not be set"),
        (lambda q, k, v: (q.long(), k.long(), v.long()), "scalar type Float"),
    ],
)
def test_bad_operands_are_refused(make, message):
    with pytest.raises(RuntimeError, match=message):
        attention(*make(*operands(2, 3)))


def test_heads_that_cannot_be_grouped_are_refused():
    q, k, v = operands(2, 3)
    with pytest.raises(RuntimeError, match="Number of heads"):
        attention(q, k[:, :2], v[:, :2], enable_gqa=True)
    with pytest.raises(IndexError):
        attention(q[0, 0], k[0, 0], v[0, 0], enable_gqa=True)


def test_choices_of_a_kernel_are_accepted():
    from adjoint.nn.attention import SDPBackend, sdpa_kernel
    from adjoint.nn.attention.flex_attention import flex_attention

    q, k, v = operands(2)
    with sdpa_kernel([SDPBackend.MATH, SDPBackend.EFFICIENT_ATTENTION], set_priority=True):
        assert torch.equal(attention(q, k, v), sdpa_kernel(SDPBackend.FLASH_ATTENTION)(attention)(q, k, v))
    with pytest.raises(AssertionError, match="SDPBackend"), sdpa_kernel("math"):
        pass
    with pytest.raises(NotImplementedError, match="attn_mask"):
        flex_attention(q, k, v)
    switches = torch.backends.cuda
    switches.enable_flash_sdp(False)
    assert not switches.flash_sdp_enabled() and switches.math_sdp_enabled()
    switches.enable_flash_sdp(True)
    torch.backends.mha.set_fastpath_enabled(False)
    assert not torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(True)


MEMORY = """
import adjoint as torch
attention = torch.nn.functional.scaled_dot_product_attention

def peak():
    with open("/proc/self/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmHWM")) * 1024

torch.set_num_threads(1)
x = torch.randn(6144, 8, requires_grad=True)
def run(x, **more):
    attention(x, x, x, **more).sum().backward()
run(x[:8])
before = peak()
run(x, is_causal=True)
run(x, attn_mask=torch.zeros(1, 6144, requires_grad=True))
print(peak() - before)
"""


def test_memory_grows_with_the_length_not_its_square():
    done = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 24 << 20, "the scores alone would take 144 MiB"
