#include "ops/tails.h"
#include <cstring>
#include "kernels/isa.h"
#include "kernels/outside_table.h"
#include "kernels/parallel.h"
#include "ops/ops.h"
#include "ops/pointwise_node.h"
#include "ops/raw.h"

namespace adjoint {

ADJOINT_PICK_TABLE(OutsideTable, outside_table)

using namespace pointwise_detail;

namespace {

constexpr int64_t kPiece = 1 << 14;   // elements looked through at a time
constexpr int64_t kBlock = 1 << 9;    // and, where there are any in tails, elements found at a time
constexpr int64_t kMended = 1 << 10;  // elements mended at a time
constexpr int64_t kLarge = 1 << 16;   // from here on the big lock is released

TailRange range_for(const TailRange& r, Dtype d) {
  const double part = is_reduced(d) ? 0.5 : 1;  // halves have few digits to lose
  return {r.low * part, r.high * part};
}

// f(kernels, elements, borders) for what a tensor is compared as.
template <class F> auto with_kernels(const TensorImpl& x, const TailRange& r, F f) {
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
bool any(const TensorImpl& x, const TailRange& r, int64_t b, int64_t e) {
  return with_kernels(x, r, [&](auto& k, auto* p, auto low, auto high) {
    if (!is_complex(x.dtype)) return k.any(p + b, e - b, low, high);
    bool found = false;  // complex numbers by their real parts
    for (int64_t i = b; i < e; ++i) found |= p[2 * i] < low || p[2 * i] > high;
    return found;
  });
}
// The indices of those that are; at most kBlock are looked at.
int64_t find(const TensorImpl& x, const TailRange& r, int64_t b, int64_t e, uint32_t* at) {
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
void gather(const Tensor& t, std::span<const uint32_t> at, char* to) {
  visit_at(*t, at, [&](auto& x, size_t i) { std::memcpy(to + i * sizeof x, &x, sizeof x); });
}
void scatter(const Tensor& t, std::span<const uint32_t> at, const char* from) {
  visit_at(*t, at, [&](auto& x, size_t i) { std::memcpy(&x, from + i * sizeof x, sizeof x); });
}

}  // namespace

std::unique_ptr<Tails> Tails::of(const PointwiseOp& op, const Tensor& operand) {
  if (operand->device != Device::Cpu || !operand->numel) return nullptr;
  const Tensor x = raw::contiguous(operand);
  const bool own = x.get() != operand.get();
  const TailRange r = range_for(op.tail, x->dtype);
  const int64_t n = x->numel, pieces = (n + kPiece - 1) / kPiece;
  if (pieces == 1) {
    const uint8_t one = any(*x, r, 0, n);
    return std::unique_ptr<Tails>(one ? new Tails(op, x, {&one, 1}, own) : nullptr);
  }
  std::vector<uint8_t> some(size_t(pieces), 0);
  {
    Unlocked unlocked(n >= kLarge);
    parallel_for(pieces, 4, [&](int64_t b, int64_t e) {
      for (; b < e; ++b) some[size_t(b)] = any(*x, r, b * kPiece, std::min(n, (b + 1) * kPiece));
    });
  }
  const bool found = std::find(some.begin(), some.end(), 1) != some.end();
  return std::unique_ptr<Tails>(found ? new Tails(op, x, some, own) : nullptr);
}

// `some`: of x's pieces, those that have elements in tails.
Tails::Tails(const PointwiseOp& op, const Tensor& x, std::span<const uint8_t> some, bool own)
    : op_(op), range_(range_for(op.tail, x->dtype)) {
  const int64_t n = x->numel;
  std::vector<uint32_t> at;
  bool many = n >> 32;
  for (int64_t i = 0; i < int64_t(some.size()) && !many; ++i) {
    if (!some[size_t(i)]) continue;
    const int64_t end = std::min(n, (i + 1) * kPiece);
    for (int64_t b = i * kPiece; b < end; b += kBlock) {
      const int64_t e = std::min(end, b + kBlock);
      uint32_t found[kBlock];
      if (any(*x, range_, b, e)) at.insert(at.end(), found, found + find(*x, range_, b, e, found));
    }
    many = int64_t(at.size()) > end / 8;  // they cost less time as a whole
  }
  if (many) {
    values_ = own ? x : raw::clone(x);
    return;
  }
  at_.assign(at.begin(), at.end());  // no more memory than they need
  values_ = empty(Dims{int64_t(at_.size())}, x->dtype);
  gather(x, at_, values_->host());
}

// f(indices of at most kMended pairs, how many came before)
template <class F> void Tails::each_piece(F f) const {
  const std::span<const uint32_t> all = at_;
  for (size_t b = 0; b < all.size(); b += kMended)
    f(all.subspan(b, std::min(all.size() - b, size_t(kMended))), b);
}

void Tails::pull(const Tensor& gx, const Tensor& g, const Tensor& y) const {
  const int compute = compute_of(op_, gx->dtype);
  const Tensor x = operand(gx->sizes());
  const Operand operands[] = {g, y, x, range_.low, range_.high};
  run_loop(op_.kernels.tail[compute], gx, kKernelType[compute], kKernelType[compute], operands, false);
}

void Tails::mend(const Tensor& gx, const Tensor& g, const Tensor& y) const {
  const int compute = compute_of(op_, gx->dtype);
  each_piece([&](std::span<const uint32_t> at, size_t before) {
    const Dims n{int64_t(at.size())};
    const Tensor some_g = empty(n, g->dtype), some_y = empty(n, y->dtype), some_x = empty(n, y->dtype);
    gather(g, at, some_g->host());
    gather(y, at, some_y->host());
    const size_t size = some_x->itemsize();
    std::memcpy(some_x->host(), values_->host() + before * size, at.size() * size);
    const Tensor out = empty(n, gx->dtype);
    const Operand operands[] = {some_g, some_y, some_x, range_.low, range_.high};
    run_loop(op_.kernels.tail[compute], out, kKernelType[compute], kKernelType[compute], operands, false);
    scatter(gx, at, out->host());
  });
}

Tensor Tails::operand(Ints sizes) const {
  if (whole()) return alias_contiguous(values_, sizes);
  Tensor out = empty(sizes, values_->dtype);
  raw::zero(out);
  scatter(out, at_, values_->host());
  return out;
}

Tensor Tails::where(const Tensor& operand) const {
  static const PointwiseOp &below = find_pointwise("lt"), &above = find_pointwise("gt"),
                           &either = find_pointwise("logical_or");
  const Tensor x = is_complex(operand->dtype) ? ops::real(operand) : operand;
  return pointwise(either, {pointwise(below, {x, range_.low}), pointwise(above, {x, range_.high})});
}

}  // namespace adjoint
