"""SparseAdam, which needs sparse gradients: there are none here."""

from __future__ import annotations

from .optimizer import Optimizer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._core import Tensor
    from .optimizer import ParamsT

__all__ = ["SparseAdam"]


class SparseAdam(Optimizer):
    """Adam for sparse gradients. Adjoint has no sparse tensors: making one raises an error that says what to use."""

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        maximize: bool = False,
    ) -> None:
        raise NotImplementedError(
            "SparseAdam updates by sparse gradients, and Adjoint has no sparse tensors: gradients of embeddings are "
            "dense here, also with sparse=True. Use torch.optim.Adam, which gives the same numbers where all rows have "
            "a gradient; rows without one move on with their momentum there."
        )
