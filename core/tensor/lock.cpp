#include "tensor/lock.h"
#include "tensor/error.h"
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <cstdint>
#include <pthread.h>
#include <time.h>
#include <utility>

namespace adjoint {

BigLock big_lock;

namespace {
thread_local void* released = nullptr;  // the lock that this thread let go of
thread_local int64_t polled = 0;        // when, or when it last looked for Ctrl-C
thread_local int polling = 0;           // signal handlers that run within polls
constexpr int64_t kPollEvery = 100'000'000;

int64_t now() {  // in nanoseconds, to a few milliseconds
#if defined(CLOCK_MONOTONIC_COARSE)
  constexpr clockid_t clock = CLOCK_MONOTONIC_COARSE;
#else
  constexpr clockid_t clock = CLOCK_MONOTONIC;
#endif
  timespec t;
  clock_gettime(clock, &t);
  return int64_t(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
}

struct Kernels {
  std::atomic<int> running = 0;  // changed under the lock only; read by those who wait
  int waiting = 0;
  std::mutex mutex;
  std::condition_variable ended;
};
Kernels& kernels() {
  static Kernels* k = [] {
    // The other threads, and what they run, stay behind in a fork.
    pthread_atfork(nullptr, nullptr, [] { new (&kernels()) Kernels; });
    return new Kernels;
  }();
  return *k;
}
}  // namespace

void* Unlocked::begin() {
  Kernels& k = kernels();
  if (!big_lock.release || k.waiting) return nullptr;
  ++k.running;
  polled = now();
  return released = big_lock.release();
}
void Unlocked::end(void* state) {
  big_lock.acquire(state);
  released = nullptr;
  Kernels& k = kernels();
  if (--k.running || !k.waiting) return;
  std::lock_guard lock(k.mutex);
  k.ended.notify_all();
}
void wait_for_kernels() {
  check(!polling, "a signal handler cannot change a tensor's memory: it came while a kernel ran");
  Kernels& k = kernels();
  if (!k.running) return;
  ++k.waiting;
  while (k.running) {
    void* state = big_lock.release();
    {
      std::unique_lock lock(k.mutex);
      k.ended.wait(lock, [&] { return k.running == 0; });
    }
    big_lock.acquire(state);
  }
  --k.waiting;
}

void poll_interrupt() {
  if (!released || !big_lock.check_interrupt) return;
  const int64_t t = now();
  if (t - polled < kPollEvery) return;
  polled = t;
  struct Poll {
    Poll() {
      big_lock.acquire(std::exchange(released, nullptr));
      ++polling;
    }
    ~Poll() {
      --polling;
      released = big_lock.release();
    }
  } poll;
  big_lock.check_interrupt();
}

}  // namespace adjoint
