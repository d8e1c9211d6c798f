#include "tensor/dims.h"
#include "tensor/error.h"

namespace adjoint {

namespace detail {
std::string text(Ints v) { return text_of(v); }
}  // namespace detail

std::string text_of(Ints v) {
  std::string s = "[";
  for (size_t i = 0; i < v.size(); ++i) s += (i ? ", " : "") + std::to_string(v[i]);
  return s + "]";
}

int64_t numel_of(Ints sizes) {
  int64_t n = 1;
  bool over = false;
  for (int64_t s : sizes) {
    check(s >= 0, "Trying to create tensor with negative dimension ", s, ": ", sizes);
    over |= __builtin_mul_overflow(n, s, &n);
  }
  check(!over, "numel: integer multiplication overflow for a tensor of sizes ", sizes);
  return n;
}

Dims contiguous_strides(Ints sizes) {  // an empty dimension counts as one, as in PyTorch
  Dims st(int64_t(sizes.size()));
  int64_t n = 1;
  bool over = false;
  for (int64_t i = int64_t(sizes.size()) - 1; i >= 0; --i) {
    check(!over, "Stride calculation overflowed for a tensor of sizes ", sizes);
    st[i] = n;
    over = __builtin_mul_overflow(n, std::max<int64_t>(sizes[size_t(i)], 1), &n);
  }
  return st;
}

Dims broadcast_shapes(Ints a, Ints b) {
  size_t n = std::max(a.size(), b.size());
  Dims out{};
  out.resize(int64_t(n));
  for (size_t k = 1; k <= n; ++k) {
    int64_t x = k <= a.size() ? a[a.size() - k] : 1, y = k <= b.size() ? b[b.size() - k] : 1;
    if (x != y && x != 1 && y != 1) [[unlikely]]
      fail_with(str("shapes ", a, " and ", b,
                    " do not broadcast: sizes, counted from the right, must be equal or 1"),
                ErrorKind::Runtime, "The size of tensor a (", x, ") must match the size of tensor b (", y,
                ") at non-singleton dimension ", n - k);
    out[int64_t(n - k)] = x == 1 ? y : x;
  }
  return out;
}

int64_t wrap_dim(int64_t dim, int64_t ndim) {
  int64_t n = std::max<int64_t>(ndim, 1);
  check_as(dim >= -n && dim < n, ErrorKind::Index, "Dimension out of range (expected to be in range of [", -n,
           ", ", n - 1, "], but got ", dim, ")");
  return dim < 0 ? dim + n : dim;
}

Dims wrap_dims(Ints dims, int64_t ndim) {
  Dims out;
  for (int64_t d : dims) {
    int64_t w = wrap_dim(d, ndim);
    check(!out.contains(w), "dim ", w, " appears multiple times in the list of dims");
    out.push_back(w);
  }
  return out;
}

}  // namespace adjoint
