// Convolutions with 3×3 kernels at stride 1 by fewer multiplications.
//
// Note [Winograd]: two by two results come from a tile of four by four elements of the source as Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A
// (Lavin and Gray 2015, "Fast Algorithms for Convolutional Neural Networks", F(2×2, 3×3)): sixteen products for each
// channel, as sixteen products of matrices over all channels, where a direct sum takes thirty-six. The transforms add and
// halve, so the error stays that of a sum: against float64 it is 0.8 to 1.6 times the direct kernel's
// (tests/test_convolutions.py holds it to 2). But an infinite or huge element reaches results that do not see it: where
// a result is not finite, its band is summed directly.
#pragma once
#include "kernels/nn/conv_correlate.h"

namespace adjoint::conv_detail {

bool winograd_fits(const Correlation<float>& c);
// Gives the bands that must be summed directly.
std::vector<GroupBand> winograd(const Correlation<float>& c);

bool winograd_fits(const Correlations<float>& c);
// False: the gradients must be summed directly.
bool winograd(const Correlations<float>& c);

// The grid's axes as tiles of two cells, which see four places of the source.
inline Axis tile_axis(const Axis& a) {
  return a.taps == 1 ? a : Axis{ceil_div(a.grid, 2), a.source, 2, 4, a.lowest(), 1, 0, 1};
}
inline constexpr int64_t kXi = 16, kPad = 16;  // products, and what keeps them out of each other's cache sets

bool winograd_axes(const Axis* axis);  // 3×3 at stride 1 over a plane
int64_t tiles_of(const Axis* axis, int64_t batch);
// Bands of tiles that fill vectors well.
Bands tile_bands(const Axis* tiles, int64_t batch, int64_t least, int64_t most);

}  // namespace adjoint::conv_detail
