// A convolution as a product whose right factor, the source seen through the kernel, is packed a tile at a time.
#pragma once
#include "kernels/nn/conv_window.h"

namespace adjoint::conv_detail {

// result[n, group, row, cell] = bias[group, row] + Σ_{c, t} weights[group, row, c, t] · source[n, group, c, cell's place
// for the tap t].
template <class T> struct Correlation {
  Axis axis[3];
  int64_t batch, groups, rows, channels;  // rows and channels of one group
  const T *source, *weights, *bias;       // the source [batch, groups, channels, space...]; bias may be null
  T* result;
  int64_t plane;              // elements of a row of the result
  int64_t first, strides[3];  // where a cell lies among them
  int64_t taps() const { return axis[0].taps * axis[1].taps * axis[2].taps; }
};

// float, double, and integers, which wrap round. Sums are chains along channels and taps, cut in blocks of
// gemm_detail::block_of, the bias first: Note [Bits of a product] (kernels/gemm.h).
template <class T> void correlate(const Correlation<T>& c);

// Of a group's results.
struct GroupBand {
  int64_t group;
  Band band;
};

// weights[group, column, row] = Σ_{n, cell} source[n, group, c, cell's place for t] · other[n, group, row, cell], where
// column = (c, t). float and double. Images are summed in shares that depend on the geometry alone, and the shares in
// a tree.
template <class T> struct Correlations {
  Axis axis[3];
  int64_t batch, groups, rows, channels;
  const T *source, *other;
  T* weights;  // [groups, rows, channels, taps]
  int64_t taps() const { return axis[0].taps * axis[1].taps * axis[2].taps; }
};
template <class T> void correlate_all(const Correlations<T>& c);

// The same for few rows and channels; false where that is no gain.
template <class T> bool correlate_thin(const Correlation<T>& c);
template <class T> bool correlate_all_thin(const Correlations<T>& c);

// In how many shares the images are summed: a power of two, so that there are tasks for some threads, and of as many
// results in all as memory is well spent on.
int64_t shares_of(int64_t batch, int64_t tasks, int64_t size);
// `count` shares, `size` elements each, are added in a tree: share i gets share i + step for step = 1, 2, 4 ...
template <class T> void add_shares(T* shares, int64_t count, int64_t size, T* to);

}  // namespace adjoint::conv_detail
