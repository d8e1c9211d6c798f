// Sweeps of recurrent layers: who multiplies which rows when.
//
// A step's product has few rows, so the weights are laid out once as panels (kernels/gemm_table.h) and stay in the
// second-level cache. Where the batch is large, each thread takes some sequences through all steps and need not wait
// for the others; where it is small, or the weights are large, threads share the columns of each step's product. Each
// element of a product is a chain along K whoever computes it (Note [Bits of a product]), so bits depend on neither.
#include "kernels/nn/recurrent.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "kernels/gemm.h"
#include "kernels/gemm_table.h"
#include "kernels/isa.h"
#include "kernels/nn/recurrent_table.h"
#include "kernels/parallel.h"
#include "tensor/lock.h"

namespace adjoint {

ADJOINT_PICK_TABLE(GateTable, gate_table)

namespace {

using gemm_detail::kLongestBlock;

template <class T> const GateKernels<T>& gate_kernels() {
  if constexpr (sizeof(T) == 4)
    return gate_table().f32;
  else
    return gate_table().f64;
}
template <class T> const auto& products() { return gemm_detail::table<T>(); }

constexpr int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
constexpr int64_t kAlign = 16;  // elements: a scratch part begins on a cache line
constexpr int64_t aligned(int64_t n) { return ceil_div(n, kAlign) * kAlign; }
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
    return ceil_div(n, cols) * cols * k;
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
  std::vector<int64_t> borders(int64_t pieces) const {
    std::vector<int64_t> b{0};
    const int64_t all = s_.rows();
    int64_t done = 0, length = steps();
    for (int64_t i = 0; i < s_.batch(); ++i) {
      if (int64_t(b.size()) < pieces && done * pieces >= all * int64_t(b.size())) b.push_back(i);
      while (length > 0 && s_.batch_sizes[size_t(length - 1)] <= i) --length;
      done += length;
    }
    b.push_back(s_.batch());
    return b;
  }

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
Plan plan(const Sweep& s, int64_t item) {
  constexpr int64_t kLeast = 1 << 18, kFewestRows = 4, kCached = 768 << 10;
  const int64_t weights = gates_of(s.cell) * s.hidden * s.state, threads = num_threads(),
                work = s.rows() * weights;
  const int64_t pieces = std::clamp<int64_t>(s.batch() / kFewestRows, 1, threads);
  if (threads == 1 || work < kLeast) return {false, 1};
  const bool large = pieces < threads || weights * item > kCached;
  return {large && s.batch() * weights >= kLeast, pieces};
}

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

template <class T> T* as(void* p) { return static_cast<T*>(p); }
template <class T> const T* as(const void* p) { return static_cast<const T*>(p); }

// ---- forward ---------------------------------------------------------------------------------------

template <class T> class Forward {
 public:
  static constexpr bool kBackward = false;
  static constexpr int64_t kItem = sizeof(T);
  Forward(const Sweep& s, const SweepForward& p, const Walk& walk)
      : s_(s), p_(p), walk_(walk), gates_(gate_kernels<T>()) {
    T* room = as<T>(p.scratch);
    bias_ = take(room, s.row_width());
    add_biases();
    const bool dots = s.batch() <= kDotRows;
    const int64_t H = s.hidden, P = s.state;
    const T* w = as<T>(p.w_hh);
    const bool once = walk.steps() == 1;
    if (s.cell == Cell::Gru) {
      blocks_[0] = {{w, P, true, 2 * H, P, dots}, 0, true};
      blocks_[1] = {{w + 2 * H * P, P, true, H, P, dots}, 3 * H, false};
    } else {
      blocks_[0] = {{w, P, true, s.row_width(), P, dots}, 0, true};
    }
    for (Block& b : blocks_)
      if (!once && b.w.columns()) b.w.pack(take(room, Repeated<T>::room(b.w.columns(), P)));
    if (p.w_hr) {
      projection_ = {as<T>(p.w_hr), H, true, P, H, dots};
      projection_.pack(take(room, Repeated<T>::room(P, H)));
      raw_ = take(room, s.batch() * H);
    }
    if (s.cell == Cell::Lstm && !p.cells) std::memcpy(p.cn, p.c0, size_t(s.batch() * H) * sizeof(T));
  }
  static int64_t scratch(const Sweep& s) {
    const int64_t H = s.hidden, P = s.state;
    int64_t n = aligned(s.row_width()) + aligned(Repeated<T>::room(s.row_width(), P)) + 2 * kAlign;
    if (s.cell == Cell::Gru) n += Repeated<T>::room(H, P);
    if (P != H) n += aligned(Repeated<T>::room(P, H)) + aligned(s.batch() * H);
    return n;
  }
  void whole_turn(int64_t k, int64_t begin, int64_t end) const {
    walk_.turn(k, begin, end, [&](const Part& part) {
      for (const Block& b : blocks_) product(b, part, 0, b.w.columns());
      cells(part);
    });
    finish(k, begin, end);
  }
  void shared_turn(int64_t k) const {
    walk_.turn(k, 0, s_.batch(), [&](const Part& part) {
      for (const Block& b : blocks_)
        share_columns<T>(b.w.columns(), part.rows() * s_.state,
                         [&](int64_t begin, int64_t end) { product(b, part, begin, end); });
      share_cells(part);
    });
    finish(k, 0, s_.batch());
  }
  // One step: a product like any other.
  void one_turn() const {
    const Part part{0, s_.batch(), 0, -1};
    for (const Block& b : blocks_)
      if (b.w.columns())
        gemm(dtype_of<T>, part.rows(), b.w.columns(), s_.state, Scalar(1), {before(part), s_.state, 1},
             {as<T>(p_.w_hh) + (&b == blocks_ ? 0 : 2 * s_.hidden * s_.state), 1, s_.state},
             Scalar(b.accumulate ? 1 : 0), {row(part) + b.to, s_.row_width()});
    share_cells(part);
    finish(0, 0, s_.batch());
  }

 private:
  struct Block {
    Repeated<T> w;
    int64_t to = 0;  // column of a row of gates
    bool accumulate = true;
  };
  static T* take(T*& room, int64_t n) {
    T* p = room;
    room += aligned(n);
    return p;
  }
  void add_biases() {
    const int64_t H = s_.hidden, n = gates_of(s_.cell) * H;
    std::fill(bias_, bias_ + s_.row_width(), T(0));
    if (!p_.b_ih) return;
    const T *a = as<T>(p_.b_ih), *b = as<T>(p_.b_hh);
    const int64_t both = s_.cell == Cell::Gru ? 2 * H : n;
    for (int64_t j = 0; j < both; ++j) bias_[j] = a[j] + b[j];
    for (int64_t j = both; j < n; ++j) bias_[j] = a[j], bias_[H + j] = b[j];
  }
  T* row(const Part& part) const { return as<T>(p_.gates) + part.row * s_.row_width(); }
  const T* before(const Part& part) const {
    return (part.before < 0 ? as<T>(p_.h0) + part.begin * s_.state : as<T>(p_.y) + part.before * s_.state);
  }
  void product(const Block& b, const Part& part, int64_t begin, int64_t end) const {
    if (begin < end)
      b.w.times(part.rows(), before(part), s_.state, row(part) + b.to, s_.row_width(), b.accumulate, begin,
                end);
  }
  void cells(const Part& part) const {
    T* y = as<T>(p_.y) + part.row * s_.state;
    switch (s_.cell) {
      case Cell::Tanh:
      case Cell::Relu: return gates_.plain(s_.cell == Cell::Relu, part.rows(), s_.hidden, bias_, y);
      case Cell::Gru: return gates_.gru(part.rows(), s_.hidden, bias_, row(part), before(part), y);
      case Cell::Lstm: return lstm_cells(part, y);
    }
  }
  void lstm_cells(const Part& part, T* y) const {
    const int64_t H = s_.hidden;
    T* c = p_.cells ? as<T>(p_.cells) + part.row * H : as<T>(p_.cn) + part.begin * H;
    const T* c_before = !p_.cells         ? c
                        : part.before < 0 ? as<T>(p_.c0) + part.begin * H
                                          : as<T>(p_.cells) + part.before * H;
    T* h = p_.w_hr ? raw_ + part.begin * H : y;
    gates_.lstm(part.rows(), H, bias_, row(part), c_before, c, h);
    if (p_.w_hr) projection_.times(part.rows(), h, H, y, s_.state, false, 0, s_.state);
  }
  void share_cells(const Part& part) const {
    parallel_for(part.rows(), 1 + 8192 / (s_.row_width() + 1), [&](int64_t begin, int64_t end) {
      cells({part.begin + begin, part.begin + end, part.row + begin,
             part.before < 0 ? -1 : part.before + begin});
    });
  }
  // Final states: of the sequences that have no further turn.
  void finish(int64_t k, int64_t begin, int64_t end) const {
    end = std::min(end, walk_.size_of_turn(k));
    if (begin >= end) return;
    const int64_t from = walk_.last(k, begin, end);
    if (from == end) return;
    const int64_t at = walk_.row(k, from), n = end - from;
    std::memcpy(as<T>(p_.hn) + from * s_.state, as<T>(p_.y) + at * s_.state,
                size_t(n * s_.state) * sizeof(T));
    if (p_.cells)
      std::memcpy(as<T>(p_.cn) + from * s_.hidden, as<T>(p_.cells) + at * s_.hidden,
                  size_t(n * s_.hidden) * sizeof(T));
  }

  const Sweep& s_;
  const SweepForward& p_;
  const Walk& walk_;
  const GateKernels<T>& gates_;
  Block blocks_[2];
  Repeated<T> projection_;
  T *bias_ = nullptr, *raw_ = nullptr;
};

// ---- backward --------------------------------------------------------------------------------------

template <class T> class Backward {
 public:
  static constexpr bool kBackward = true;
  static constexpr int64_t kItem = sizeof(T);
  Backward(const Sweep& s, const SweepBackward& p, const Walk& walk)
      : s_(s), p_(p), walk_(walk), gates_(gate_kernels<T>()) {
    T* room = as<T>(p.scratch);
    const bool dots = s.batch() <= kDotRows;
    const int64_t H = s.hidden, P = s.state;
    zeros_ = take(room, H);
    std::fill(zeros_, zeros_ + H, T(0));
    weights_ = {as<T>(p.w_hh), P, false, P, depth(), dots};
    if (walk.steps() > 1) weights_.pack(take(room, Repeated<T>::room(P, depth())));
    if (!p.w_hr) return;
    projection_ = {as<T>(p.w_hr), H, false, H, P, dots};
    projection_.pack(take(room, Repeated<T>::room(H, P)));
    graw_ = take(room, s.batch() * H);
  }
  static int64_t scratch(const Sweep& s) {
    const int64_t H = s.hidden, P = s.state;
    int64_t n = aligned(H) + aligned(Repeated<T>::room(P, gates_of(s.cell) * H));
    if (P != H) n += aligned(Repeated<T>::room(H, P)) + aligned(s.batch() * H);
    return n;
  }

  void whole_turn(int64_t k, int64_t begin, int64_t end) const {
    walk_.turn(k, begin, end, [&](const Part& part) {
      cells(part);
      if (goes_on(part)) product(part, 0, s_.state);
    });
  }
  void shared_turn(int64_t k) const {
    walk_.turn(k, 0, s_.batch(), [&](const Part& part) {
      share_cells(part);
      if (!goes_on(part)) return;
      share_columns<T>(s_.state, part.rows() * depth(),
                       [&](int64_t begin, int64_t end) { product(part, begin, end); });
    });
  }
  void one_turn() const {
    const Part part{0, s_.batch(), 0, -1};
    share_cells(part);
    if (!goes_on(part)) return;
    gemm(dtype_of<T>, part.rows(), s_.state, depth(), Scalar(1), {factor(part), s_.row_width(), 1},
         {p_.w_hh, s_.state, 1}, Scalar(s_.cell == Cell::Gru ? 1 : 0), {p_.gh, s_.state});
  }

 private:
  static T* take(T*& room, int64_t n) {
    T* p = room;
    room += aligned(n);
    return p;
  }
  int64_t depth() const { return gates_of(s_.cell) * s_.hidden; }
  bool goes_on(const Part& part) const { return part.before >= 0 || p_.initial; }
  const T* factor(const Part& part) const {  // the gradients of what the state was multiplied into
    return as<T>(p_.ggates) + part.row * s_.row_width() + (s_.cell == Cell::Gru ? s_.hidden : 0);
  }
  void product(const Part& part, int64_t begin, int64_t end) const {
    weights_.times(part.rows(), factor(part), s_.row_width(), as<T>(p_.gh) + part.begin * s_.state, s_.state,
                   s_.cell == Cell::Gru, begin, end);
  }
  void cells(const Part& part) const {
    const int64_t n = part.rows(), H = s_.hidden;
    const T* gy = p_.gy ? as<T>(p_.gy) + part.row * s_.state : zeros_;
    const int64_t step = p_.gy ? s_.state : 0;
    T *gh = as<T>(p_.gh) + part.begin * s_.state, *g = as<T>(p_.ggates) + part.row * s_.row_width();
    const T* gates = as<T>(p_.gates) + part.row * s_.row_width();
    switch (s_.cell) {
      case Cell::Tanh:
      case Cell::Relu: return gates_.plain_back(s_.cell == Cell::Relu, n, H, gates, gy, step, gh, g);
      case Cell::Gru: return gates_.gru_back(n, H, gates, h_before(part), gy, step, gh, g);
      case Cell::Lstm: break;
    }
    if (p_.w_hr) {
      gh = through_projection(part, gy, step);
      gy = zeros_;
    }
    gates_.lstm_back(n, H, gates, c_before(part), as<T>(p_.cells) + part.row * H, gy, p_.w_hr ? 0 : step, gh,
                     as<T>(p_.gc) + part.begin * H, g);
  }
  // The gradient of the state before it is projected.
  T* through_projection(const Part& part, const T* gy, int64_t step) const {
    const int64_t P = s_.state;
    T *full = as<T>(p_.gy_full) + part.row * P, *raw = graw_ + part.begin * s_.hidden;
    const T* gh = as<T>(p_.gh) + part.begin * P;
    for (int64_t i = 0; i < part.rows(); ++i)
      for (int64_t j = 0; j < P; ++j) full[i * P + j] = gh[i * P + j] + gy[i * step + j];
    projection_.times(part.rows(), full, P, raw, s_.hidden, false, 0, s_.hidden);
    return raw;
  }
  const T* h_before(const Part& part) const {
    return part.before < 0 ? as<T>(p_.h0) + part.begin * s_.state : as<T>(p_.y) + part.before * s_.state;
  }
  const T* c_before(const Part& part) const {
    return part.before < 0 ? as<T>(p_.c0) + part.begin * s_.hidden
                           : as<T>(p_.cells) + part.before * s_.hidden;
  }
  void share_cells(const Part& part) const {
    parallel_for(part.rows(), 1 + 8192 / (s_.row_width() + 1), [&](int64_t begin, int64_t end) {
      cells({part.begin + begin, part.begin + end, part.row + begin,
             part.before < 0 ? -1 : part.before + begin});
    });
  }

  const Sweep& s_;
  const SweepBackward& p_;
  const Walk& walk_;
  const GateKernels<T>& gates_;
  Repeated<T> weights_, projection_;
  T *zeros_ = nullptr, *graw_ = nullptr;
};

template <class Sweeper, class P> void sweep_as(const Sweep& s, const P& p) {
  if (s.batch() == 0 || s.hidden == 0) return;
  const Walk walk(s);
  run(s, walk, Sweeper(s, p, walk));
}

}  // namespace

int64_t sweep_scratch(const Sweep& s, bool backward) {  // float's panels are the wider ones
  return backward ? Backward<float>::scratch(s) : Forward<float>::scratch(s);
}
void sweep_forward(Dtype dtype, const Sweep& s, const SweepForward& p) {
  dtype == Dtype::F64 ? sweep_as<Forward<double>>(s, p) : sweep_as<Forward<float>>(s, p);
}
void sweep_backward(Dtype dtype, const Sweep& s, const SweepBackward& p) {
  dtype == Dtype::F64 ? sweep_as<Backward<double>>(s, p) : sweep_as<Backward<float>>(s, p);
}

}  // namespace adjoint
