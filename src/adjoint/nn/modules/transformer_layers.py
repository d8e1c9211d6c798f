"""The layers of which transformers are made; transformer.py, where PyTorch has them, stacks them."""

from __future__ import annotations

from warnings import warn

from ... import _core
from .. import functional as F
from .._attention import additive
from .activation import GELU, ReLU
from .dropout import Dropout
from .linear import Linear
from .module import Module
from .multihead import MultiheadAttention
from .normalization import LayerNorm

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..._core import Tensor

    Activation = str | Callable[[Tensor], Tensor]

__all__ = ["TransformerDecoderLayer", "TransformerEncoderLayer"]


class _Layer(Module):
    """What layers of encoders and decoders share: attention to itself, and two linear maps behind it."""

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int,
        dropout: float,
        activation: Activation,
        layer_norm_eps: float,
        batch_first: bool,
        norm_first: bool,
        bias: bool,
        attentions: tuple[str, ...],
        **factory: Any,
    ) -> None:
        super().__init__()
        for name in attentions:
            attention = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, **factory)
            self.add_module(name, attention)
        self.linear1 = Linear(d_model, dim_feedforward, bias=bias, **factory)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias=bias, **factory)
        self.norm_first = norm_first
        blocks = range(1, len(attentions) + 2)
        for i in blocks:
            self.add_module(f"norm{i}", LayerNorm(d_model, eps=layer_norm_eps, bias=bias, **factory))
        for i in blocks:
            self.add_module(f"dropout{i}", Dropout(dropout))
        self.activation = _activation(activation) if isinstance(activation, str) else activation

    def __setstate__(self, state: dict[str, Any]) -> None:
        missing = {} if "activation" in state.get("_modules", ()) else {"activation": F.relu}
        super().__setstate__(missing | state)

    def _add(self, x: Tensor, norm: Callable[[Tensor], Tensor], block: Callable[[Tensor], Tensor]) -> Tensor:
        """x and what a block makes of it; normalised before (Xiong et al. 2020) or behind."""
        return x + block(norm(x)) if self.norm_first else norm(x + block(x))

    def _attended(
        self, attention: Module, drop: Module, x: Tensor, memory: Tensor, mask: Any, padding: Any, is_causal: bool
    ) -> Tensor:
        found: Tensor = attention(
            x, memory, memory, attn_mask=mask, key_padding_mask=padding, is_causal=is_causal, need_weights=False
        )[0]
        dropped: Tensor = drop(found)
        return dropped

    def _sa_block(self, x: Tensor, attn_mask: Any, key_padding_mask: Any, is_causal: bool = False) -> Tensor:
        return self._attended(self.self_attn, self.dropout1, x, x, attn_mask, key_padding_mask, is_causal)

    def _ff_block(self, x: Tensor) -> Tensor:
        last: Module = self.dropout3 if "dropout3" in self._modules else self.dropout2
        found: Tensor = last(self.linear2(self.dropout(self.activation(self.linear1(x)))))
        return found


class TransformerEncoderLayer(_Layer):
    """x = norm1(x + attention(x)), then norm2(x + linear2(activation(linear1(x)))), with dropout in each sum.

    With `norm_first` the norms stand before attention and linear maps. `activation` is "relu", "gelu" or a function. Sequences
    are (S, N, E), with `batch_first` (N, S, E), or (S, E).

    >>> import adjoint as torch
    >>> layer = torch.nn.TransformerEncoderLayer(d_model=8, nhead=2, dim_feedforward=16)
    >>> layer(torch.randn(10, 3, 8)).shape
    torch.Size([10, 3, 8])
    """

    shape = "(S, N?, self_attn.embed_dim) -> (S, N?, self_attn.embed_dim)"

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        settings = (dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias)
        super().__init__(d_model, nhead, *settings, ("self_attn",), device=device, dtype=dtype)
        f = self.activation
        self.activation_relu_or_gelu = (
            1 if f is F.relu or isinstance(f, ReLU) else 2 if f is F.gelu or isinstance(f, GELU) else 0
        )

    def forward(
        self,
        src: Tensor,
        src_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:
        padding = canonical_mask(src_key_padding_mask, "src_key_padding_mask", src_mask, "src_mask", src)
        mask = canonical_mask(src_mask, "src_mask", None, "", src)
        x = self._add(src, self.norm1, lambda x: self._sa_block(x, mask, padding, is_causal))
        return self._add(x, self.norm2, self._ff_block)


class TransformerDecoderLayer(_Layer):
    """As TransformerEncoderLayer, with attention to `memory`, what an encoder gave, between the two parts.

    >>> import adjoint as torch
    >>> layer = torch.nn.TransformerDecoderLayer(d_model=8, nhead=2, dim_feedforward=16)
    >>> layer(torch.randn(20, 3, 8), torch.randn(10, 3, 8)).shape
    torch.Size([20, 3, 8])
    """

    shape = (
        "(T, N?, self_attn.embed_dim), (S, N?, self_attn.embed_dim) or (N, T, self_attn.embed_dim), "
        "(N, S, self_attn.embed_dim) -> (T, N?, self_attn.embed_dim) or (N, T, self_attn.embed_dim)"
    )

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        settings = (dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias)
        super().__init__(d_model, nhead, *settings, ("self_attn", "multihead_attn"), device=device, dtype=dtype)

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        x = self._add(tgt, self.norm1, lambda x: self._sa_block(x, tgt_mask, tgt_key_padding_mask, tgt_is_causal))
        x = self._add(
            x,
            self.norm2,
            lambda x: self._mha_block(x, memory, memory_mask, memory_key_padding_mask, memory_is_causal),
        )
        return self._add(x, self.norm3, self._ff_block)

    def _mha_block(
        self, x: Tensor, mem: Tensor, attn_mask: Any, key_padding_mask: Any, is_causal: bool = False
    ) -> Tensor:
        return self._attended(self.multihead_attn, self.dropout2, x, mem, attn_mask, key_padding_mask, is_causal)


def _activation(name: str) -> Any:
    if name not in ("relu", "gelu"):
        raise RuntimeError(f"activation should be relu/gelu, not {name}")
    return F.relu if name == "relu" else F.gelu


def canonical_mask(
    mask: Tensor | None, name: str, other: Tensor | None, other_name: str, like: Tensor
) -> Tensor | None:
    """A mask as numbers to be added to scores."""
    if mask is None:
        return None
    if mask.dtype != _core.bool and not mask.is_floating_point():
        raise AssertionError(f"only bool and floating types of {name} are supported")
    if other is not None and mask.dtype != other.dtype:
        warn(
            f"Support for mismatched {name} and {other_name} is deprecated. Use same type for both instead.",
            stacklevel=3,
        )
    return additive(mask, like.dtype) if mask.dtype == _core.bool else mask


for _layer in (TransformerEncoderLayer, TransformerDecoderLayer):
    _layer.__module__ = "adjoint.nn.modules.transformer"
