"""Functions of neural networks: activations, softmax, linear."""

from .. import _core
from ._attention import multi_head_attention_forward as multi_head_attention_forward
from ._grouped import grouped_mm as grouped_mm
from ._losses import linear_cross_entropy as linear_cross_entropy
from ._losses import triplet_margin_with_distance_loss as triplet_margin_with_distance_loss
from ._pool import (
    adaptive_avg_pool2d as adaptive_avg_pool2d,
)
from ._pool import (
    adaptive_avg_pool3d as adaptive_avg_pool3d,
)
from ._pool import (
    adaptive_max_pool1d as adaptive_max_pool1d,
)
from ._pool import (
    adaptive_max_pool1d_with_indices as adaptive_max_pool1d_with_indices,
)
from ._pool import (
    adaptive_max_pool2d as adaptive_max_pool2d,
)
from ._pool import (
    adaptive_max_pool2d_with_indices as adaptive_max_pool2d_with_indices,
)
from ._pool import (
    adaptive_max_pool3d as adaptive_max_pool3d,
)
from ._pool import (
    adaptive_max_pool3d_with_indices as adaptive_max_pool3d_with_indices,
)
from ._pool import (
    fractional_max_pool2d as fractional_max_pool2d,
)
from ._pool import (
    fractional_max_pool2d_with_indices as fractional_max_pool2d_with_indices,
)
from ._pool import (
    fractional_max_pool3d as fractional_max_pool3d,
)
from ._pool import (
    fractional_max_pool3d_with_indices as fractional_max_pool3d_with_indices,
)
from ._pool import (
    lp_pool1d as lp_pool1d,
)
from ._pool import (
    lp_pool2d as lp_pool2d,
)
from ._pool import (
    lp_pool3d as lp_pool3d,
)
from ._pool import (
    max_pool1d as max_pool1d,
)
from ._pool import (
    max_pool1d_with_indices as max_pool1d_with_indices,
)
from ._pool import (
    max_pool2d as max_pool2d,
)
from ._pool import (
    max_pool2d_with_indices as max_pool2d_with_indices,
)
from ._pool import (
    max_pool3d as max_pool3d,
)
from ._pool import (
    max_pool3d_with_indices as max_pool3d_with_indices,
)
from ._pool import (
    max_unpool1d as max_unpool1d,
)
from ._pool import (
    max_unpool2d as max_unpool2d,
)
from ._pool import (
    max_unpool3d as max_unpool3d,
)
from ._resample import affine_grid as affine_grid
from ._resample import grid_sample as grid_sample
from ._resample import interpolate as interpolate
from ._resample import upsample as upsample
from ._resample import upsample_bilinear as upsample_bilinear
from ._resample import upsample_nearest as upsample_nearest
from ._sparse import embedding_bag as embedding_bag

globals().update(_core._nn)


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    raise AttributeError(f"module 'adjoint.nn.functional' has no attribute '{name}': it is not in Adjoint yet")
