// Elements whose values lie outside of a range: found, read and written by their indices.
#include <algorithm>
#include <cstring>
#include <vector>
#include "device/cpu/entries.h"
#include "device/cpu/work.h"
#include "kernels/isa.h"
#include "kernels/outside_table.h"
#include "kernels/parallel.h"

namespace adjoint {

ADJOINT_PICK_TABLE(OutsideTable, outside_table)

namespace cpu {
namespace {

constexpr int64_t kPiece = 1 << 14;  // elements looked through at a time
constexpr int64_t kBlock = 1 << 9;   // and, where there are any outside, elements found at a time

struct Borders {
  double low, high;
};

// f(kernels, elements, borders) for what a tensor is compared as.
template <class F> auto with_kernels(const TensorImpl& x, const Borders& r, F f) {
  const OutsideTable& t = outside_table();
  if (is_reduced(x.dtype)) {
    int16_t low, high;
    Scalar(r.low).store(&low, x.dtype);
    Scalar(r.high).store(&high, x.dtype);
    return f(t.half, reinterpret_cast<const int16_t*>(x.host()), half_order(low), half_order(high));
  }
  if (real_of(x.dtype) == Dtype::F32)
    return f(t.f32, reinterpret_cast<const float*>(x.host()), float(r.low), float(r.high));
  return f(t.f64, reinterpret_cast<const double*>(x.host()), r.low, r.high);
}
// Is one of the elements of a contiguous x from b to e in a tail?
bool any(const TensorImpl& x, const Borders& r, int64_t b, int64_t e) {
  return with_kernels(x, r, [&](auto& k, auto* p, auto low, auto high) {
    if (!is_complex(x.dtype)) return k.any(p + b, e - b, low, high);
    bool found = false;  // complex numbers by their real parts
    for (int64_t i = b; i < e; ++i) found |= p[2 * i] < low || p[2 * i] > high;
    return found;
  });
}
// The indices of those that are; at most kBlock are looked at.
int64_t find(const TensorImpl& x, const Borders& r, int64_t b, int64_t e, uint32_t* at) {
  alignas(8) uint8_t flags[kBlock];
  const int64_t n = e - b;
  with_kernels(x, r, [&](auto& k, auto* p, auto low, auto high) {
    if (!is_complex(x.dtype)) return k.flags(p + b, n, low, high, flags);
    for (int64_t i = 0; i < n; ++i) flags[i] = p[2 * (b + i)] < low || p[2 * (b + i)] > high;
  });
  std::memset(flags + n, 0, size_t(-n & 7));
  int64_t found = 0;
  for (int64_t i = 0; i < n; i += 8) {
    uint64_t eight;
    std::memcpy(&eight, flags + i, 8);
    for (; eight; eight &= eight - 1) at[found++] = uint32_t(b + i + __builtin_ctzll(eight) / 8);
  }
  return found;
}

int64_t offset_of(const TensorImpl& t, int64_t index) {  // in elements
  int64_t at = 0;
  for (int d = t.ndim - 1; d >= 0; --d) {
    at += index % t.size(d) * t.stride(d);
    index /= t.size(d);
  }
  return at;
}
// f(the tensor's element with index at[i], i)
template <class F> void visit_at(const TensorImpl& t, std::span<const uint32_t> at, F f) {
  auto visit_as = [&](auto* p) {
    if (t.contiguous())
      for (size_t i = 0; i < at.size(); ++i) f(p[at[i]], i);
    else
      for (size_t i = 0; i < at.size(); ++i) f(p[offset_of(t, at[i])], i);
  };
  switch (t.itemsize()) {
    case 2: return visit_as(reinterpret_cast<uint16_t*>(t.host()));
    case 4: return visit_as(reinterpret_cast<uint32_t*>(t.host()));
    case 8: return visit_as(reinterpret_cast<uint64_t*>(t.host()));
    default: return visit_as(reinterpret_cast<std::complex<double>*>(t.host()));
  }
}
}  // namespace

bool any_outside(const TensorImpl& x, double low, double high) { return any(x, {low, high}, 0, x.numel); }

Outside find_outside(const TensorImpl& x, double low, double high) {
  const Borders r{low, high};
  const int64_t n = x.numel, pieces = (n + kPiece - 1) / kPiece;
  uint8_t one = 0;
  std::vector<uint8_t> many(pieces > 1 ? size_t(pieces) : 0);
  const std::span<uint8_t> some = pieces > 1 ? std::span(many) : std::span(&one, 1);
  {
    Work work(n);
    parallel_for(pieces, 4, [&](int64_t b, int64_t e) {
      for (; b < e; ++b) some[size_t(b)] = any(x, r, b * kPiece, std::min(n, (b + 1) * kPiece));
    });
  }
  if (std::find(some.begin(), some.end(), 1) == some.end()) return {};
  std::vector<uint32_t> at;
  for (int64_t i = 0; i < pieces; ++i) {
    if (!some[size_t(i)]) continue;
    const int64_t end = std::min(n, (i + 1) * kPiece);
    for (int64_t b = i * kPiece; b < end; b += kBlock) {
      const int64_t e = std::min(end, b + kBlock);
      uint32_t found[kBlock];
      if (any(x, r, b, e)) at.insert(at.end(), found, found + find(x, r, b, e, found));
    }
    if (n >> 32 || int64_t(at.size()) > end / 8) return {true, Tensor()};
  }
  Tensor places = empty(Dims{int64_t(at.size())}, Dtype::I32);
  std::memcpy(places->host(), at.data(), at.size() * sizeof(uint32_t));
  return {true, places};
}

static std::span<const uint32_t> indices_of(const TensorImpl& at) {
  return {at.host_as<uint32_t>(), size_t(at.numel)};
}
void pick(const TensorImpl& x, const TensorImpl& at, const TensorImpl& y) {
  char* to = y.host();
  visit_at(x, indices_of(at), [&](auto& v, size_t i) { std::memcpy(to + i * sizeof v, &v, sizeof v); });
}
void place(const TensorImpl& x, const TensorImpl& at, const TensorImpl& values) {
  const char* from = values.host();
  visit_at(x, indices_of(at), [&](auto& v, size_t i) { std::memcpy(&v, from + i * sizeof v, sizeof v); });
}

}  // namespace cpu
}  // namespace adjoint
