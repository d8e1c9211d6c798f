// What conv_winograd.isa.cpp offers to its drivers, on one thread. F(2×2, 3×3): Note [Winograd] in conv_winograd.h.
#pragma once
#include <cstdint>
#include "kernels/nn/conv_table.h"

namespace adjoint::conv_detail {

// Tiles to transform, at most a vector of them.
struct TilePiece {
  int64_t from, to, count;
};

// Tiles that lie side by side: 2 · `count` columns of the result and two rows, of which the last may not exist.
struct TileRun {
  int64_t tile, count, to, columns, rows;
};

struct WinogradTable {
  int lanes;
  // G g Gᵀ for `rows` kernels, at most `width`, of each of `channels`: to[xi · xi_step + channel · width + row], 0 beyond
  // `rows`. Turned: the kernels' places in reverse.
  void (*weights)(const float* w, int64_t row_step, int64_t rows, int64_t channels, bool turned, float* to,
                  int64_t width, int64_t xi_step);
  // Bᵀ d B for the tiles of each channel's window, whose 16 elements lie at `places` from it:
  // to[xi · xi_step + channel · to_step + piece.to ...]. Whole vectors are read.
  void (*source)(const float* source, const int64_t* places, int64_t channels, int64_t channel_step,
                 const TilePiece* pieces, int64_t count, float* to, int64_t to_step, int64_t xi_step);
  // Aᵀ m A of a row of tiles, plus `start`, into rows of `width` elements. False where one is infinite or NaN.
  bool (*result)(const float* m, int64_t xi_step, float start, const TileRun* runs, int64_t count, float* to,
                 int64_t width);
  // A d Aᵀ for a row of tiles over `rows` rows of `columns` cells, which lie row_step apart: cells[(row · row_step +
  // column) · width + lane]; to[xi · xi_step + tile · width + lane]. What is missing of the last tile is 0.
  void (*cells)(const float* cells, int64_t row_step, int64_t rows, int64_t columns, int64_t width, float* to,
                int64_t xi_step);
  // Gᵀ s G for `rows` rows: to[row · row_step + place]. False where one is infinite or NaN.
  bool (*gradient)(const float* s, int64_t xi_step, int64_t rows, float* to, int64_t row_step);
};

const WinogradTable& winograd_table();

}  // namespace adjoint::conv_detail
