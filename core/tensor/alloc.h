// Memory: object pools, small-buffer caches, and the large-block cache that keeps fresh results free of
// page faults. Note [The big lock]: everything but kernels runs under one lock (Python's), so the caches
// are plain lists without atomics; kernels and the thread pool never allocate here.
#pragma once
#include <cstddef>
#include <cstdint>

namespace adjoint {

namespace detail {
struct FreeBlock {
  FreeBlock* next;
};
inline constexpr size_t kStep = 64, kPoolMax = 2048;  // pooled sizes: multiples of 64 up to 2 KiB
inline constinit FreeBlock* g_pool[kPoolMax / kStep + 1] = {};
void* refill_pool(size_t cls);
constexpr size_t pool_class(size_t bytes) { return (bytes + kStep - 1) / kStep; }
}  // namespace detail

// For objects and buffers of at most kPoolMax bytes; 64-byte aligned. The caller remembers the size.
inline void* pool_alloc(size_t bytes) {
  size_t c = detail::pool_class(bytes);
  if (detail::FreeBlock* b = detail::g_pool[c]; __builtin_expect(b != nullptr, 1)) {
    detail::g_pool[c] = b->next;
    return b;
  }
  return detail::refill_pool(c);
}
inline void pool_free(void* p, size_t bytes) {
  auto* b = static_cast<detail::FreeBlock*>(p);
  size_t c = detail::pool_class(bytes);
  b->next = detail::g_pool[c];
  detail::g_pool[c] = b;
}

// Any size, 64-byte aligned. Over the machine's memory: RuntimeError in PyTorch's words, the process lives.
void* block_alloc(size_t bytes);
void block_free(void* p, size_t bytes) noexcept;

struct MemoryStats {
  size_t in_use, peak, cached, limit;
};
MemoryStats memory_stats();
void reset_peak_memory();
void set_cache_limit(size_t bytes);  // bytes of freed large blocks kept for re-use
void empty_cache();                  // gives them back to the system

}  // namespace adjoint
