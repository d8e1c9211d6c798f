// The CPU's attention.
#include "kernels/attention.h"

#include "device/cpu/work.h"
#include "device/nn/attention.h"

namespace adjoint {
namespace {

using Ref = const TensorImpl&;

template <class Heads> Heads heads(Ref x) {
  const size_t lead = size_t(x.ndim) - 2;
  return {x.host(), x.strides().first(lead), x.stride(x.ndim - 2), x.stride(x.ndim - 1)};
}
template <class Heads> Heads heads(const TensorImpl* x) { return x ? heads<Heads>(*x) : Heads{}; }

Attention problem(const AttentionOperands& o) {
  const int n = o.q.ndim;
  Attention a{};
  a.dtype = o.q.dtype;
  a.lead = o.q.sizes().first(size_t(n) - 2);
  a.queries = o.q.size(n - 2), a.keys = o.k.size(n - 2);
  a.depth = o.q.size(n - 1), a.value_depth = o.v.size(n - 1);
  a.sharing = o.sharing;
  a.q = heads<HeadsIn>(o.q), a.k = heads<HeadsIn>(o.k), a.v = heads<HeadsIn>(o.v);
  a.mask = heads<HeadsIn>(o.mask), a.keep = heads<HeadsIn>(o.keep);
  a.mask_is_bool = o.mask && o.mask->dtype == Dtype::Bool;
  a.keep_scale = o.keep_scale;
  a.causal = o.causal;
  a.scale = o.scale;
  return a;
}

// Elements that count for as much as its multiply-adds: an estimate that cannot overflow.
cpu::Work work_of(const Attention& a, int64_t rows) {
  return cpu::Work(
      int64_t(std::min(1e9, double(rows) * double(a.keys) * double(a.depth + a.value_depth) / 16)));
}

void forward(const AttentionOperands& o, Ref out, const TensorImpl* log_sums) {
  const Attention a = problem(o);
  cpu::Work work = work_of(a, out.numel / a.value_depth);
  attention(a, heads<HeadsOut>(out), log_sums ? log_sums->host() : nullptr);
}

void backward(const AttentionOperands& o, Ref g, Ref out, Ref log_sums, Ref gq, Ref gk, Ref gv,
              const TensorImpl* gmask) {
  const Attention a = problem(o);
  cpu::Work work = work_of(a, log_sums.numel);
  attention_backward(a, heads<HeadsIn>(g), heads<HeadsIn>(out), log_sums.host(), heads<HeadsOut>(gq),
                     heads<HeadsOut>(gk), heads<HeadsOut>(gv), heads<HeadsOut>(gmask));
}

}  // namespace

const AttentionKernels cpu_attention = {forward, backward};

}  // namespace adjoint
