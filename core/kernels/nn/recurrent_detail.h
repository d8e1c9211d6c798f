// What forward and backward sweeps of recurrent layers share: who multiplies which rows when.
//
// A step's product has few rows, so the weights are laid out once as panels (kernels/gemm_table.h) and stay in the
// second-level cache. Where the batch is large, each thread takes some sequences through all steps and need not wait
// for the others; where it is small, or the weights are large, threads share the columns of each step's product. Each
// element of a product is a chain along K whoever computes it (Note [Bits of a product]), so bits depend on neither.
#pragma once
#include <algorithm>
#include <vector>

#include "kernels/gemm_table.h"
#include "kernels/nn/recurrent.h"
#include "kernels/nn/recurrent_table.h"
#include "kernels/parallel.h"
#include "tensor/lock.h"

namespace adjoint::recurrent {

using gemm_detail::kLongestBlock;

template <class T> const GateKernels<T>& gate_kernels() {
  if constexpr (sizeof(T) == 4)
    return gate_table().f32;
  else
    return gate_table().f64;
}
template <class T> const auto& products() { return gemm_detail::table<T>(); }
template <class T> T* as(void* p) { return static_cast<T*>(p); }
template <class T> const T* as(const void* p) { return static_cast<const T*>(p); }

constexpr int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
constexpr int64_t aligned(int64_t n) {
  return ceil_div(n, 16) * 16;
}  // a part of scratch begins on a cache line
template <class T> T* take(T*& room, int64_t n) {
  T* p = room;
  room += aligned(n);
  return p;
}
// One or two rows are multiplied as dot products, of weights where they lie.
constexpr int64_t kDotRows = 2;

// ---- the weights of many products ------------------------------------------------------------------

// A [m, k] times a fixed B [k, n], for few rows m, again and again. B's element (i, j) is w[j · ld + i] where it is
// `along` k, else w[i · ld + j].
template <class T> class Repeated {
 public:
  Repeated() = default;
  Repeated(const T* w, int64_t ld, bool along, int64_t n, int64_t k, bool dots)
      : w_(w), ld_(ld), n_(n), k_(k), along_(along), dots_(dots) {}
  static int64_t room(int64_t n, int64_t k) {
    const int64_t cols = products<T>().cols;
    return aligned(ceil_div(n, cols) * cols * k);
  }
  void pack(T* panels) {
    if (dots_ || k_ == 0) return;
    panels_ = panels;
    const auto& t = products<T>();
    const int64_t cols = t.cols;
    parallel_for(ceil_div(n_, cols), 1 + (1 << 16) / (cols * k_), [&](int64_t begin, int64_t end) {
      const int64_t from = begin * cols, to = std::min(n_, end * cols);
      t.pack(along_, along_ ? w_ + from * ld_ : w_ + from, ld_, to - from, cols, k_, panels + from * k_,
             cols);
    });
  }
  int64_t columns() const { return n_; }
  // C's columns [begin, end), which are whole panels. C += A B, or = A B.
  void times(int64_t m, const T* a, int64_t lda, T* c, int64_t ldc, bool accumulate, int64_t begin,
             int64_t end) const {
    if (k_ == 0) return clear(m, c, ldc, accumulate, begin, end);
    const auto& t = products<T>();
    if (dots_) {
      for (int64_t i = 0; i < m; ++i)
        (along_ ? t.rows_dot : t.columns_dot)(end - begin, k_, T(1), a + i * lda,
                                              along_ ? w_ + begin * ld_ : w_ + begin, ld_,
                                              c + i * ldc + begin, 1, accumulate);
      return;
    }
    alignas(64) char room[kLongestBlock * 2 * 64];  // where masks cost, a narrow last panel is copied
    for (int64_t j = begin; j < end; j += t.cols)
      t.direct(false, false, m, std::min<int64_t>(t.cols, end - j), k_, T(1), a, lda, panels_ + j * k_,
               t.cols, c + j, ldc, accumulate, reinterpret_cast<T*>(room));
  }

 private:
  static void clear(int64_t m, T* c, int64_t ldc, bool accumulate, int64_t begin, int64_t end) {
    for (int64_t i = 0; !accumulate && i < m; ++i) std::fill(c + i * ldc + begin, c + i * ldc + end, T(0));
  }
  const T *w_ = nullptr, *panels_ = nullptr;
  int64_t ld_ = 0, n_ = 0, k_ = 0;
  bool along_ = false, dots_ = false;
};

// ---- steps -----------------------------------------------------------------------------------------

// Sequences [begin, end) of a step. `row` is the packed row of the first of them, `before` that of its state before,
// or -1 where that is the initial one.
struct Part {
  int64_t begin, end, row, before;
  int64_t rows() const { return end - begin; }
};

class Walk {
 public:
  explicit Walk(const Sweep& s) : s_(s), first_(s.batch_sizes.size()) {
    for (size_t t = 1; t < first_.size(); ++t) first_[t] = first_[t - 1] + s.batch_sizes[t - 1];
  }
  int64_t steps() const { return int64_t(first_.size()); }
  // The parts of turn k, the first that has none before it last.
  template <class F> void turn(int64_t k, int64_t begin, int64_t end, F f) const {
    const int64_t t = at(k), known = k == 0 ? 0 : size(at(k - 1));
    end = std::min(end, size(t));
    const int64_t middle = std::clamp(known, begin, std::max(begin, end));
    if (begin < middle) f(Part{begin, middle, first_[size_t(t)] + begin, first_[size_t(at(k - 1))] + begin});
    if (middle < end) f(Part{middle, end, first_[size_t(t)] + middle, -1});
  }
  // Sequences [last, end) have turn k as their last.
  int64_t last(int64_t k, int64_t begin, int64_t end) const {
    return k + 1 == steps() ? begin : std::clamp(size(at(k + 1)), begin, end);
  }
  int64_t size_of_turn(int64_t k) const { return size(at(k)); }
  int64_t row(int64_t k, int64_t sequence) const { return first_[size_t(at(k))] + sequence; }
  // The batch cut in `pieces` of about as much work: borders.
  std::vector<int64_t> borders(int64_t pieces) const;

 private:
  int64_t at(int64_t k) const { return s_.reverse ? steps() - 1 - k : k; }
  int64_t size(int64_t t) const { return s_.batch_sizes[size_t(t)]; }
  const Sweep& s_;
  std::vector<int64_t> first_;
};

// How the work is shared: `pieces` of the batch that go through all steps by themselves, or each step's product by
// columns.
struct Plan {
  bool by_columns;
  int64_t pieces;
};
Plan plan(const Sweep& s, int64_t item);

// Runs a sweep: all turns, one after the other, in the order that its direction wants.
template <class Sweeper> void run(const Sweep& s, const Walk& walk, const Sweeper& sweep) {
  const int64_t steps = walk.steps();
  if (steps == 1) return sweep.one_turn();
  const Plan how = plan(s, sweep.kItem);
  auto turn = [&](int64_t i) { return Sweeper::kBackward ? steps - 1 - i : i; };
  if (!how.by_columns) {
    const std::vector<int64_t> borders = walk.borders(how.pieces);
    return parallel_chunks(int64_t(borders.size()) - 1, [&](int64_t piece) {
      for (int64_t i = 0; i < steps; ++i) {
        sweep.whole_turn(turn(i), borders[size_t(piece)], borders[size_t(piece) + 1]);
        poll_interrupt();
      }
    });
  }
  for (int64_t i = 0; i < steps; ++i) sweep.shared_turn(turn(i));  // looks for Ctrl-C in its pieces
}

// f(begin, end) over columns, which threads share in whole panels.
template <class T, class F> void share_columns(int64_t columns, int64_t work_each, F f) {
  const int64_t unit = products<T>().cols;
  parallel_for(ceil_div(columns, unit), 1 + (1 << 16) / (work_each * unit + 1),
               [&](int64_t begin, int64_t end) { f(begin * unit, std::min(columns, end * unit)); });
}

template <class Sweeper, class P> void sweep_as(const Sweep& s, const P& p) {
  if (s.batch() == 0 || s.hidden == 0) return;
  const Walk walk(s);
  run(s, walk, Sweeper(s, p, walk));
}

}  // namespace adjoint::recurrent
