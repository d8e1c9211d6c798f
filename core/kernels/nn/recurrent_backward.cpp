// Backward sweeps: the gradients of all gates, and those of the states at the beginning.
#include "kernels/gemm.h"
#include "kernels/nn/recurrent_detail.h"

namespace adjoint {
namespace {

using namespace recurrent;

template <class T> class Backward {
 public:
  static constexpr bool kBackward = true;
  static constexpr int64_t kItem = sizeof(T);
  Backward(const Sweep& s, const SweepBackward& p, const Walk& walk)
      : s_(s), p_(p), walk_(walk), gates_(gate_kernels<T>()) {
    T *room = as<T>(p.room), *panels = as<T>(p.panels);
    const bool dots = s.batch() <= kDotRows;
    const int64_t H = s.hidden, P = s.state;
    zeros_ = take(room, H);
    std::fill(zeros_, zeros_ + H, T(0));
    weights_ = {as<T>(p.w_hh), P, false, P, depth(), dots};
    if (walk.steps() > 1) weights_.pack(take(panels, Repeated<T>::room(P, depth())));
    if (!p.w_hr) return;
    projection_ = {as<T>(p.w_hr), H, false, H, P, dots};
    projection_.pack(take(panels, Repeated<T>::room(H, P)));
    graw_ = take(room, s.batch() * H);
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

}  // namespace

void sweep_backward(Dtype dtype, const Sweep& s, const SweepBackward& p) {
  dtype == Dtype::F64 ? sweep_as<Backward<double>>(s, p) : sweep_as<Backward<float>>(s, p);
}

}  // namespace adjoint
