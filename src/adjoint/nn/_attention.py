"""multi_head_attention_forward: projections, heads, masks, and scaled_dot_product_attention between them."""

from __future__ import annotations

from warnings import warn

from .. import _core
from ..overrides import handle_torch_function, has_torch_function

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .._core import Tensor

_linear, _attention, _pad = (_core._nn[name] for name in ("linear", "scaled_dot_product_attention", "pad"))


def multi_head_attention_forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    training: bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """Attention of several heads: projected query, key and value are cut into heads, attended, joined and projected.

    query is (L, E) or (L, N, E); key and value have S rows. Truth values of the masks say what is *not* seen: of keys
    (N, S) by key_padding_mask, of pairs (L, S) or (N · num_heads, L, S) by attn_mask; numbers are added to the scores. Gives
    the output, and the weights (averaged over heads, unless told otherwise) where they are needed, else None. A query
    that sees no key has weights, and an attended value, of zeros.
    """
    tensors = (query, key, value, in_proj_weight, in_proj_bias, bias_k, bias_v, out_proj_weight, out_proj_bias)
    if has_torch_function(tensors):
        arguments = dict(locals())
        tensors = arguments.pop("tensors")
        return handle_torch_function(multi_head_attention_forward, tensors, **arguments)
    batched = _check_shapes(query, key, value, key_padding_mask, attn_mask, num_heads)
    if not batched:
        query, key, value = (x.unsqueeze(1) for x in (query, key, value))
        key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
    queries, batch, width = query.shape
    depth = width // num_heads
    if is_causal and attn_mask is None:
        raise RuntimeError(
            "Need attn_mask if specifying the is_causal hint. "
            "You may use the Transformer module method `generate_square_subsequent_mask` to create this mask."
        )
    # The hint serves where the mask has no other use.
    is_causal = is_causal and key_padding_mask is None and not need_weights
    masks = _Masks(None if is_causal else attn_mask, key_padding_mask, batch, num_heads)
    _check_widths(query, key, value, embed_dim_to_check, num_heads, use_separate_proj_weight)
    masks.check_pairs(queries, key.shape[0])

    if use_separate_proj_weight:
        q, k, v = _project_each(query, key, value, q_proj_weight, k_proj_weight, v_proj_weight, in_proj_bias)
    else:
        q, k, v = _project(query, key, value, in_proj_weight, in_proj_bias)
    if _check_bias(bias_k, bias_v, static_k, static_v):
        k, v = (_core.cat([x, b.repeat(1, batch, 1)]) for x, b in ((k, bias_k), (v, bias_v)))  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]
        masks.add_key()

    def heads(x: Tensor) -> Tensor:  # (length, batch, width): as views
        return x.view(x.shape[0], batch, num_heads, depth).permute(1, 2, 0, 3)

    q = heads(q)
    k = heads(k) if static_k is None else _fixed(static_k, "static_k", batch, num_heads, depth)
    v = heads(v) if static_v is None else _fixed(static_v, "static_v", batch, num_heads, depth)
    if add_zero_attn:
        k, v = (_core.cat([x, x.new_zeros(batch, num_heads, 1, depth)], 2) for x in (k, v))
        masks.add_key()
    mask = masks.merged(k.shape[2], q.dtype)
    dropout_p = dropout_p if training else 0.0

    weights = None
    if need_weights:
        attended, weights = _with_weights(q, k, v, mask, dropout_p)
        weights = weights.mean(dim=1) if average_attn_weights else weights
    else:
        attended = _attention(q, k, v, mask, dropout_p, is_causal)
    # Lengths first in memory, as PyTorch has it: a dropout behind it draws in this order.
    out = _linear(attended.permute(2, 0, 1, 3).reshape(queries, batch, width), out_proj_weight, out_proj_bias)
    if batched:
        return out, weights
    return out.squeeze(1), None if weights is None else weights.squeeze(0)


# --- projections ---


def _rows(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """A linear map of (length, batch, width), which may lie batch first in memory: it is not copied for that."""
    across = x.transpose(0, 1)
    if across.is_contiguous() and not x.is_contiguous():
        return _linear(across, weight, bias).transpose(0, 1)
    return _linear(x, weight, bias)


def _project(query: Tensor, key: Tensor, value: Tensor, weight: Tensor | None, bias: Tensor | None) -> Any:
    """By one weight of three parts, in as few products as there are different inputs."""
    if weight is None:
        raise AssertionError("use_separate_proj_weight is False but in_proj_weight is None")
    width = query.size(-1)
    if key is value and query is key:
        return _rows(query, weight, bias).chunk(3, -1)
    if key is value:
        parts = [width, 2 * width]
        w_q, w_kv = weight.split(parts)
        b_q, b_kv = (None, None) if bias is None else bias.split(parts)
        return _rows(query, w_q, b_q), *_rows(key, w_kv, b_kv).chunk(2, -1)
    w_q, w_k, w_v = weight.chunk(3)
    return _project_each(query, key, value, w_q, w_k, w_v, bias)


def _project_each(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    w_q: Tensor | None,
    w_k: Tensor | None,
    w_v: Tensor | None,
    bias: Tensor | None,
) -> Any:
    weights = {"q": w_q, "k": w_k, "v": w_v}
    for name, weight in weights.items():
        if weight is None:
            raise AssertionError(f"use_separate_proj_weight is True but {name}_proj_weight is None")
    for name, x, weight in (("query", query, w_q), ("key", key, w_k), ("value", value, w_v)):
        wanted = (query.size(-1), x.size(-1))
        if weight.shape != wanted:  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]
            raise AssertionError(f"expecting {name} weights shape of {wanted}, but got {weight.shape}")  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]
    biases = (None, None, None) if bias is None else bias.chunk(3)
    return [_rows(x, w, b) for x, w, b in zip((query, key, value), weights.values(), biases, strict=True)]  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def _fixed(x: Tensor, name: str, batch: int, num_heads: int, depth: int) -> Tensor:
    """Keys or values given for each head, (batch · heads, length, depth)."""
    for dim, wanted in ((0, batch * num_heads), (2, depth)):
        if x.size(dim) != wanted:
            raise AssertionError(f"expecting {name}.size({dim}) of {wanted}, but got {x.size(dim)}")
    return x.view(batch, num_heads, x.shape[1], depth)


# --- weights ---


def _with_weights(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, dropout_p: float) -> tuple[Tensor, Tensor]:
    """What is attended, and by which weights; both after the same dropout."""
    weights, keep = _core._ops["_attention_weights"](q, k, mask), None
    if dropout_p > 0:
        keep = _core.empty(weights.shape, dtype=_core.uint8, device=q.device).bernoulli_(1 - dropout_p)
        weights = weights * (keep.to(q.dtype) / (1 - dropout_p) if dropout_p < 1 else keep.to(q.dtype))
    return _core._ops["_attend"](q, k, v, mask, keep, dropout_p), weights


# --- masks ---


class _Masks:
    """Of pairs and of keys, as they were given, True where nothing is seen; merged into one for the scores."""

    def __init__(self, pairs: Tensor | None, keys: Tensor | None, batch: int, num_heads: int) -> None:
        for mask, name in ((keys, "key_padding_mask"), (pairs, "attn_mask")):
            if mask is not None and mask.dtype != _core.bool and not mask.is_floating_point():
                raise AssertionError(f"only bool and floating types of {name} are supported")
        if keys is not None and pairs is not None and keys.dtype != pairs.dtype:
            warn(
                "Support for mismatched key_padding_mask and attn_mask is deprecated. Use same type for both instead.",
                stacklevel=4,
            )
        self.pairs, self.keys, self.batch, self.num_heads = pairs, keys, batch, num_heads

    def check_pairs(self, queries: int, keys: int) -> None:
        if self.pairs is None:
            return
        n = self.pairs.dim()
        wanted = (queries, keys) if n == 2 else (self.batch * self.num_heads, queries, keys)
        if self.pairs.shape != wanted:
            raise RuntimeError(f"The shape of the {n}D attn_mask is {self.pairs.shape}, but should be {wanted}.")

    def add_key(self) -> None:
        """One more key, which every query sees."""
        self.pairs, self.keys = (None if m is None else _pad(m, (0, 1)) for m in (self.pairs, self.keys))

    def merged(self, keys: int, dtype: _core.dtype) -> Tensor | None:
        """For scaled_dot_product_attention: True where a key is seen, or numbers to be added."""
        found = []
        if self.pairs is not None:
            heads = (self.batch, self.num_heads) if self.pairs.dim() == 3 else (1, 1)
            found.append(self.pairs.view(*heads, *self.pairs.shape[-2:]))
        if self.keys is not None:
            for dim, wanted in enumerate((self.batch, keys)):
                if self.keys.shape[dim] != wanted:
                    raise AssertionError(
                        f"Expected key_padded_mask.shape[{dim}] to be {wanted}, but got {self.keys.shape[dim]}"
                    )
            found.append(self.keys.view(self.batch, 1, 1, keys))
        if not found:
            return None
        if all(m.dtype == _core.bool for m in found):
            hidden = found[0] if len(found) == 1 else found[0] | found[1]
            return ~hidden
        numbers = [additive(m, dtype) for m in found]
        return numbers[0] if len(numbers) == 1 else numbers[0] + numbers[1]


def additive(mask: Tensor, dtype: _core.dtype) -> Tensor:
    """Numbers that do to scores what the truth values of `mask` say: -inf where it is True."""
    if mask.dtype != _core.bool:
        return mask.to(dtype)
    return _core.zeros(mask.shape, dtype=dtype, device=mask.device).masked_fill_(mask, float("-inf"))


# --- checks ---


def _check_shapes(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    key_padding_mask: Tensor | None,
    attn_mask: Tensor | None,
    num_heads: int,
) -> bool:
    """Is there a batch?"""
    n = query.dim()
    if n not in (2, 3):
        raise AssertionError(f"query should be unbatched 2D or batched 3D tensor but received {n}-D query tensor")
    kind = f"For {'batched' if n == 3 else 'unbatched'} ({n}-D) `query`, expected "
    if key.dim() != n or value.dim() != n:
        raise AssertionError(
            f"{kind}`key` and `value` to be {n}-D but found {key.dim()}-D and {value.dim()}-D tensors respectively"
        )
    if key_padding_mask is not None and key_padding_mask.dim() != n - 1:
        raise AssertionError(
            f"{kind}`key_padding_mask` to be `None` or {n - 1}-D but found {key_padding_mask.dim()}-D tensor instead"
        )
    if attn_mask is None:
        return n == 3
    if attn_mask.dim() not in (2, 3):
        raise AssertionError(f"{kind}`attn_mask` to be `None`, 2-D or 3-D but found {attn_mask.dim()}-D tensor instead")
    wanted = (num_heads, query.shape[0], key.shape[0])
    if n == 2 and attn_mask.dim() == 3 and attn_mask.shape != wanted:
        raise AssertionError(f"Expected `attn_mask` shape to be {wanted} but got {attn_mask.shape}")
    return n == 3


def _check_widths(query: Tensor, key: Tensor, value: Tensor, width: int, num_heads: int, separate: bool) -> None:
    if query.size(-1) != width:
        raise AssertionError(f"was expecting embedding dimension of {width}, but got {query.size(-1)}")
    if width % num_heads:
        raise AssertionError(f"embed_dim {width} not divisible by num_heads {num_heads}")
    if separate and key.shape[:2] != value.shape[:2]:
        raise AssertionError(f"key's sequence and batch dims {key.shape[:2]} do not match value's {value.shape[:2]}")
    if not separate and key.shape != value.shape:
        raise AssertionError(f"key shape {key.shape} does not match value shape {value.shape}")


def _check_bias(bias_k: Any, bias_v: Any, static_k: Any, static_v: Any) -> bool:
    """Is there a bias of keys and values, one row of each?"""
    if bias_k is None and bias_v is None:
        return False
    for given, name, other, missing in ((bias_k, "bias_k", bias_v, "bias_v"), (bias_v, "bias_v", bias_k, "bias_k")):
        if given is not None and other is None:
            raise AssertionError(f"{name} is set but {missing} is None")
    if static_k is not None:
        raise AssertionError("bias cannot be added to static key.")
    if static_v is not None:
        raise AssertionError("bias cannot be added to static value.")
    return True


multi_head_attention_forward.__module__ = "adjoint.nn.functional"
