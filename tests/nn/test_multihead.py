"""MultiheadAttention and multi_head_attention_forward: masks, weights, added keys, errors."""

import pytest

import adjoint as torch
from adjoint import nn

INF, NAN = float("inf"), float("nan")
F = nn.functional


def layer(*args, **kwargs):
    torch.manual_seed(0)
    made = nn.MultiheadAttention(*args, **kwargs)
    with torch.no_grad():
        for name, p in made.named_parameters():
            if "bias" in name:
                p.normal_()
    return made


def by_hand(m, q, k, v, hidden=None):
    """The same with plain operations; hidden: truth values (batch, heads, queries, keys). Batches come first."""
    w_q, w_k, w_v = m.in_proj_weight.chunk(3)
    b_q, b_k, b_v = m.in_proj_bias.chunk(3)

    def heads(x):
        return x.unflatten(-1, (m.num_heads, -1)).transpose(1, 2)

    q, k, v = heads(q @ w_q.T + b_q), heads(k @ w_k.T + b_k), heads(v @ w_v.T + b_v)
    scores = q @ k.mT / m.head_dim**0.5
    if hidden is not None:
        scores = scores.masked_fill(hidden, -INF)
    weights = scores.softmax(-1)
    if hidden is not None:
        weights = weights.masked_fill(hidden.expand(weights.shape).all(-1, keepdim=True), 0)
    out = (weights @ v).transpose(1, 2).flatten(2)
    return out @ m.out_proj.weight.T + m.out_proj.bias, weights


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("need_weights", [False, True])
@pytest.mark.parametrize("kind", ["none", "pairs", "heads", "keys", "both", "numbers", "causal"])
def test_values(kind, need_weights, batch_first):
    m = layer(8, 2, batch_first=True)
    q, k, v = torch.randn(3, 5, 8), torch.randn(3, 6, 8), torch.randn(3, 6, 8)
    pairs, heads, keys = torch.rand(5, 6) > 0.6, torch.rand(6, 5, 6) > 0.6, torch.rand(3, 6) > 0.6
    pairs[:, 0] = heads[..., 0] = keys[:, 0] = False
    causal = torch.ones(5, 6, dtype=torch.bool).triu(1)
    numbers = torch.zeros(5, 6).masked_fill(pairs, -INF)
    masks, hidden = {
        "none": ({}, None),
        "pairs": ({"attn_mask": pairs}, pairs),
        "heads": ({"attn_mask": heads}, heads.view(3, 2, 5, 6)),
        "keys": ({"key_padding_mask": keys}, keys[:, None, None]),
        "both": ({"attn_mask": pairs, "key_padding_mask": keys}, pairs | keys[:, None, None]),
        "numbers": ({"attn_mask": numbers}, pairs),
        "causal": ({"attn_mask": causal, "is_causal": True}, causal),
    }[kind]
    want, want_weights = by_hand(m, q, k, v, hidden)
    m.batch_first = batch_first
    inputs = [q, k, v] if batch_first else [x.transpose(0, 1) for x in (q, k, v)]
    out, weights = m(*inputs, need_weights=need_weights, **masks)
    assert torch.allclose(out if batch_first else out.transpose(0, 1), want, atol=1e-6)
    if need_weights:
        assert torch.allclose(weights, want_weights.mean(1), atol=1e-6)
        each = m(*inputs, average_attn_weights=False, **masks)[1]
        assert torch.allclose(each, want_weights, atol=1e-6)
    else:
        assert weights is None


@pytest.mark.parametrize("need_weights", [False, True])
def test_a_sequence_that_is_masked_whole_gives_zeros(need_weights):
    m = layer(8, 2, batch_first=True)
    x = torch.randn(3, 5, 8, requires_grad=True)
    padding = torch.zeros(3, 5, dtype=torch.bool)
    padding[1] = True
    out, weights = m(x, x, x, key_padding_mask=padding, need_weights=need_weights)
    assert torch.allclose(out[1], m.out_proj.bias.expand(5, 8))  # what the projection makes of zeros
    if need_weights:
        assert (weights[1] == 0).all() and torch.allclose(weights[[0, 2]].sum(-1), torch.ones(2, 5))
        out = out + weights.sum()
    out.sum().backward()
    assert x.grad.isfinite().all() and all(p.grad.isfinite().all() for p in m.parameters())


@pytest.mark.parametrize("need_weights", [False, True])
def test_padding_may_hold_anything(need_weights):
    m = layer(8, 2, batch_first=True)
    x = torch.randn(2, 5, 8)
    padding = torch.zeros(2, 5, dtype=torch.bool)
    padding[:, 3:] = True
    clean = m(x, x, x, key_padding_mask=padding, need_weights=need_weights)
    memory = x.clone()
    memory[:, 3:] = NAN
    out, weights = m(x, memory, memory, key_padding_mask=padding, need_weights=need_weights)
    assert torch.allclose(out, clean[0], atol=1e-6)
    if need_weights:
        assert torch.allclose(weights, clean[1])


def test_keys_that_are_added_are_seen_by_all():
    m = layer(8, 2, add_bias_kv=True, add_zero_attn=True, batch_first=True)
    x = torch.randn(2, 4, 8)
    hide_all = torch.ones(4, 4, dtype=torch.bool)
    out, weights = m(x, x, x, attn_mask=hide_all)
    assert weights.shape == (2, 4, 6) and (weights[..., :4] == 0).all()
    assert torch.allclose(weights.sum(-1), torch.ones(2, 4))
    assert torch.allclose(m(x, x, x, attn_mask=hide_all, need_weights=False)[0], out, atol=1e-6)


def test_dropout_is_that_of_the_weights():
    m = layer(8, 2, dropout=0.5)
    x = torch.randn(4, 2, 8)
    torch.manual_seed(1)
    out, weights = m(x, x, x, average_attn_weights=False)
    assert 0.2 < (weights == 0).float().mean() < 0.8
    torch.manual_seed(1)
    assert torch.allclose(m(x, x, x, need_weights=False)[0], out, atol=1e-6)
    assert (m.eval()(x, x, x)[1] > 0).all()


def test_static_keys_and_values():
    m = layer(4, 2)
    x, k, v = torch.randn(3, 2, 4), torch.randn(4, 5, 2), torch.randn(4, 5, 2)

    def run(**more):
        weights = (m.in_proj_weight, m.in_proj_bias, None, None, False, 0.0, m.out_proj.weight, m.out_proj.bias)
        return F.multi_head_attention_forward(x, x, x, 4, 2, *weights, **more)

    out, weights = run(static_k=k, static_v=v)
    assert weights.shape == (2, 3, 5)
    for dim, wrong in ((0, k[:3]), (2, torch.randn(4, 5, 3))):
        with pytest.raises(AssertionError, match=rf"static_k.size\({dim}\)"):
            run(static_k=wrong, static_v=v)


@pytest.mark.parametrize(
    ("error", "message", "call"),
    [
        (AssertionError, "but received 1-D", lambda m, x: m(x[0, 0], x[0, 0], x[0, 0])),
        (AssertionError, "to be 3-D but found 2-D", lambda m, x: m(x, x[0], x)),
        (AssertionError, "`key_padding_mask` to be `None` or 2-D", lambda m, x: m(x, x, x, torch.ones(3) > 0)),
        (AssertionError, "`attn_mask` to be `None`, 2-D or 3-D", lambda m, x: m(x, x, x, attn_mask=torch.ones(3) > 0)),
        (AssertionError, "only bool and floating", lambda m, x: m(x, x, x, attn_mask=torch.ones(3, 3).long())),
        (RuntimeError, "shape of the 2D attn_mask", lambda m, x: m(x, x, x, attn_mask=torch.ones(3, 4) > 0)),
        (RuntimeError, "shape of the 3D attn_mask", lambda m, x: m(x, x, x, attn_mask=torch.ones(2, 3, 3) > 0)),
        (RuntimeError, "Need attn_mask", lambda m, x: m(x, x, x, is_causal=True)),
        (AssertionError, "embedding dimension of 8", lambda m, x: m(x[..., :6], x, x)),
        (AssertionError, "does not match value shape", lambda m, x: m(x, x, x[:2])),
        (AssertionError, r"key_padded_mask.shape\[1\]", lambda m, x: m(x, x, x, torch.ones(2, 4) > 0)),
        (ValueError, "greater than 0", lambda m, x: nn.MultiheadAttention(0, 1)),
        (AssertionError, "divisible", lambda m, x: nn.MultiheadAttention(5, 2)),
    ],
)
def test_bad_arguments(error, message, call):
    with pytest.raises(error, match=message):
        call(layer(8, 2), torch.randn(3, 2, 8))


def test_masks_of_two_kinds_warn():
    m, x = layer(8, 2), torch.randn(3, 2, 8)
    with pytest.warns(UserWarning, match="mismatched key_padding_mask and attn_mask"):
        out, _ = m(x, x, x, key_padding_mask=torch.zeros(2, 3), attn_mask=torch.ones(3, 3).triu(1) > 0)
    assert torch.allclose(out, m(x, x, x, attn_mask=torch.ones(3, 3).triu(1) > 0)[0], atol=1e-6)


def test_pickles_find_it_where_pytorch_keeps_it():
    assert nn.MultiheadAttention.__module__.endswith("nn.modules.activation")
    assert nn.modules.activation.MultiheadAttention is nn.MultiheadAttention
