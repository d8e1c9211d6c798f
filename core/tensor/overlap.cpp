// Do two indices, or two tensors, reach the same memory? An address is a sum of steps, a whole number of each, so the
// question is whether such a sum can land in an interval. The search goes through the largest steps first: what
// the smaller ones reach, and the multiples of their common divisor, leave next to nothing to try for the
// strides that occur. After kTrials it says yes, which costs a copy or a refusal and never a wrong value.
#include <algorithm>
#include <numeric>
#include <vector>
#include "tensor/tensor.h"

namespace adjoint {
namespace {

constexpr int kTrials = 4096;

// k times `step` for any k in [low, high].
struct Term {
  int64_t step, low, high;
};

int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b != 0 && a < 0); }
int64_t ceil_div(int64_t a, int64_t b) { return -floor_div(-a, b); }

class Search {
 public:
  explicit Search(std::vector<Term> terms) : terms_(std::move(terms)), rest_(terms_.size() + 1) {
    for (size_t i = terms_.size(); i-- > 0;) {
      const Term& t = terms_[i];
      rest_[i] = {rest_[i + 1].low + t.low * t.step, rest_[i + 1].high + t.high * t.step,
                  std::gcd(rest_[i + 1].divisor, t.step)};
    }
  }
  // Can the terms add up to a number in [low, high]?
  bool reaches(int64_t low, int64_t high, size_t i = 0) {
    const Reach& all = rest_[i];
    if (low > all.high || high < all.low) return false;
    if (i == terms_.size() || trials_ <= 0) return true;
    if (floor_div(high, all.divisor) * all.divisor < low) return false;
    const Term& t = terms_[i];
    int64_t first = std::max(t.low, ceil_div(low - rest_[i + 1].high, t.step));
    int64_t last = std::min(t.high, floor_div(high - rest_[i + 1].low, t.step));
    for (int64_t k = first; k <= last; ++k) {
      --trials_;
      if (reaches(low - k * t.step, high - k * t.step, i + 1)) return true;
    }
    return false;
  }

 private:
  struct Reach {
    int64_t low = 0, high = 0, divisor = 0;
  };
  std::vector<Term> terms_;
  std::vector<Reach> rest_;  // of the terms from i on
  int trials_ = kTrials;
};

void sort_by_step(std::vector<Term>& terms) {
  std::sort(terms.begin(), terms.end(), [](const Term& a, const Term& b) { return a.step > b.step; });
}

// One past the last byte, counted from the storage's start.
int64_t end_of(const TensorImpl& x) {
  int64_t last = 0;
  for (int i = 0; i < x.ndim; ++i) last += (x.size(i) - 1) * x.stride(i);
  return x.byte_offset + (last + 1) * int64_t(x.itemsize());
}

void add_terms(std::vector<Term>& terms, const TensorImpl& x, int64_t sign) {
  for (int i = 0; i < x.ndim; ++i) {
    const int64_t step = x.stride(i) * int64_t(x.itemsize()), most = x.size(i) - 1;
    if (step == 0 || most == 0) continue;
    const int64_t low = sign < 0 ? -most : 0, high = sign < 0 ? 0 : most;
    auto same = std::find_if(terms.begin(), terms.end(), [&](const Term& t) { return t.step == step; });
    if (same == terms.end())
      terms.push_back({step, low, high});
    else
      same->low += low, same->high += high;
  }
}

}  // namespace

bool overlaps_itself(const TensorImpl& x) {
  if (x.contiguous() || x.numel < 2) return false;
  std::vector<Term> terms;
  for (int i = 0; i < x.ndim; ++i) {
    if (x.size(i) == 1) continue;
    if (x.stride(i) == 0) return true;
    terms.push_back({x.stride(i), 1 - x.size(i), x.size(i) - 1});
  }
  sort_by_step(terms);
  // Mostly every dimension steps over all that the smaller ones reach.
  int64_t reach = 0;
  bool nested = true;
  for (size_t i = terms.size(); i-- > 0 && nested;) {
    nested = terms[i].step > reach;
    reach += terms[i].step * terms[i].high;
  }
  // Two indices differ in a first dimension, there by k > 0: can the others bring the address back?
  for (; !nested && !terms.empty(); terms.erase(terms.begin())) {
    std::vector<Term> from_here = terms;
    from_here[0].low = 1;
    if (Search(std::move(from_here)).reaches(0, 0)) return true;
  }
  return false;
}

Overlap overlap(const TensorImpl& a, const TensorImpl& b) {
  if (a.storage->data != b.storage->data || a.numel == 0 || b.numel == 0 || a.meta_device())
    return Overlap::None;
  if (a.byte_offset == b.byte_offset && a.dtype == b.dtype && equal(a.sizes(), b.sizes()) &&
      equal(a.strides(), b.strides()))
    return Overlap::Full;
  if (a.byte_offset >= end_of(b) || b.byte_offset >= end_of(a)) return Overlap::None;
  if (a.contiguous() && b.contiguous()) return Overlap::Partial;
  std::vector<Term> terms;
  add_terms(terms, a, 1);
  add_terms(terms, b, -1);
  sort_by_step(terms);
  const int64_t apart = b.byte_offset - a.byte_offset;
  return Search(std::move(terms))
                 .reaches(apart - int64_t(a.itemsize()) + 1, apart + int64_t(b.itemsize()) - 1)
             ? Overlap::Partial
             : Overlap::None;
}

void refuse_self_overlap(const TensorImpl& x) {
  check(!overlaps_itself(x),
        "unsupported operation: more than one element of the written-to tensor refers to a single memory "
        "location. Please clone() the tensor before performing the operation.");
}
void check_no_partial_overlap(const TensorImpl& written, const TensorImpl& read) {
  check(
      overlap(written, read) != Overlap::Partial,
      "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single "
      "memory location. Please clone() the tensor before performing the operation.");
}

}  // namespace adjoint
