// What comes from outside the engine is held against what a node's outputs look like: Note [Output shapes].
#include "autograd/engine.h"
#include "autograd/needs.h"

namespace adjoint {

void OutputInfo::note_slow(const TensorImpl& y, uint32_t nr) {
  ValueInfo info{Dims(y.sizes()), y.dtype, y.device}, first;
  if (nr && find(0, first) && first.dtype == info.dtype && first.device == info.device &&
      first.sizes == info.sizes)
    return;
  if (!more_) more_ = new std::vector<std::pair<uint32_t, ValueInfo>>;
  auto at = place(nr);
  if (at != more_->end() && at->first == nr)
    at->second = std::move(info);
  else
    more_->insert(at, {nr, std::move(info)});
}
std::vector<std::pair<uint32_t, ValueInfo>>::iterator OutputInfo::place(uint32_t nr) const {
  return std::lower_bound(more_->begin(), more_->end(), nr,
                          [](const auto& entry, uint32_t n) { return entry.first < n; });
}

bool OutputInfo::find(uint32_t nr, ValueInfo& out) const {
  if (more_)
    if (auto at = place(nr); at != more_->end() && at->first == nr) return out = at->second, true;
  if (ndim_ == kNone) return nr != 0 && more_ && find(0, out);  // what is not listed is as output 0
  out = {Dims(int64_t(ndim_)), dtype_, device_};
  for (int i = 0; i < ndim_; ++i) out.sizes[i] = sizes_[i];
  return true;
}

Tensor broadcast_view(const Tensor& t, Ints sizes) {
  if (equal(t->sizes(), sizes)) return t;
  Dims strides(int64_t(sizes.size()));
  int shift = int(sizes.size()) - t->ndim;
  if (shift < 0) return {};
  for (int d = 0; d < t->ndim; ++d) {
    if (t->size(d) != sizes[size_t(d + shift)] && t->size(d) != 1) return {};
    if (t->size(d) != 1) strides[d + shift] = t->stride(d);
  }
  return graph_ops.as_strided(t, sizes, strides, t->storage_offset());
}

static Tensor checked(const ValueInfo& want, const std::string& name, uint32_t nr, Tensor g) {
  check(g->device == want.device, name, ": expected a gradient on ", name_of(want.device), ", got one on ",
        name_of(g->device));
  check(equal(g->sizes(), want.sizes), name, " got an invalid gradient for output ", nr, " - got ",
        g->sizes(), " but expected shape compatible with ", Ints(want.sizes));
  check(!is_complex(g->dtype) || is_complex(want.dtype), name, " got an invalid gradient for output ", nr,
        " - got a complex gradient for a real output");
  return g->dtype == want.dtype ? g : graph_ops.to(g, want.dtype);
}

Tensor checked_cotangent(const Node& n, uint32_t nr, Tensor g) {
  check(nr < n.outputs, n.name(), " has ", n.outputs, " outputs, so none of number ", nr);
  ValueInfo want;
  return g && n.output_info.find(nr, want) ? checked(want, n.name(), nr, std::move(g)) : g;
}
Tensor checked_cotangent(const TensorImpl& leaf, Tensor g) {
  return g ? checked({Dims(leaf.sizes()), leaf.dtype, leaf.device}, "AccumulateGrad", 0, std::move(g)) : g;
}

}  // namespace adjoint
