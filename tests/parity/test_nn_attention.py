"""Attention, heads and transformers beside PyTorch: values, gradients, initial values, dropout's numbers, refusals."""

import itertools
import warnings

import pytest

torch = pytest.importorskip("torch")

import catalogue
import numpy as np

import adjoint
from parity.side_by_side import check_error, check_sample

NAME = "nn.functional.scaled_dot_product_attention"
COUNT = len(catalogue.samples(adjoint, NAME, adjoint.float64))


@pytest.fixture(autouse=True)
def composed():
    """PyTorch's composition: its fused kernel has no second derivative."""
    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        yield


@pytest.mark.parametrize("index", range(COUNT))
def test_samples(index):
    check_sample(NAME, "float64", index, True, node_names=False, generous=True)
    for dtype in ("float32", "float16", "bfloat16"):
        check_sample(NAME, dtype, index, False, generous=True)


@pytest.mark.parametrize(
    "text",
    [
        "attend(x[0, 0, 0], x, x)",
        "attend(x, x.double(), x)",
        "attend(x, x[..., :2], x)",
        "attend(x * 1j, x * 1j, x * 1j)",
        "attend(x[0], x[0], x[0], torch.ones(3, 3), is_causal=True)",
        "attend(x, x, x, torch.ones(3, 4))",
        "attend(x, x, x, torch.ones(3, 3).long())",
        "attend(x, x, x, dropout_p=1.5)",
        "attend(x, x[:, :1].expand(2, 3, 3, 4), x, enable_gqa=True)",
        "torch.nn.MultiheadAttention(5, 2)",
        "torch.nn.MultiheadAttention(0, 2)",
        "torch.nn.MultiheadAttention(4, 2)(x, x, x)",
        "torch.nn.MultiheadAttention(4, 2)(x[0], x[0], x[0], is_causal=True)",
        "torch.nn.MultiheadAttention(4, 2)(x[0], x[0], x[0], attn_mask=torch.ones(2, 2) > 0)",
        "torch.nn.TransformerEncoderLayer(4, 2, activation='tanh')",
        "torch.nn.Transformer(4, 2, 1, 1)(x[0], x[0, :, :1])",
    ],
)
def test_refusals(text):
    def names(library):
        return {
            "torch": library,
            "attend": library.nn.functional.scaled_dot_product_attention,
            "x": library.ones(2, 2, 3, 4),
        }

    check_error(text, names)


# --- modules ---


def ours(value):
    if isinstance(value, torch.Tensor):
        return adjoint.tensor(value.detach().numpy())
    if isinstance(value, dict):
        return {k: ours(v) for k, v in value.items()}
    return [ours(v) for v in value] if isinstance(value, (list, tuple)) else value


def tensors(value):
    return [t for t in (value if isinstance(value, tuple) else (value,)) if t is not None]


def near(a, b):
    np.testing.assert_allclose(np.array(a.tolist()), np.array(b.tolist()), rtol=1e-3, atol=1e-4)


def compare(name, args, kwargs, inputs, options):
    """The layer made from a seed, called with dropout drawing from another, differentiated, then in eval mode."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        layers = []
        for library in (torch, adjoint):
            library.manual_seed(0)
            layers.append(getattr(library.nn, name)(*args, **kwargs))
        assert list(layers[0].state_dict()) == list(layers[1].state_dict())
        for key, value in layers[0].state_dict().items():
            np.testing.assert_array_equal(value.numpy(), layers[1].state_dict()[key].numpy())
        for training in (True, False):
            found = []
            for library, layer in zip((torch, adjoint), layers, strict=True):
                own = [x.clone() for x in inputs] if library is torch else ours(inputs)
                own = [x.requires_grad_() for x in own]
                library.manual_seed(1)
                layer.train(training)
                results = tensors(layer(*own, **(options if library is torch else ours(options))))
                leaves = [*own, *layer.parameters()]
                loss = sum((r * r).sum() for r in results)
                found.append([*results, *library.autograd.grad(loss, leaves)])
            for a, b in zip(*found, strict=True):
                near(a.detach(), b.detach())


def masks(queries, keys, batch, heads):
    torch.manual_seed(7)
    pairs, each = torch.rand(queries, keys) > 0.6, torch.rand(batch * heads, queries, keys) > 0.6
    padding = torch.rand(batch, keys) > 0.6
    for mask in (pairs, each, padding):
        mask[..., 0] = False
    return [
        {},
        {"attn_mask": pairs},
        {"attn_mask": each, "need_weights": False},
        {"key_padding_mask": padding, "average_attn_weights": False},
        {"attn_mask": pairs, "key_padding_mask": padding, "need_weights": False},
        {"attn_mask": torch.randn(queries, keys)},
        {"attn_mask": torch.ones(queries, keys).triu(1) > 0, "is_causal": True, "need_weights": False},
    ]


@pytest.mark.parametrize("options", masks(4, 5, 2, 2), ids=lambda options: "-".join(options))
@pytest.mark.parametrize("batch_first", [False, True])
def test_heads(options, batch_first):
    for more in ({}, {"bias": False}, {"add_bias_kv": True, "add_zero_attn": True}, {"kdim": 3, "vdim": 7}):
        sizes = [(4, 6), (5, more.get("kdim", 6)), (5, more.get("vdim", 6))]
        inputs = [torch.randn(2, n, width) if batch_first else torch.randn(n, 2, width) for n, width in sizes]
        kwargs = {"dropout": 0.2, "batch_first": batch_first} | more
        compare("MultiheadAttention", (6, 2), kwargs, inputs, options)


@pytest.mark.parametrize("batch_first, norm_first", [*itertools.product([False, True], repeat=2)])
def test_transformers(batch_first, norm_first):
    settings = {"dim_feedforward": 12, "dropout": 0.2, "batch_first": batch_first, "norm_first": norm_first}
    src, tgt = (torch.randn(2, n, 8) if batch_first else torch.randn(n, 2, 8) for n in (5, 4))
    causal = torch.nn.Transformer.generate_square_subsequent_mask
    padding = torch.tensor([[False] * 5, [False] * 3 + [True] * 2])
    for options in ({}, {"src_mask": causal(5), "is_causal": True}, {"src_key_padding_mask": padding}):
        compare("TransformerEncoderLayer", (8, 2), settings | {"activation": "gelu"}, [src], options)
    for options in ({}, {"tgt_mask": causal(4)}, {"memory_key_padding_mask": padding}):
        compare("TransformerDecoderLayer", (8, 2), settings, [tgt, src], options)
    for options in ({}, {"src_key_padding_mask": padding, "tgt_mask": causal(4)}):
        compare("Transformer", (8, 2, 2, 2), settings, [src, tgt], options)
