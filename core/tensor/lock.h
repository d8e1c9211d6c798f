// The big lock (Note [The big lock], tensor/alloc.h), let go of while a large kernel runs.
#pragma once

namespace adjoint {

// Set once by the bindings; null members: there is no lock.
struct BigLock {
  void* (*release)() = nullptr;  // what acquire() needs again
  void (*acquire)(void*) = nullptr;
  void (*check_interrupt)() = nullptr;  // throws when the user pressed Ctrl-C
};
extern BigLock big_lock;

// Releases the big lock while a large kernel runs over raw memory that the caller keeps alive.
//
// Note [Tensors in use]: the kernel has addresses and sizes of its operands. Who gives an existing tensor another
// storage, block or geometry calls wait_for_kernels() before, which returns when no kernel runs without the lock.
// While somebody waits, kernels keep the lock, so an operation of several kernels is not come between.
struct Unlocked {
  void* state;
  explicit Unlocked(bool large) : state(large ? begin() : nullptr) {}
  Unlocked(const Unlocked&) = delete;
  ~Unlocked() {
    if (state) end(state);
  }

 private:
  static void* begin();
  static void end(void* state);
};
void wait_for_kernels();

// For kernels, between pieces of their work: some times a second, where this thread has let go of the lock, it takes it
// and looks for Ctrl-C, which throws. A signal handler of the user may run inside; it cannot change a tensor's memory.
void poll_interrupt();

}  // namespace adjoint
