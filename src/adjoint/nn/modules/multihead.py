"""MultiheadAttention; PyTorch keeps it beside the activations, where pickles look for it."""

from __future__ import annotations

from ... import _core
from .. import functional as F
from .. import init
from ..parameter import Parameter
from .linear import NonDynamicallyQuantizableLinear
from .module import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..._core import Tensor

__all__ = ["MultiheadAttention"]


class MultiheadAttention(Module):
    """Attention of `num_heads` heads (Vaswani et al. 2017): headᵢ = softmax(Qᵢ Kᵢᵀ / √d) Vᵢ, joined and projected.

    Q, K and V are linear maps of query (L, N, E), key (S, N, kdim) and value (S, N, vdim), without N where there is no
    batch, with N first where `batch_first`; E = embed_dim. `add_bias_kv` adds one learnt key and value to each sequence,
    `add_zero_attn` one of zeros. Gives the output and, unless need_weights=False, which is quicker, the weights,
    averaged over heads unless average_attn_weights=False.

    in_proj_weight is (3 E, E), or q_, k_ and v_proj_weight have (E, E), (E, kdim) and (E, vdim) where these differ:
    uniform as in Glorot & Bengio 2010, so are out_proj's as in Linear; bias_k and bias_v are normal as there, other
    biases 0.

    >>> import adjoint as torch
    >>> output, weights = torch.nn.MultiheadAttention(8, 2)(*[torch.randn(5, 3, 8)] * 3)
    >>> output.shape, weights.shape
    (torch.Size([5, 3, 8]), torch.Size([3, 5, 5]))
    """

    shape = (
        "(L, N?, embed_dim), (S, N?, kdim), (S, N?, vdim) or (N?, L, embed_dim), (N?, S, kdim), (N?, S, vdim)"
        " -> (L, N?, embed_dim) or (N?, L, embed_dim)"
    )

    in_proj_weight: Parameter | None
    q_proj_weight: Parameter | None
    k_proj_weight: Parameter | None
    v_proj_weight: Parameter | None
    in_proj_bias: Parameter | None
    bias_k: Parameter | None
    bias_v: Parameter | None

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(
                f"embed_dim and num_heads must be greater than 0, got embed_dim={embed_dim} and num_heads={num_heads} "
                "instead"
            )
        super().__init__()
        self.embed_dim, self.num_heads, self.head_dim = embed_dim, num_heads, embed_dim // num_heads
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self._qkv_same_embed_dim = self.kdim == embed_dim and self.vdim == embed_dim
        self.dropout, self.batch_first, self.add_zero_attn = dropout, batch_first, add_zero_attn
        if self.head_dim * num_heads != embed_dim:
            raise AssertionError("embed_dim must be divisible by num_heads")

        def register(name: str, *sizes: int, wanted: bool = True) -> None:
            self.register_parameter(name, Parameter(_core.empty(sizes, device=device, dtype=dtype)) if wanted else None)

        together = self._qkv_same_embed_dim
        register("in_proj_weight", 3 * embed_dim, embed_dim, wanted=together)
        register("q_proj_weight", embed_dim, embed_dim, wanted=not together)
        register("k_proj_weight", embed_dim, self.kdim, wanted=not together)
        register("v_proj_weight", embed_dim, self.vdim, wanted=not together)
        register("in_proj_bias", 3 * embed_dim, wanted=bias)
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias=bias, device=device, dtype=dtype)
        register("bias_k", 1, 1, embed_dim, wanted=add_bias_kv)
        register("bias_v", 1, 1, embed_dim, wanted=add_bias_kv)
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        for weight in (self.in_proj_weight, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
            if weight is not None:
                init.xavier_uniform_(weight)
        if self.in_proj_bias is not None:
            init.constant_(self.in_proj_bias, 0.0)
            init.constant_(self.out_proj.bias, 0.0)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        for bias in (self.bias_k, self.bias_v):
            if bias is not None:
                init.xavier_normal_(bias)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__({"_qkv_same_embed_dim": True} | state)  # PyTorch 1.1.0 had no other

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        swap = self.batch_first and query.dim() == 3
        if swap:  # what was one tensor stays one
            turned = {id(x): x.transpose(0, 1) for x in (query, key, value)}
            query, key, value = (turned[id(x)] for x in (query, key, value))
        out, weights = F.multi_head_attention_forward(
            query,
            key,
            value,
            self.embed_dim,
            self.num_heads,
            self.in_proj_weight,
            self.in_proj_bias,
            self.bias_k,
            self.bias_v,
            self.add_zero_attn,
            self.dropout,
            self.out_proj.weight,
            self.out_proj.bias,
            training=self.training,
            key_padding_mask=key_padding_mask,
            need_weights=need_weights,
            attn_mask=attn_mask,
            use_separate_proj_weight=not self._qkv_same_embed_dim,
            q_proj_weight=self.q_proj_weight,
            k_proj_weight=self.k_proj_weight,
            v_proj_weight=self.v_proj_weight,
            average_attn_weights=average_attn_weights,
            is_causal=is_causal,
        )
        return (out.transpose(0, 1) if swap else out), weights


MultiheadAttention.__module__ = "adjoint.nn.modules.activation"
