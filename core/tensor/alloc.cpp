// Memory: slabs behind the object pools, and the cache of large blocks.
//
// Large blocks are kept by size and handed out again to requests that would use at least 7/8 of them, so a
// loop of fresh results touches no new pages. PyTorch's allocator returns them to the system every time.
#include "tensor/alloc.h"
#include <sys/mman.h>
#include <unistd.h>
#include <algorithm>
#include <cstdlib>
#include <map>
#include <new>
#include "tensor/error.h"

namespace adjoint {
namespace {

constexpr size_t kHuge = size_t(2) << 20;  // blocks from here on come from mmap, in huge pages where possible
constexpr size_t kMapped = size_t(256) << 10;  // blocks from here on come from mmap

size_t physical_memory() {
  static const size_t bytes = size_t(sysconf(_SC_PHYS_PAGES)) * size_t(sysconf(_SC_PAGESIZE));
  return bytes;
}

size_t default_limit() {
  if (const char* s = std::getenv("ADJOINT_CACHE_LIMIT_MB"))
    return size_t(std::strtoull(s, nullptr, 10)) << 20;
  return physical_memory() / 4;
}

struct Cache {
  std::multimap<size_t, void*> free_blocks;  // by rounded size
  size_t in_use = 0, peak = 0, cached = 0, limit = default_limit();
  size_t refused =
      0;  // bytes of blocks that larger ones left no room for, less those that were handed out again
};
Cache& cache() {
  static Cache* c = new Cache;  // never destroyed: tensors may outlive static destructors
  return *c;
}

// A block's real size: eight steps per doubling, whole pages when mapped.
size_t rounded(size_t bytes) {
  if (bytes >= kMapped) {
    size_t unit = bytes >= 8 * kHuge ? kHuge : size_t(16) << 10;
    return (bytes + unit - 1) / unit * unit;
  }
  size_t step = size_t(1) << (63 - __builtin_clzll(bytes | 1024));
  step = step / 8 < 64 ? 64 : step / 8;
  return (bytes + step - 1) / step * step;
}

// Memory for huge pages begins on the border of one, or its first and last pages stay small ones: half of a
// matrix of 4 MiB, whose columns then cost a translation each.
void* fresh_huge(size_t size) {
  void* p = mmap(nullptr, size + kHuge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) return nullptr;
  char* from = static_cast<char*>(p);
  size_t before = -reinterpret_cast<uintptr_t>(p) & (kHuge - 1);
  if (before) munmap(from, before);
  if (before < kHuge) munmap(from + before + size, kHuge - before);
#ifdef MADV_HUGEPAGE
  madvise(from + before, size, MADV_HUGEPAGE);
#endif
  return from + before;
}
void* fresh(size_t size) {
  if (size < kMapped) return std::aligned_alloc(64, size);
  if (size >= kHuge) return fresh_huge(size);
  void* p = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return p == MAP_FAILED ? nullptr : p;
}
void give_back(void* p, size_t size) {
  if (size < kMapped)
    std::free(p);
  else
    munmap(p, size);
}

[[noreturn]] void out_of_memory(size_t bytes) {
  fail(ErrorKind::Memory,
       "[enforce fail at alloc.cpp] . DefaultCPUAllocator: can't allocate memory: you tried to allocate ",
       bytes, " bytes. Error code 12 (Cannot allocate memory)");
}

}  // namespace

namespace detail {
void* refill_pool(size_t cls) {
  size_t size = cls * kStep;
  if (size == 0) size = kStep, cls = 1;
  size_t slab = size_t(64) << 10, count = slab / size;
  char* s = static_cast<char*>(std::aligned_alloc(64, slab));
  if (!s) throw std::bad_alloc();
  for (size_t i = count; i-- > 1;) {
    auto* b = reinterpret_cast<FreeBlock*>(s + i * size);
    b->next = g_pool[cls];
    g_pool[cls] = b;
  }
  return s;
}
}  // namespace detail

void* block_alloc(size_t bytes) {
  if (bytes <= detail::kPoolMax) return pool_alloc(bytes ? bytes : 1);
  Cache& c = cache();
  if (bytes > physical_memory()) out_of_memory(bytes);
  size_t size = rounded(bytes);
  void* p = nullptr;
  if (auto it = c.free_blocks.lower_bound(size); it != c.free_blocks.end() && it->first == size) {
    p = it->second;
    c.cached -= size;
    c.refused -= std::min(c.refused, size);
    c.free_blocks.erase(it);
  } else {
    p = fresh(size);
    if (!p) {
      empty_cache();
      p = fresh(size);
    }
    if (!p) out_of_memory(bytes);
  }
  c.in_use += size;
  if (c.in_use > c.peak) c.peak = c.in_use;
  return p;
}

void block_free(void* p, size_t bytes) noexcept {
  if (bytes <= detail::kPoolMax) return pool_free(p, bytes ? bytes : 1);
  Cache& c = cache();
  size_t size = rounded(bytes);
  c.in_use -= size;
  // What the cache holds never exceeds its limit; the peak of live blocks bounds it, too, so that a program's
  // memory does not grow past what it once needed. An eighth more (of small programs, 8 MiB), as blocks serve requests
  // of their own size only: the steps of a training, whose backward passes want other sizes than their forward ones,
  // would else give memory back and fault it in anew each time.
  size_t room = c.limit;
  const size_t most = c.peak + std::max(c.peak / 8, size_t(8) << 20);
  if (most > c.in_use && most - c.in_use < room) room = most - c.in_use;
  while (c.cached + size > room && !c.free_blocks.empty()) {
    auto it = c.free_blocks.begin();
    if (it->first == size && size <= room) break;
    if (it->first >
        size) {  // a small one is made anew sooner than a large one, unless nobody wants those any more
      c.refused += size;
      if (c.refused <= c.cached) return give_back(p, size);
      empty_cache();
      break;
    }
    give_back(it->second, it->first);
    c.cached -= it->first;
    c.free_blocks.erase(it);
  }
  if (size > room) return give_back(p, size);
  try {
    c.free_blocks.emplace(size, p);
    c.cached += size;
  } catch (...) {
    give_back(p, size);
  }
}

MemoryStats memory_stats() {
  Cache& c = cache();
  return {c.in_use, c.peak, c.cached, c.limit};
}
void reset_peak_memory() { cache().peak = cache().in_use; }
void set_cache_limit(size_t bytes) {
  cache().limit = bytes;
  if (cache().cached > bytes) empty_cache();
}
void empty_cache() {
  Cache& c = cache();
  for (auto& [size, p] : c.free_blocks) give_back(p, size);
  c.free_blocks.clear();
  c.cached = c.refused = 0;
}

}  // namespace adjoint
