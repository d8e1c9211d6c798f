// The common call of a pointwise operation: dense float tensors of one type and shape, 0-d tensors of that
// type (also expanded ones), numbers. Nothing is gathered, promoted or broadcast; whatever else comes takes
// the general road.
#include <cstring>
#include "autograd/changes.h"
#include "device/cpu/flat.h"
#include "ops/pointwise_node.h"

namespace adjoint {
namespace {

// Arguments as the loop takes them. A 0-d or expanded tensor beside a dense one is a number in memory.
template <int N> struct Dense {
  const TensorImpl* model = nullptr;  // the first operand with the result's shape
  char* p[N + 1];
  int64_t st[N + 1];
  double numbers[N];
  int64_t item = 4;
  bool record = false;
  uint32_t cut = 0;

  void put_number(int k, double v) {
    if (item == 4) {
      float f = float(v);
      std::memcpy(&numbers[k], &f, sizeof f);
    } else {
      numbers[k] = v;
    }
    p[k + 1] = reinterpret_cast<char*>(&numbers[k]);
    st[k + 1] = 0;
  }
  // False where the call is not of this kind. With `first` the result has the first operand's shape.
  [[gnu::always_inline]] bool prepare(const PointwiseOp& op, const QuickArg* xs, bool first) {
    const int from = N == 3 && op.cond_first ? 1 : 0;
    for (int k = from; k < N; ++k) {
      const TensorImpl* t = xs[k].tensor;
      if (t && (!model || t->ndim > model->ndim || (!model->contiguous() && t->ndim == model->ndim)))
        model = t;
      if (first) break;
    }
    if (!model || (model->dtype != Dtype::F32 && model->dtype != Dtype::F64)) return false;
    if (!(op.types & kFloats) || !model->contiguous() || model->device != Device::Cpu) return false;
    item = model->dtype == Dtype::F32 ? 4 : 8;
    for (int k = 0; k < N; ++k) {
      const TensorImpl* t = xs[k].tensor;
      if (!t) {
        put_number(k, xs[k].number);
        continue;
      }
      bool one = t->ndim == 0;
      if (t != model || k < from) {
        if (t->dtype != (k < from ? Dtype::Bool : model->dtype) || t->device != Device::Cpu) return false;
        if (!one && !same_sizes(*t, *model)) return false;
        if (!t->contiguous()) {
          if (!is_spread(*t)) return false;
          one = true;
        }
      }
      record |= t->requires_grad();
      cut = std::max(cut, t->cut);
      p[k + 1] = t->address();
      st[k + 1] = one ? 0 : k < from ? 1 : item;
    }
    return true;
  }
  [[gnu::always_inline]] void run(const PointwiseOp& op, TensorImpl& out, int64_t out_item) {
    p[0] = out.address();
    st[0] = out_item;
    cpu::run_flat(op.kernels.value[item == 4 ? CF32 : CF64], p, st, N + 1, out.numel);
  }
};

[[gnu::noinline]] void record_quick(const PointwiseOp& op, const QuickArg* xs, int n, const Tensor& out) {
  Operand operands[kMaxOperands] = {0, 0, 0, 0};
  Tensor held[kMaxOperands];
  for (int k = 0; k < n; ++k) {
    if (!xs[k].tensor) {
      operands[k].scalar = xs[k].integer ? Scalar(int64_t(xs[k].number)) : Scalar(xs[k].number);
      continue;
    }
    held[k] = Tensor::share(const_cast<TensorImpl*>(xs[k].tensor));
    operands[k].tensor = &held[k];
  }
  PointwiseNode* node = make_node(op, {operands, size_t(n)}, out->dtype);
  NodeRef owned = NodeRef::steal(node);
  set_history(*out, *node);
  node->save_result(out);
}

// See Note [Cuts].
[[gnu::noinline]] void cut_quick(const PointwiseOp& op, const QuickArg* xs, int n, const Tensor& out) {
  for (int k = 0; k < n && !out->cut; ++k)
    if (xs[k].tensor) leave_cut(out, op.name.c_str(), Tensor::share(const_cast<TensorImpl*>(xs[k].tensor)));
}

template <int N> [[gnu::always_inline]] inline Tensor quick_n(const PointwiseOp& op, const QuickArg* xs) {
  Dense<N> c;
  if (!c.prepare(op, xs, false)) return Tensor();
  const bool truth = op.promotion == Promotion::Bool;
  Tensor out = empty_shaped(*c.model, truth ? Dtype::Bool : c.model->dtype);
  c.run(op, *out, truth ? 1 : c.item);
  if (c.record)
    modes.grad && !truth ? record_quick(op, xs, N, out) : cut_quick(op, xs, N, out);
  else
    out->cut = c.cut;
  return out;
}

template <int N>
bool quick_inplace_n(const PointwiseOp& op, const QuickArg* xs, const Tensor& out, const char* name) {
  Dense<N> c;
  if (op.promotion == Promotion::Bool || !c.prepare(op, xs, true) || c.model != out.get()) return false;
  if (c.record && modes.grad) return false;
  for (int k = 1; k < N; ++k)  // views of the same memory: the general road tells which overlap
    if (xs[k].tensor && xs[k].tensor->storage->data == out->storage->data && xs[k].tensor != out.get())
      return false;
  check_inplace(out, name, false);
  bumped(out, name);  // first: Ctrl-C may end the loop in its middle
  c.run(op, *out, c.item);
  return true;
}

}  // namespace

Tensor quick(const PointwiseOp& op, const QuickArg* xs, int n) {
  switch (n) {
    case 1: return quick_n<1>(op, xs);
    case 2: return quick_n<2>(op, xs);
    case 3: return quick_n<3>(op, xs);
    default: return Tensor();
  }
}

bool quick_inplace(const PointwiseOp& op, const QuickArg* xs, int n, const Tensor& out, const char* name) {
  switch (n) {
    case 1: return quick_inplace_n<1>(op, xs, out, name);
    case 2: return quick_inplace_n<2>(op, xs, out, name);
    case 3: return quick_inplace_n<3>(op, xs, out, name);
    default: return false;
  }
}

}  // namespace adjoint
