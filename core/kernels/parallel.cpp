// The thread pool. A job is one 64-bit ticket, generation | number of chunks | next chunk, from which workers
// claim chunks by compare-and-swap: a worker that comes late finds nothing left and delays nobody.
#include "kernels/parallel.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <new>
#include <thread>
#if defined(__linux__)
#include <sched.h>
#endif
#include <pthread.h>
#include <signal.h>
#include "tensor/lock.h"

namespace adjoint {
namespace {

constexpr int kCountBits = 20;
constexpr uint64_t kCountMask = (uint64_t(1) << kCountBits) - 1;
constexpr int kWorkerSpins =
    4000;  // about 0.1 ms: a gap between two operations should not put workers to sleep
constexpr int kJoinSpins = 2000;
constexpr int kMostThreads = 1024;

inline void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Each line of members is written by different threads: one cache line each.
struct Pool {
  alignas(64) std::atomic<uint64_t> ticket{0};
  alignas(64) std::atomic<int64_t> done{0};
  alignas(64) std::atomic<uint32_t> wake_word{0};
  std::atomic<int> sleepers{0};
  alignas(64) std::atomic<detail::ChunkFn> fn{nullptr};
  std::atomic<void*> context{nullptr};
  std::atomic<bool> busy{false};        // an application thread owns the pool
  std::atomic<bool> failed{false};      // a chunk threw: the rest of the job is skipped
  std::exception_ptr* error = nullptr;  // the owner's; written by whoever set `failed`
  int workers = 0;
};
alignas(64) Pool pool;
std::atomic<int> wanted_threads{0};  // 0: not asked yet
thread_local bool inside = false;

inline uint64_t next_of(uint64_t ticket) { return ticket & kCountMask; }
inline uint64_t count_of(uint64_t ticket) { return (ticket >> kCountBits) & kCountMask; }

int from_environment(const char* name) {
  const char* text = std::getenv(name);
  int n = text ? std::atoi(text) : 0;
  return n > 0 && n <= kMostThreads ? n : 0;
}
int default_threads() {
  if (int n = from_environment("ADJOINT_NUM_THREADS")) return n;
  if (int n = from_environment("OMP_NUM_THREADS")) return n;
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set) > 0 ? CPU_COUNT(&set) : 1;
#endif
  int n = int(std::thread::hardware_concurrency());
  return n > 0 ? n : 1;
}

void run_chunk(detail::ChunkFn f, void* context, int64_t chunk) {
  if (pool.failed.load(std::memory_order_relaxed)) return;
  try {
    f(context, chunk);
    poll_interrupt();
  } catch (...) {
    if (!pool.failed.exchange(true)) *pool.error = std::current_exception();
  }
}

// Claims and runs chunks until none is left. f and context are read before the claim: the ticket's generation
// proves that they belong to it.
void work_off() {
  uint64_t ticket = pool.ticket.load(std::memory_order_acquire);
  while (next_of(ticket) < count_of(ticket)) {
    detail::ChunkFn f = pool.fn.load(std::memory_order_relaxed);
    void* context = pool.context.load(std::memory_order_relaxed);
    if (!pool.ticket.compare_exchange_weak(ticket, ticket + 1, std::memory_order_acq_rel,
                                           std::memory_order_acquire))
      continue;
    run_chunk(f, context, int64_t(next_of(ticket)));
    pool.done.fetch_add(1, std::memory_order_release);
    ticket = pool.ticket.load(std::memory_order_acquire);
  }
}

bool work_waits(int worker) {
  uint64_t ticket = pool.ticket.load(std::memory_order_seq_cst);
  return next_of(ticket) < count_of(ticket) && worker < wanted_threads.load(std::memory_order_relaxed) - 1;
}

void worker_main(int worker) {
  inside = true;
  for (;;) {
    for (int spins = 0; !work_waits(worker);) {
      if (++spins < kWorkerSpins) {
        pause();
        continue;
      }
      uint32_t word = pool.wake_word.load();
      pool.sleepers.fetch_add(1);
      if (!work_waits(worker)) pool.wake_word.wait(word);
      pool.sleepers.fetch_sub(1);
      spins = 0;
    }
    work_off();
  }
}

void start_workers(int n) {
  static const bool registered = [] {  // threads do not survive a fork: the child starts with a fresh pool
    pthread_atfork(nullptr, nullptr, [] {
      new (&pool) Pool();
      inside = false;
    });
    return true;
  }();
  (void)registered;
  sigset_t all, before;  // signals belong to the application's threads
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  while (pool.workers < n) {
    try {
      std::thread(worker_main, pool.workers).detach();
    } catch (const std::exception&) {
      break;  // no more threads to be had: work with fewer
    }
    ++pool.workers;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void run_serially(int64_t nchunks, detail::ChunkFn f, void* context) {
  for (int64_t chunk = 0; chunk < nchunks; ++chunk) {
    f(context, chunk);
    poll_interrupt();
  }
}

// The owner's side of a job of at most kCountMask chunks.
void run_job(int64_t nchunks, detail::ChunkFn f, void* context, int threads) {
  threads = std::min({threads, kMostThreads, int(nchunks)});  // of more, some would find nothing to do
  if (pool.workers < threads - 1) start_workers(threads - 1);
  std::exception_ptr error;
  pool.error = &error;
  pool.failed.store(false, std::memory_order_relaxed);
  pool.fn.store(f, std::memory_order_relaxed);
  pool.context.store(context, std::memory_order_relaxed);
  pool.done.store(0, std::memory_order_relaxed);
  uint64_t generation = (pool.ticket.load(std::memory_order_relaxed) >> (2 * kCountBits)) + 1;
  pool.ticket.store(generation << (2 * kCountBits) | uint64_t(nchunks) << kCountBits,
                    std::memory_order_seq_cst);
  if (pool.sleepers.load(std::memory_order_seq_cst) > 0) {
    pool.wake_word.fetch_add(1);
    pool.wake_word.notify_all();
  }
  inside = true;
  work_off();
  inside = false;
  for (int spins = 0; pool.done.load(std::memory_order_acquire) != nchunks;)
    ++spins < kJoinSpins ? pause() : std::this_thread::yield();
  pool.busy.store(false, std::memory_order_release);
  if (error) std::rethrow_exception(error);
}

}  // namespace

int num_threads() {
  int n = wanted_threads.load(std::memory_order_relaxed);
  if (n == 0) wanted_threads.store(n = default_threads(), std::memory_order_relaxed);
  return n;
}
void set_num_threads(int n) { wanted_threads.store(n < 1 ? 1 : n, std::memory_order_relaxed); }
bool in_parallel_region() { return inside; }

void detail::run_chunks(int64_t nchunks, ChunkFn f, void* context) {
  int threads = num_threads();
  if (inside || threads <= 1 || pool.busy.exchange(true, std::memory_order_acquire))
    return run_serially(nchunks, f, context);
  constexpr int64_t most = int64_t(kCountMask);
  if (nchunks <= most) return run_job(nchunks, f, context, threads);
  // More chunks than a ticket can count: claim them by the group.
  struct Groups {
    int64_t size, nchunks;
    ChunkFn f;
    void* context;
  } groups{(nchunks + most - 1) / most, nchunks, f, context};
  run_job((nchunks + groups.size - 1) / groups.size,
          [](void* p, int64_t group) {
            auto& g = *static_cast<Groups*>(p);
            int64_t end = (group + 1) * g.size < g.nchunks ? (group + 1) * g.size : g.nchunks;
            for (int64_t chunk = group * g.size; chunk < end; ++chunk) g.f(g.context, chunk);
          },
          &groups, threads);
}

}  // namespace adjoint
