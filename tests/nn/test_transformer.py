"""Transformers: what layers are made of, masks and their hints, stacks, warnings."""

import copy

import pytest

import adjoint as torch
from adjoint import nn

INF, NAN = float("inf"), float("nan")


def encoder_layer(**more):
    torch.manual_seed(0)
    return nn.TransformerEncoderLayer(8, 2, 16, **({"dropout": 0.0, "batch_first": True} | more))


@pytest.mark.parametrize("norm_first", [False, True])
def test_an_encoder_layer_is_attention_and_two_maps(norm_first):
    layer = encoder_layer(norm_first=norm_first, activation="gelu")
    x = torch.randn(3, 5, 8)
    attend = lambda x: layer.self_attn(x, x, x)[0]
    widen = lambda x: layer.linear2(nn.functional.gelu(layer.linear1(x)))
    if norm_first:
        y = x + attend(layer.norm1(x))
        want = y + widen(layer.norm2(y))
    else:
        y = layer.norm1(x + attend(x))
        want = layer.norm2(y + widen(y))
    assert torch.allclose(layer(x), want, atol=1e-6)


@pytest.mark.parametrize("norm_first", [False, True])
def test_a_decoder_layer_attends_to_the_memory_between(norm_first):
    torch.manual_seed(0)
    layer = nn.TransformerDecoderLayer(8, 2, 16, dropout=0.0, batch_first=True, norm_first=norm_first)
    x, memory = torch.randn(3, 4, 8), torch.randn(3, 5, 8)
    blocks = [
        lambda x: layer.self_attn(x, x, x)[0],
        lambda x: layer.multihead_attn(x, memory, memory)[0],
        lambda x: layer.linear2(layer.linear1(x).relu()),
    ]
    want = x
    for norm, block in zip((layer.norm1, layer.norm2, layer.norm3), blocks, strict=True):
        want = want + block(norm(want)) if norm_first else norm(want + block(want))
    assert torch.allclose(layer(x, memory), want, atol=1e-6)


def test_state_has_pytorchs_keys():
    keys = list(encoder_layer().state_dict())
    attention = ["in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias"]
    assert keys == [f"self_attn.{k}" for k in attention] + [
        f"{m}.{p}" for m in ("linear1", "linear2", "norm1", "norm2") for p in ("weight", "bias")
    ]
    model = nn.Transformer(8, 2, 1, 1, 16, batch_first=True)
    heads = {k.rsplit(".", 2)[0] for k in model.state_dict() if "multihead_attn.in_proj" in k}
    assert heads == {"decoder.layers.0"} and "encoder.norm.weight" in model.state_dict()


def test_the_causal_mask():
    mask = nn.Transformer.generate_square_subsequent_mask(3)
    assert mask.tolist() == [[0, -INF, -INF], [0, 0, -INF], [0, 0, 0]]
    assert nn.Transformer.generate_square_subsequent_mask(2, dtype=torch.float64).dtype == torch.float64


def test_a_causal_mask_hides_what_comes_later_with_a_hint_and_without():
    encoder = nn.TransformerEncoder(encoder_layer(), 2)
    x = torch.randn(2, 6, 8)
    mask = nn.Transformer.generate_square_subsequent_mask(6)
    y = encoder(x, mask=mask)
    changed = x.clone()
    changed[:, 4:] = torch.randn(2, 2, 8)
    assert torch.allclose(encoder(changed, mask=mask)[:, :4], y[:, :4], atol=1e-6)
    for more in ({"is_causal": True}, {"is_causal": False}):
        assert torch.allclose(encoder(x, mask=mask, **more), y, atol=1e-6)
    assert torch.allclose(encoder(x, mask=mask == -INF), y, atol=1e-6)  # as truth values


def test_padding_may_hold_anything():
    encoder = nn.TransformerEncoder(encoder_layer(), 2)
    x, padding = torch.randn(2, 5, 8), torch.zeros(2, 5, dtype=torch.bool)
    padding[1, 3:] = True
    y = encoder(x, src_key_padding_mask=padding)
    dirty = x.clone()
    dirty[padding] = NAN
    assert torch.allclose(encoder(dirty, src_key_padding_mask=padding)[~padding], y[~padding], atol=1e-6)


def test_padding_comes_out_as_zeros_where_pytorch_nests():
    encoder = nn.TransformerEncoder(encoder_layer(), 2).eval()
    x, padding = torch.randn(2, 5, 8), torch.zeros(2, 5, dtype=torch.bool)
    padding[1, 3:] = True
    recorded = encoder(x, src_key_padding_mask=padding)
    assert (recorded[padding] != 0).any()
    with torch.no_grad():
        y = encoder(x, src_key_padding_mask=padding)
        assert (y[padding] == 0).all() and torch.allclose(y[~padding], recorded[~padding])
        padding[0, 0] = True  # not aligned to the left
        assert (encoder(x, src_key_padding_mask=padding)[padding] != 0).any()
        plain = nn.TransformerEncoder(encoder_layer(), 2, enable_nested_tensor=False).eval()
        assert (plain(x, src_key_padding_mask=padding)[padding] != 0).any()


def test_layers_of_a_stack_are_copies():
    layer = encoder_layer()
    encoder = nn.TransformerEncoder(layer, 3, nn.LayerNorm(8))
    assert len(encoder.layers) == encoder.num_layers == 3
    assert len({id(p) for p in encoder.parameters()}) == 3 * len(list(layer.parameters())) + 2
    assert all(torch.equal(a, b) for a, b in zip(encoder.layers[2].parameters(), layer.parameters(), strict=True))


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"batch_first": False}, "self_attn.batch_first was not True"),
        ({"norm_first": True}, "norm_first was True"),
        ({"bias": False}, "bias=False"),
        ({"activation": torch.tanh}, "activation_relu_or_gelu"),
    ],
)
def test_what_cannot_be_nested_warns(more, reason):
    layer = encoder_layer(**more)
    with pytest.warns(UserWarning, match=f"enable_nested_tensor is True.*{reason}"):
        nn.TransformerEncoder(layer, 1)
    nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)


def test_activations_by_name_by_function_and_as_modules():
    for given in ("gelu", nn.functional.gelu, nn.GELU()):
        assert encoder_layer(activation=given).activation_relu_or_gelu == 2
    assert encoder_layer(activation=nn.ReLU()).activation_relu_or_gelu == 1
    with pytest.raises(RuntimeError, match="should be relu/gelu, not tanh"):
        encoder_layer(activation="tanh")
    assert copy.deepcopy(encoder_layer()).activation is nn.functional.relu


@pytest.mark.parametrize("batch_first", [False, True])
def test_a_transformer_checks_batches_and_widths(batch_first):
    model = nn.Transformer(
        8, 2, 0, 0, 16, batch_first=batch_first, custom_encoder=nn.Identity(), custom_decoder=nn.Identity()
    )
    with pytest.raises(RuntimeError, match="batch number"):
        model(torch.ones(2, 3, 8), torch.ones(3, 2, 8) if batch_first else torch.ones(2, 4, 8))
    with pytest.raises(RuntimeError, match="feature number"):
        model(torch.ones(2, 3, 8), torch.ones(2, 3, 7))


def test_masks_of_other_types_are_refused():
    with pytest.raises(AssertionError, match="only bool and floating types of src_mask"):
        encoder_layer()(torch.ones(1, 2, 8), src_mask=torch.ones(2, 2).long())


def test_a_transformer_learns_to_copy():
    torch.manual_seed(0)
    model = nn.Transformer(16, 2, 1, 1, 32, dropout=0.0, batch_first=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    src = torch.randn(4, 6, 16)
    mask = nn.Transformer.generate_square_subsequent_mask(6)
    losses = []
    for _ in range(30):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(src, src, tgt_mask=mask), src)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]
