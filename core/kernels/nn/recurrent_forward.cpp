// Forward sweeps: products with the state before, gates, and the states at the end.
#include <cstring>

#include "kernels/gemm.h"
#include "kernels/nn/recurrent_detail.h"

namespace adjoint {
namespace {

using namespace recurrent;

template <class T> class Forward {
 public:
  static constexpr bool kBackward = false;
  static constexpr int64_t kItem = sizeof(T);
  Forward(const Sweep& s, const SweepForward& p, const Walk& walk)
      : s_(s), p_(p), walk_(walk), gates_(gate_kernels<T>()) {
    T *room = as<T>(p.room), *panels = as<T>(p.panels);
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
      if (!once && b.w.columns()) b.w.pack(take(panels, Repeated<T>::room(b.w.columns(), P)));
    if (p.w_hr) {
      projection_ = {as<T>(p.w_hr), H, true, P, H, dots};
      projection_.pack(take(panels, Repeated<T>::room(P, H)));
      raw_ = take(room, s.batch() * H);
    }
    if (s.cell == Cell::Lstm && !p.cells) std::memcpy(p.cn, p.c0, size_t(s.batch() * H) * sizeof(T));
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

}  // namespace

void sweep_forward(Dtype dtype, const Sweep& s, const SweepForward& p) {
  dtype == Dtype::F64 ? sweep_as<Forward<double>>(s, p) : sweep_as<Forward<float>>(s, p);
}

}  // namespace adjoint
