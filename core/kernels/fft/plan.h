// Plans: how a transform of n is made, with all of its roots of unity.
#pragma once
#include <memory>
#include <vector>
#include "kernels/fft/table.h"

namespace adjoint::fft {

inline constexpr int64_t kMaxRadix = 61;  // sizes with a larger prime factor: Note [Bluestein] in plan.cpp

// Memory on the boundary of a vector.
template <class T> class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(int64_t n)
      : p_(static_cast<T*>(::operator new(size_t(n) * sizeof(T), std::align_val_t(64)))) {}
  T* get() const { return p_.get(); }
  explicit operator bool() const { return bool(p_); }

 private:
  struct Free {
    void operator()(T* p) const { ::operator delete(p, std::align_val_t(64)); }
  };
  std::unique_ptr<T, Free> p_;
};

template <class T> struct Plan {
  int64_t n = 0;
  bool smooth = false;
  Stages<T> stages{};                  // where smooth
  std::unique_ptr<Line<T>> line;       // where it is long and can be cut in two
  std::shared_ptr<const Plan> padded;  // Bluestein's, where not smooth
  const T *chirp = nullptr, *filter = nullptr;

  int64_t bytes = 0;
  std::vector<Buffer<T>> tables;
  std::vector<std::vector<Pass<T>>> passes;
};

template <class T> std::shared_ptr<const Plan<T>> plan_of(int64_t n);
// w^k of order n for k <= n / 4.
template <class T> std::shared_ptr<const Plan<T>> real_roots_of(int64_t n);  // its `chirp`

}  // namespace adjoint::fft
