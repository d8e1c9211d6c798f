// Temporary memory that a thread keeps between its kernels: fresh memory would cost a page fault every 4 KiB.
#pragma once
#include <sys/mman.h>

#include <cstdlib>
#include <utility>

#include "tensor/error.h"

namespace adjoint {

class Panels {
 public:
  Panels() = default;
  Panels(const Panels&) = delete;
  void swap(Panels& o) noexcept {
    std::swap(data_, o.data_);
    std::swap(size_, o.size_);
  }
  ~Panels() { std::free(data_); }
  void* get(size_t bytes) {
    if (bytes <= size_) return data_;
    constexpr size_t kHuge = size_t(2) << 20;
    std::free(data_);
    size_ = (bytes + kHuge - 1) / kHuge * kHuge;
    data_ = std::aligned_alloc(kHuge, size_);
    if (!data_) size_ = 0;
    check_as(data_, ErrorKind::Memory, "not enough memory for a buffer of ", bytes, " bytes");
    ::madvise(data_, size_, MADV_HUGEPAGE);
    return data_;
  }

 private:
  void* data_ = nullptr;
  size_t size_ = 0;
};

// A thread's panels while a kernel uses them. Between the pieces of its work a signal handler of the user may run
// (poll_interrupt, tensor/lock.h), and a kernel that it calls finds none, and makes its own.
class Lent {
 public:
  explicit Lent(Panels& kept) : kept_(kept) { own_.swap(kept_); }
  Lent(const Lent&) = delete;
  ~Lent() { own_.swap(kept_); }
  void* get(size_t bytes) { return own_.get(bytes); }

 private:
  Panels& kept_;
  Panels own_;
};

}  // namespace adjoint
