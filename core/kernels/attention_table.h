// What attention.isa.cpp offers to attention.cpp: passes over a tile of scores, on one thread.
//
// A tile has a row for each key and a column for each query, so that all a query needs (its largest score, its sum) is
// one lane of a vector. Rows lie kTileWidth apart; `width` is a multiple of kTileStep, and columns beyond the last query
// hold anything.
#pragma once
#include <cstdint>

namespace adjoint {

inline constexpr int64_t kTileWidth = 64, kTileStep = 16;

template <class T> struct AttentionPasses {
  // Scores become e^(score - top), where each query's `top` is raised to the largest score seen; sum = sum · shrink + what
  // they add up to, shrink = e^(old top - new top).
  void (*weights)(T* scores, int64_t keys, int64_t width, T* top, T* sum, T* shrink);
  // Scores become weights p = e^(score - log_sum), and dp becomes p · (dp - delta), 0 where p is.
  void (*slopes)(T* scores, T* dp, int64_t keys, int64_t width, const T* log_sum, const T* delta);
  // Row i of `to` = by[i] · row i of `from`; the two may be the same.
  void (*scale_rows)(const T* from, int64_t from_ld, T* to, int64_t to_ld, int64_t rows, int64_t n,
                     const T* by);
  // out[i] = Σ a[i, k] · b[i, k]
  void (*row_dots)(const T* a, int64_t lda, const T* b, int64_t ldb, int64_t rows, int64_t n, T* out);
  // by[i] = 1 / sum[i], or 0; log_sum[i] = top[i] + log sum[i], or +inf, which makes all weights 0: a query with no key.
  void (*finish)(const T* top, const T* sum, int64_t n, T* by, T* log_sum);
  bool (*finite)(const T* x, int64_t ld, int64_t rows, int64_t n);
};
struct AttentionTable {
  AttentionPasses<float> f32;
  AttentionPasses<double> f64;
};

}  // namespace adjoint
