// Resampling along one axis as a banded matrix: each result is a weighted sum of neighbouring elements. Its transpose,
// which carries gradients, is such a matrix, too.
#pragma once
#include <cstdint>
#include <vector>

namespace adjoint {

enum class Resampling : uint8_t {
  Nearest,       // element ⌊i·scale⌋
  NearestExact,  // element ⌊(i + ½)·scale⌋
  Linear,
  Cubic,  // convolution with Keys' kernel, a = −0.75
  // Kernels as wide as a result's share of the image, so that shrinking averages.
  LinearAntialias,
  CubicAntialias,    // a = −0.5
  LanczosAntialias,  // 3 lobes
};

struct ResampleAxis {
  int64_t in = 1, out = 1;
  double scale = 0;  // results for each element, as the user gave it; 0: by the sizes
};

template <class T> struct Band {
  int64_t from = 0, to = 0, taps = 0;  // elements, results, the most elements that a result has
  std::vector<int64_t> first, count;   // of each result
  std::vector<T> weight;               // taps for each result
  bool identity() const;
  Band transposed() const;
};
template <class T> Band<T> make_band(Resampling how, bool align_corners, const ResampleAxis& axis);

}  // namespace adjoint
