#include "tensor/lock.h"
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <pthread.h>

namespace adjoint {

BigLock big_lock;

namespace {
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
  return big_lock.release();
}
void Unlocked::end(void* state) {
  big_lock.acquire(state);
  Kernels& k = kernels();
  if (--k.running || !k.waiting) return;
  std::lock_guard lock(k.mutex);
  k.ended.notify_all();
}
void wait_for_kernels() {
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

}  // namespace adjoint
