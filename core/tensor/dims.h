// Dims: a short vector of int64 that lives inline up to eight entries; Ints: a borrowed list of them.
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <span>
#include <string>

namespace adjoint {

using Ints = std::span<const int64_t>;

class Dims {
 public:
  Dims() {}  // not defaulted: Dims{} would clear the entries, which costs more than a small operation
  explicit Dims(int64_t n, int64_t value = 0) {
    reserve(n);
    n_ = n;
    for (int64_t i = 0; i < n; ++i) p_[i] = value;
  }
  Dims(std::initializer_list<int64_t> v) { assign(v.begin(), int64_t(v.size())); }
  Dims(Ints v) { assign(v.data(), int64_t(v.size())); }
  Dims(const int64_t* b, const int64_t* e) { assign(b, e - b); }
  Dims(const Dims& o) { assign(o.p_, o.n_); }
  Dims(Dims&& o) noexcept { take(o); }
  Dims& operator=(const Dims& o) {
    if (this != &o) assign(o.p_, o.n_);
    return *this;
  }
  Dims& operator=(Dims&& o) noexcept {
    if (this != &o) {
      drop();
      take(o);
    }
    return *this;
  }
  Dims& operator=(Ints v) {
    assign(v.data(), int64_t(v.size()));
    return *this;
  }
  ~Dims() { drop(); }

  int64_t size() const { return n_; }
  bool empty() const { return n_ == 0; }
  int64_t* data() { return p_; }
  const int64_t* data() const { return p_; }
  int64_t* begin() { return p_; }
  int64_t* end() { return p_ + n_; }
  const int64_t* begin() const { return p_; }
  const int64_t* end() const { return p_ + n_; }
  int64_t& operator[](int64_t i) { return p_[i]; }
  int64_t operator[](int64_t i) const { return p_[i]; }
  int64_t& back() { return p_[n_ - 1]; }
  int64_t back() const { return p_[n_ - 1]; }
  operator Ints() const { return {p_, size_t(n_)}; }

  void assign(const int64_t* v, int64_t n) {
    reserve(n);
    if (n > kInline) {
      std::memmove(p_, v, size_t(n) * 8);
    } else {  // a loop: shorter than the call of memmove
      int64_t* p = p_;
      for (int64_t i = 0; i < n; ++i) p[i] = v[i];
    }
    n_ = n;
  }
  void push_back(int64_t v) {
    reserve(n_ + 1);
    p_[n_++] = v;
  }
  void insert(int64_t at, int64_t v) {
    push_back(v);
    std::rotate(p_ + at, p_ + n_ - 1, p_ + n_);
  }
  void erase(int64_t at) {
    std::copy(p_ + at + 1, p_ + n_, p_ + at);
    --n_;
  }
  void resize(int64_t n, int64_t v = 0) {
    reserve(n);
    for (int64_t i = n_; i < n; ++i) p_[i] = v;
    n_ = n;
  }
  bool operator==(const Dims& o) const { return std::ranges::equal(Ints(*this), Ints(o)); }
  bool contains(int64_t v) const { return std::find(begin(), end(), v) != end(); }

 private:
  static constexpr int64_t kInline = 8;
  void reserve(int64_t n) {
    if (n <= cap_) return;
    int64_t cap = std::max(n, 2 * cap_);
    auto* p = new int64_t[size_t(cap)];
    if (n_) std::memcpy(p, p_, size_t(n_) * 8);
    drop();
    p_ = p;
    cap_ = cap;
  }
  void drop() {
    if (p_ != inline_) delete[] p_;
  }
  void take(Dims& o) {
    n_ = o.n_;
    if (o.p_ == o.inline_) {
      p_ = inline_;
      cap_ = kInline;
      // One by one: a wide load of what was just stored piece by piece would have to wait for the stores.
      for (int64_t i = 0; i < n_; ++i) inline_[i] = o.inline_[i];
    } else {
      p_ = o.p_;
      cap_ = o.cap_;
      o.p_ = o.inline_;
      o.cap_ = kInline;
    }
    o.n_ = 0;
  }
  int64_t n_ = 0, cap_ = kInline;
  int64_t* p_ = inline_;
  int64_t inline_[kInline];
};

inline bool equal(Ints a, Ints b) {  // shapes are short: a call of memcmp costs more than the loop
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i)
    if (a[i] != b[i]) return false;
  return true;
}
std::string text_of(Ints v);   // "[2, 3]"
int64_t numel_of(Ints sizes);  // product; RuntimeError on a negative size or overflow
Dims contiguous_strides(Ints sizes);
Dims broadcast_shapes(Ints a, Ints b);  // RuntimeError in PyTorch's words when they do not match
// A dimension index in [-n, n), wrapped; IndexError otherwise. A 0-d tensor accepts -1 and 0, but
// has no size there: do not ask size(dim) of it.
int64_t wrap_dim(int64_t dim, int64_t ndim);
Dims wrap_dims(Ints dims, int64_t ndim);  // wrapped, duplicates refused

}  // namespace adjoint
