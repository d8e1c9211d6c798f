// Winograd's transforms for vectors of tiles, or of channels. Compiled per instruction set (Note [One source, several
// instruction sets]).
#include "kernels/isa.h"
#include "kernels/nn/conv_simd.h"
#include "kernels/nn/conv_winograd_table.h"

namespace adjoint::conv_detail {
namespace {

using S = Simd<float>;
using Vector = S::Vector;
constexpr int W = S::kLanes;

// ---- the matrices, applied to four (or three, or two) vectors `step` apart -----------------------------------

ADJOINT_INLINE void times_Bt(const Vector* d, int step, Vector* v, int to) {
  const Vector d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step];
  v[0] = d0 - d2, v[to] = d1 + d2, v[2 * to] = d2 - d1, v[3 * to] = d1 - d3;
}
ADJOINT_INLINE void times_At(const Vector* m, int step, Vector* y, int to) {
  const Vector m1 = m[step], m2 = m[2 * step];
  y[0] = m[0] + m1 + m2, y[to] = m1 - m2 - m[3 * step];
}
ADJOINT_INLINE void times_A(const Vector* y, int step, Vector* m, int to) {
  const Vector a = y[0], b = y[step];
  m[0] = a, m[to] = a + b, m[2 * to] = a - b, m[3 * to] = -b;
}
ADJOINT_INLINE void times_G(const Vector* g, int step, Vector* u, int to) {
  const Vector sum = 0.5f * (g[0] + g[2 * step]), half = 0.5f * g[step];
  u[0] = g[0], u[to] = sum + half, u[2 * to] = sum - half, u[3 * to] = g[2 * step];
}
ADJOINT_INLINE void times_Gt(const Vector* s, int step, Vector* g, int to) {
  const Vector sum = 0.5f * (s[step] + s[2 * step]), difference = 0.5f * (s[step] - s[2 * step]);
  g[0] = s[0] + sum, g[to] = difference, g[2 * to] = sum + s[3 * step];
}

// ---- transforms ----------------------------------------------------------------------------------------------

void weights(const float* w, int64_t row_step, int64_t rows, int64_t channels, bool turned, float* to,
             int64_t width, int64_t xi_step) {
  for (int64_t c = 0; c < channels; c++, w += 9, to += width) {
    for (int64_t r = 0; r < width; r += W) {
      alignas(64) float lanes[9][W];
      const int64_t there = rows - r < W ? rows - r : W;
      for (int t = 0; t < 9; t++) {
        const float* from = w + r * row_step + (turned ? 8 - t : t);
        for (int i = 0; i < W; i++) lanes[t][i] = i < there ? from[i * row_step] : 0;
      }
      Vector g[9], half[12], u[16];
      ADJOINT_UNROLL for (int t = 0; t < 9; t++) g[t] = S::load(lanes[t]);
      ADJOINT_UNROLL for (int j = 0; j < 3; j++) times_G(g + j, 3, half + j, 3);
      ADJOINT_UNROLL for (int i = 0; i < 4; i++) times_G(half + 3 * i, 1, u + 4 * i, 1);
      ADJOINT_UNROLL for (int xi = 0; xi < 16; xi++) S::store(to + xi * xi_step + r, u[xi]);
    }
  }
}

void source(const float* source, const int64_t* places, int64_t channels, int64_t channel_step,
            const TilePiece* pieces, int64_t count, float* to, int64_t to_step, int64_t xi_step) {
  for (int64_t c = 0; c < channels; c++, source += channel_step, to += to_step) {
    for (int64_t i = 0; i < count; i++) {
      const float* from = source + pieces[i].from;
      Vector d[16], half[16], v[4];
      ADJOINT_UNROLL for (int k = 0; k < 16; k++) d[k] = S::load(from + places[k]);
      ADJOINT_UNROLL for (int j = 0; j < 4; j++) times_Bt(d + j, 4, half + j, 4);
      float* at = to + pieces[i].to;
      ADJOINT_UNROLL for (int r = 0; r < 4; r++) {
        times_Bt(half + 4 * r, 1, v, 1);
        if (pieces[i].count == W) {
          ADJOINT_UNROLL for (int j = 0; j < 4; j++) S::store(at + (4 * r + j) * xi_step, v[j]);
        } else {
          ADJOINT_UNROLL for (int j = 0; j < 4; j++)
              S::store_some(at + (4 * r + j) * xi_step, v[j], pieces[i].count);
        }
      }
    }
  }
}

// Elements of a and b in turns: the first half of them, or the second.
template <int N, int... I> struct Turns : Turns<N - 1, N - 1, I...> {};
template <int... I> struct Turns<0, I...> {
  static constexpr int kHalf = W / 2;
  static ADJOINT_INLINE Vector first(Vector a, Vector b) {
    return __builtin_shufflevector(a, b, (I / 2 + I % 2 * W)...);
  }
  static ADJOINT_INLINE Vector second(Vector a, Vector b) {
    return __builtin_shufflevector(a, b, (kHalf + I / 2 + I % 2 * W)...);
  }
};

ADJOINT_INLINE void store_row(Vector even, Vector odd, int64_t columns, float* to) {
  const Vector first = Turns<W>::first(even, odd), second = Turns<W>::second(even, odd);
  if (columns >= 2 * W) {
    S::store(to, first), S::store(to + W, second);
  } else if (columns > W) {
    S::store(to, first), S::store_some(to + W, second, columns - W);
  } else if (columns == W) {
    S::store(to, first);
  } else {
    S::store_some(to, first, columns);
  }
}

ADJOINT_INLINE bool finite(Vector zeros) {  // sums of 0 · x
  bool all = true;
  for (int i = 0; i < W; i++) all &= zeros[i] == 0;
  return all;
}

bool result(const float* m, int64_t xi_step, float start, const TileRun* runs, int64_t count, float* to,
            int64_t width) {
  Vector zeros{};
  for (int64_t k = 0; k < count; k++) {
    const TileRun& run = runs[k];
    for (int64_t t = 0; t < run.count; t += W) {
      Vector in[16], half[8], y[4];
      const int64_t left = run.count - t;
      if (left >= W) {
        ADJOINT_UNROLL for (int xi = 0; xi < 16; xi++) in[xi] = S::load(m + xi * xi_step + run.tile + t);
      } else {
        ADJOINT_UNROLL for (int xi = 0; xi < 16; xi++) in[xi] =
            S::load_some(m + xi * xi_step + run.tile + t, left);
      }
      ADJOINT_UNROLL for (int j = 0; j < 4; j++) times_At(in + j, 4, half + j, 4);
      ADJOINT_UNROLL for (int i = 0; i < 2; i++) times_At(half + 4 * i, 1, y + 2 * i, 1);
      ADJOINT_UNROLL for (int i = 0; i < 4; i++) zeros += y[i] * 0.0f, y[i] += start;
      float* at = to + run.to + 2 * t;
      store_row(y[0], y[1], run.columns - 2 * t, at);
      if (run.rows > 1) store_row(y[2], y[3], run.columns - 2 * t, at + width);
    }
  }
  return finite(zeros);
}

void cells(const float* cells, int64_t row_step, int64_t rows, int64_t columns, int64_t width, float* to,
           int64_t xi_step) {
  for (int64_t t = 0; 2 * t < columns; t++) {
    const bool wide = 2 * t + 1 < columns, high = rows > 1;
    for (int64_t r = 0; r < width; r += W) {
      const float *from = cells + 2 * t * width + r, *below = from + row_step * width;
      Vector y[4], half[8], m[16];
      y[0] = S::load(from), y[1] = wide ? S::load(from + width) : Vector{};
      y[2] = high ? S::load(below) : Vector{}, y[3] = high && wide ? S::load(below + width) : Vector{};
      ADJOINT_UNROLL for (int j = 0; j < 2; j++) times_A(y + j, 2, half + j, 2);
      ADJOINT_UNROLL for (int i = 0; i < 4; i++) times_A(half + 2 * i, 1, m + 4 * i, 1);
      ADJOINT_UNROLL for (int xi = 0; xi < 16; xi++) S::store(to + xi * xi_step + t * width + r, m[xi]);
    }
  }
}

bool gradient(const float* s, int64_t xi_step, int64_t rows, float* to, int64_t row_step) {
  Vector zeros{};
  for (int64_t r = 0; r < rows; r += W) {
    Vector in[16], half[12], g[9];
    const int64_t left = rows - r;
    ADJOINT_UNROLL for (int xi = 0; xi < 16; xi++) in[xi] =
        left >= W ? S::load(s + xi * xi_step + r) : S::load_some(s + xi * xi_step + r, left);
    ADJOINT_UNROLL for (int j = 0; j < 4; j++) times_Gt(in + j, 4, half + j, 4);
    ADJOINT_UNROLL for (int i = 0; i < 3; i++) times_Gt(half + 4 * i, 1, g + 3 * i, 1);
    for (int i = 0; i < W && i < left; i++) {
      for (int t = 0; t < 9; t++) to[(r + i) * row_step + t] = g[t][i];
    }
    ADJOINT_UNROLL for (int t = 0; t < 9; t++) zeros += g[t] * 0.0f;
  }
  return finite(zeros);
}

}  // namespace

extern const WinogradTable ADJOINT_ISA_NAME(winograd);
const WinogradTable ADJOINT_ISA_NAME(winograd) = {W, weights, source, result, cells, gradient};

}  // namespace adjoint::conv_detail
