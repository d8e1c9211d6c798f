// The CPU's recurrent networks.
#include "device/nn/recurrent.h"
#include "device/cpu/work.h"

namespace adjoint {
namespace cpu {
namespace {

void* at(const TensorImpl* x) { return x ? x->host() : nullptr; }

// Multiplications cost less than elements that are read, and each unit's gates more.
int64_t work_of(const Sweep& s) { return s.rows() * s.row_width() * (1 + s.state / 16); }

void forward(const Sweep& s, const RecurrentForward& x) {
  const Dtype dtype = x.w_hh->dtype;
  const Tensor panels = empty(Dims{sweep_panels(s)}, dtype), room = empty(Dims{sweep_room(s)}, dtype);
  Work work(work_of(s));
  sweep_forward(dtype, s,
                {at(x.h0), at(x.c0), at(x.w_hh), at(x.b_ih), at(x.b_hh), at(x.w_hr), at(x.gates), at(x.cells),
                 at(x.y), at(x.hn), at(x.cn), panels->host(), room->host()});
}

void backward(const Sweep& s, const RecurrentBackward& x) {
  const Dtype dtype = x.w_hh->dtype;
  const Tensor panels = empty(Dims{sweep_panels(s)}, dtype), room = empty(Dims{sweep_room(s)}, dtype);
  Work work(work_of(s));
  sweep_backward(dtype, s,
                 {at(x.h0), at(x.c0), at(x.w_hh), at(x.w_hr), at(x.gates), at(x.cells), at(x.y), at(x.gy),
                  at(x.gh), at(x.gc), at(x.ggates), at(x.gy_full), panels->host(), room->host(), x.initial});
}

}  // namespace
}  // namespace cpu

const RecurrentKernels cpu_recurrent = {cpu::forward, cpu::backward};

}  // namespace adjoint
