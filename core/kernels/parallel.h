// Threads: one pool for the whole process, which hands out numbered chunks of work.
//
// Note [Same bits for any number of threads]: callers cut work into chunks whose borders depend on the
// problem only, never on the number of threads, whenever a border can change a result (reductions). For
// elementwise work any cut gives the same bits, so parallel_for is free to choose.
//
// Workers start at the first large use. A call from inside a chunk, or while another thread is using the
// pool, runs serially in its caller. An exception of a chunk is thrown again in the caller, the first one.
//
// Between chunks the caller looks for Ctrl-C (poll_interrupt, tensor/lock.h), which throws: so must a kernel's
// memory be held by objects that let it go.
#pragma once
#include <cstdint>
#include <type_traits>

namespace adjoint {

int num_threads();
void set_num_threads(int n);
bool in_parallel_region();  // true inside a chunk

namespace detail {
using ChunkFn = void (*)(void* context, int64_t chunk);
void run_chunks(int64_t nchunks, ChunkFn f, void* context);
}  // namespace detail

// Calls f(chunk) for every chunk in [0, nchunks), in any order and from any worker.
template <class F> void parallel_chunks(int64_t nchunks, F f) {
  if (nchunks <= 1) {
    if (nchunks == 1) f(int64_t(0));
    return;
  }
  detail::run_chunks(nchunks, [](void* context, int64_t chunk) { (*static_cast<F*>(context))(chunk); }, &f);
}

// Calls f(begin, end) over pieces which cover [0, n); a piece has at least about `grain` items, and so few that Ctrl-C
// need not wait long.
template <class F> void parallel_for(int64_t n, int64_t grain, F f) {
  if (n <= grain) {
    if (n > 0) f(int64_t(0), n);
    return;
  }
  // Four pieces a thread even out uneven speeds; borders on multiples of 64 keep cache lines unshared.
  int64_t most = int64_t(num_threads()) * 4, pieces = (n + grain - 1) / grain, least = pieces / 1024;
  if (most < least) most = least;
  if (most <= 4) return f(int64_t(0), n);
  if (pieces > most) pieces = most;
  int64_t size = (n + pieces - 1) / pieces;
  if (size > 64) size = (size + 63) / 64 * 64;
  parallel_chunks((n + size - 1) / size, [&](int64_t chunk) {
    int64_t begin = chunk * size;
    f(begin, begin + size < n ? begin + size : n);
  });
}

}  // namespace adjoint
