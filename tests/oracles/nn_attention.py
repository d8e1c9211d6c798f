"""Oracle of attention (core/ops/nn/attention.cpp)."""

from __future__ import annotations

import numpy as np

from .rules import Oracle


def _repeated(x, heads, grouped):
    return np.repeat(x, heads // x.shape[-3], -3) if grouped else x


def _weights(q, k, mask, is_causal, scale):
    depth = q.shape[-1]
    factor = scale if scale is not None else 1 / np.sqrt(np.longdouble(depth)) if depth else 0
    scores = q @ np.swapaxes(k, -1, -2) * factor
    if mask is not None:
        scores = np.where(mask, scores, -np.inf) if mask.dtype == bool else scores + mask
    if is_causal:
        scores = np.where(np.tri(*scores.shape[-2:], dtype=bool), scores, -np.inf)
    top = np.max(scores, -1, keepdims=True, initial=-np.inf)
    powers = np.exp(scores - np.where(np.isinf(top), 0, top))
    total = powers.sum(-1, keepdims=True)
    return np.where(total == 0, 0, powers / np.where(total == 0, 1, total))


def _attention(q, k, v, mask=None, is_causal=False, scale=None, enable_gqa=False):
    k, v = (_repeated(x, q.shape[-3] if enable_gqa else 0, enable_gqa) for x in (k, v))
    return _weights(q, k, mask, is_causal, scale) @ v


def _size(q, k, v, mask=None, **options):
    """Values that are averaged, and how far the scores' roundings move the weights."""
    return np.max(np.abs(v), initial=1) * (
        1 + np.max(np.abs(q), initial=0) * np.max(np.abs(k), initial=0) * q.shape[-1]
    )


ORACLE = {"nn.functional.scaled_dot_product_attention": Oracle(_attention, scale=_size)}
REFUSES = {"bic": ["nn.functional.scaled_dot_product_attention"]}
SAME_TYPE = ["nn.functional.scaled_dot_product_attention"]
