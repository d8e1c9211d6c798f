// How sweeps of recurrent layers are shared among threads, and what they need.
#include "kernels/isa.h"
#include "kernels/nn/recurrent_detail.h"

namespace adjoint {

ADJOINT_PICK_TABLE(GateTable, gate_table)

namespace recurrent {

std::vector<int64_t> Walk::borders(int64_t pieces) const {
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

Plan plan(const Sweep& s, int64_t item) {
  constexpr int64_t kLeast = 1 << 18, kFewestRows = 4, kCached = 768 << 10;
  const int64_t weights = gates_of(s.cell) * s.hidden * s.state, threads = num_threads(),
                work = s.rows() * weights;
  const int64_t pieces = std::clamp<int64_t>(s.batch() / kFewestRows, 1, threads);
  if (threads == 1 || work < kLeast) return {false, 1};
  const bool large = pieces < threads || weights * item > kCached;
  return {large && s.batch() * weights >= kLeast, pieces};
}

}  // namespace recurrent

int64_t sweep_panels(const Sweep& s) {
  using R = recurrent::Repeated<float>;  // whose panels are the wider ones
  const int64_t H = s.hidden, P = s.state, rows = gates_of(s.cell) * H;
  const int64_t forward = s.cell == Cell::Gru ? R::room(2 * H, P) + R::room(H, P) : R::room(rows, P);
  return std::max(forward, R::room(P, rows)) + (P == H ? 0 : std::max(R::room(P, H), R::room(H, P)));
}
int64_t sweep_room(const Sweep& s) {
  return recurrent::aligned(s.row_width()) +
         (s.state == s.hidden ? 0 : recurrent::aligned(s.batch() * s.hidden));
}

}  // namespace adjoint
