#include "kernels/fft/whole.h"

#include <algorithm>

#include "kernels/parallel.h"

namespace adjoint::fft {
namespace {

constexpr int64_t kPiece = 1 << 15;  // complex numbers

template <class T> int64_t lanes_up(int64_t n) {
  const int64_t w = kernels<T>().lanes;
  return (n + w - 1) / w * w;
}

// f(begin, end) over blocks of `size` elements each, in pieces for threads where all of them are many.
template <class F> void each_block(int64_t blocks, int64_t size, F f) {
  if (blocks * size < 2 * kPiece) return f(int64_t(0), blocks);
  const int64_t many = std::max<int64_t>(1, kPiece / size);
  parallel_chunks((blocks + many - 1) / many,
                  [&](int64_t piece) { f(piece * many, std::min(blocks, (piece + 1) * many)); });
}

template <class T> void long_line(const Line<T>& line, const T* x, bool inverse, T scale, T* y, T* between) {
  const auto& k = kernels<T>();
  const int64_t w = k.lanes;
  each_block((line.n2 + w - 1) / w, line.n1 * w, [&](int64_t begin, int64_t end) {
    Buffer<T> work(4 * line.n1 * w);
    k.columns(line, x, inverse, begin, end, between, work.get());
  });
  each_block((line.n1 + w - 1) / w, line.n2 * w, [&](int64_t begin, int64_t end) {
    Buffer<T> work(4 * line.n2 * w);
    k.rows(line, between, inverse, scale, begin, end, y, work.get());
  });
}

template <class T> void short_line(const Plan<T>& plan, const T* x, bool inverse, T scale, T* y, T* space) {
  const int64_t lane = 0;
  kernels<T>().one_line(
      {Kind::Complex, inverse, plan.n, 1, plan.stages, nullptr, scale, {x, &lane, 2, 1}, {y, &lane, 2, 1}},
      space);
}

// Note [Bluestein]
template <class T> void by_chirp(const Plan<T>& plan, const T* x, bool inverse, T scale, T* y, T* space) {
  const int64_t n = plan.n, m = plan.padded->n;
  const auto& k = kernels<T>();
  T* rest = space + 2 * m;
  k.turn(n, x, inverse, plan.chirp, 1, false, space);
  std::fill(space + 2 * n, rest, T(0));
  whole(*plan.padded, space, false, T(1), space, rest);
  k.turn(m, space, false, plan.filter, 1, false, space);
  whole(*plan.padded, space, true, T(1), space, rest);
  k.turn(n, space, false, plan.chirp, scale, inverse, y);
}

}  // namespace

template <class T> int64_t whole_space(const Plan<T>& plan) {
  if (plan.line) return 2 * lanes_up<T>(plan.line->n1) * lanes_up<T>(plan.line->n2);
  if (plan.smooth) return 4 * (plan.n + 1);
  return 2 * plan.padded->n + whole_space(*plan.padded);
}

template <class T> void whole(const Plan<T>& plan, const T* x, bool inverse, T scale, T* y, T* space) {
  if (plan.line) return long_line(*plan.line, x, inverse, scale, y, space);
  if (plan.smooth) return short_line(plan, x, inverse, scale, y, space);
  by_chirp(plan, x, inverse, scale, y, space);
}

template int64_t whole_space(const Plan<float>&);
template int64_t whole_space(const Plan<double>&);
template void whole(const Plan<float>&, const float*, bool, float, float*, float*);
template void whole(const Plan<double>&, const double*, bool, double, double*, double*);

}  // namespace adjoint::fft
