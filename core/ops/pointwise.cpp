// The driver of all pointwise operations: types, shapes, the loop, and (through ops/pointwise_node.h) the
// record.
//
// Note [Roads]: an element has the same bits whichever road brings it to its formula: dense, 0-d, expanded, strided,
// beside a number, cast, quick, in place, out=, recorded. So no road has arithmetic of its own; all of them end in the
// loops of ops/pointwise_loops.h, in which an element's neighbours do not count. Instruction sets with a fused
// multiply-add (v3, v4) leave the same bits, too; the oldest one has other formulas in places (kernels/math.h) and may
// differ from them in the last ones. tests/roads.py goes through all of it.
#include <cmath>
#include "autograd/changes.h"
#include "autograd/needs.h"
#include "device/host_values.h"
#include "ops/pointwise_node.h"
#include "ops/promotion.h"

namespace adjoint {

namespace pointwise_detail {

int compute_of(const PointwiseOp& op, Dtype d) {
  switch (category_of(d)) {
    case Category::Bool: return op.types & kBools ? CBool : op.types & kBoolAsInt ? CI64 : -1;
    case Category::Integer: return op.types & kInts ? CI64 : -1;
    case Category::Float: return op.types & kFloats ? (d == Dtype::F64 ? CF64 : CF32) : -1;
    default: return op.types & kComplex ? CC128 : -1;
  }
}

Dtype kernel_result(Promotion p, Dtype kernel) {
  if (p == Promotion::Bool) return Dtype::Bool;
  return p == Promotion::Real || p == Promotion::RealFloat ? real_of(kernel) : kernel;
}

Dtype logical_result(Promotion p, Dtype common) {
  if (p == Promotion::Bool) return Dtype::Bool;
  return p == Promotion::Real || p == Promotion::RealFloat ? real_of(common) : common;
}

void run_loop(const FormulaLoop& loop, const Tensor& out, Dtype kernel_out, Dtype kernel,
              std::span<const Operand> xs, int cond) {
  LoopOperand operands[kMaxLoopOperands];
  operands[0].tensor = out.get();
  operands[0].kernel = kernel_out;
  for (size_t k = 0; k < xs.size(); ++k) {
    LoopOperand& o = operands[k + 1];
    o.kernel = int(k) == cond ? Dtype::Bool : kernel;
    o.tensor = xs[k].is_tensor() ? xs[k].tensor->get() : nullptr;
    if (!o.tensor) xs[k].scalar.store(o.number, o.kernel);
  }
  backend(out).pointwise(loop, {operands, xs.size() + 1});
}

}  // namespace pointwise_detail

using namespace pointwise_detail;

namespace {

struct Types {
  Dtype common, result;
  int compute;
};

[[noreturn]] void refuse(const PointwiseOp& op, Dtype d) {
  const Refusal& r = d == Dtype::Bool ? op.no_bool : op.no_complex;
  if ((d == Dtype::Bool || is_complex(d)) && r.text)
    fail(r.runtime_error ? ErrorKind::Runtime : ErrorKind::NotImplemented, r.text);
  fail(ErrorKind::NotImplemented, "\"", op.kernel ? op.kernel : op.name + "_cpu", "\" not implemented for '",
       label_of(d), "'");
}

Types resolve_types(const PointwiseOp& op, std::span<const Operand> xs) {
  ResultType r;
  for (size_t i = op.cond_first; i < xs.size() && int(i) < op.promoting; ++i) r.add(xs[i]);
  Types t;
  t.common = r.get();
  if (op.promotion == Promotion::Float || op.promotion == Promotion::RealFloat)
    t.common = float_type(t.common);
  t.compute = compute_of(op, t.common);
  if (t.compute < 0) refuse(op, t.common);
  t.result = logical_result(op.promotion, t.common);
  return t;
}

// A number is of the operands' type before it is of the kernel's: -1 among uint8 is 255.
void wrap_numbers(std::span<const Operand> xs, Dtype common, std::vector<Operand>& wrapped) {
  wrapped.assign(xs.begin(), xs.end());
  for (Operand& x : wrapped)
    if (!x.is_tensor())
      x.scalar = Scalar(visit(common, [&](auto* p) -> int64_t {
        using T = std::remove_pointer_t<decltype(p)>;
        if constexpr (std::is_integral_v<T>)
          return int64_t(T(x.scalar.to_int()));
        else
          return x.scalar.to_int();
      }));
}

// A comparison of integers with a float is true to the numbers: float32 would round both. Among doubles it is, and for
// int64, which they do not hold, among integers, by the next whole number on the right side.
bool exact_comparison(const PointwiseOp& op, Types& t, std::span<const Operand> xs,
                      std::vector<Operand>& exact) {
  if (op.whole == Whole::No || !xs[0].is_tensor() || xs[1].is_tensor() ||
      xs[1].scalar.category() != Category::Float)
    return false;
  const Dtype d = (*xs[0].tensor)->dtype;
  if (!is_integral(d) || d == Dtype::Bool) return false;
  double v = xs[1].scalar.to_double();
  const double whole = op.whole == Whole::Below ? std::floor(v) : op.whole == Whole::Above ? std::ceil(v) : v;
  exact.assign(xs.begin(), xs.end());
  if (d == Dtype::I64 && whole >= -0x1p63 && whole < 0x1p63 && whole == std::floor(whole)) {
    exact[1].scalar = Scalar(int64_t(whole));
    t.common = Dtype::I64, t.compute = CI64;
  } else {
    if (std::abs(v) >= 0x1p63) v = std::copysign(__builtin_inf(), v);
    exact[1].scalar = Scalar(v);
    t.common = Dtype::F64, t.compute = CF64;
  }
  return true;
}

// The result's layout follows the operands': their dimensions ordered by stride, as PyTorch's iterator has it.
Tensor allocate(Ints shape, Dtype dtype, Device device, std::span<const Operand> xs) {
  bool row_major = true, first = true;
  for (const Operand& x : xs) {
    if (!x.is_tensor() || (*x.tensor)->ndim == 0) continue;
    const TensorImpl& t = **x.tensor;
    row_major &= t.contiguous();
    if (first && t.contiguous() && equal(t.sizes(), shape)) break;  // what follows has no say
    first = false;
  }
  if (row_major) return empty(shape, dtype, device);
  std::vector<Dims> strides;
  bool alike = true;  // all of one shape and layout
  for (const Operand& x : xs) {
    if (!x.is_tensor() || (*x.tensor)->ndim == 0) continue;
    const TensorImpl& t = **x.tensor;
    Dims& s = strides.emplace_back(int64_t(shape.size()));
    const int lead = int(shape.size()) - t.ndim;
    for (int i = 0; i < t.ndim; ++i)
      if (t.size(i) == shape[size_t(lead + i)]) s[lead + i] = t.stride(i);
    alike &= equal(t.sizes(), shape) && equal(s, strides[0]) && is_dense(t);
  }
  if (alike) return empty_strided(shape, strides[0], dtype, device);
  return empty_strided(shape, strides_in_order(shape, strides), dtype, device);
}

void check_overlap(const Tensor& out, std::span<const Operand> xs) {
  check_no_self_overlap(out);
  for (const Operand& x : xs)
    if (x.is_tensor()) check_no_partial_overlap(*out, **x.tensor);
}

Tensor destination(const PointwiseOp& op, Ints shape, const Types& t, Device device,
                   std::span<const Operand> xs, const Dest& dest) {
  if (!dest.tensor) return allocate(shape, t.result, device, xs);
  const Tensor& out = *dest.tensor;
  check(can_cast(t.result, out->dtype), "result type ", label_of(t.result),
        " can't be cast to the desired output type ", label_of(out->dtype));
  bool read = dest.inplace;
  for (const Operand& x : xs) read |= x.is_tensor() && x.tensor->same(out);
  if (read)
    check(equal(out->sizes(), shape), "output with shape ", out->sizes(),
          " doesn't match the broadcast shape ", shape);
  check(!dest.inplace || op.promotion != Promotion::Real || !is_complex(out->dtype), "In-place ", op.name,
        " is not supported for complex tensors.");
  if (!dest.inplace) {
    bool needs = false;
    for (const Operand& x : xs) needs |= x.is_tensor() && requires_grad(*x.tensor);
    refuse_out_grad(op.name.c_str(), modes.grad && (needs || requires_grad(out)));
    check_overlap(out, xs);  // before it takes another shape, too
    prepare_out(out, shape, t.result, device, op.name.c_str());
    check_inplace(out, op.name.c_str(), false);
  }
  check_overlap(out, xs);
  return out;
}

// See Note [Cuts].
void cut_by_inputs(const PointwiseOp& op, std::span<const Operand> xs, const Tensor& out) {
  for (const Operand& x : xs)
    if (x.is_tensor()) {
      leave_cut(out, op.name.c_str(), *x.tensor);
      if (out->cut) return;
    }
}

// An integer or boolean result that is written into x: no gradient comes through. (PyTorch leaves what x was in
// the history for the logical ones, and hands on a gradient of values that are gone.)
struct Erased {
  std::string node;
  const char* name;
  static constexpr const char* rule = "gx = 0";
  void vjp(Backward& b) { b.gx[0] = graph_ops.zeros_like(b.grad()); }
};
NodeRef erase(const PointwiseOp& op, std::span<const Operand> xs, const Tensor& x) {
  std::string node = op.node;
  if (xs.size() > 1 && xs[1].is_tensor() && node.ends_with('0')) node.back() = '1';  // PyTorch's other form
  return door::make_node(Erased{std::move(node), op.name.c_str()}, x);
}

// A leaf has none.
bool has_history_to_erase(const PointwiseOp& op, const TensorImpl& x) {
  return !(op.record.flags & kChangesLeaves) || !(x.base ? x.base : &x)->is_leaf();
}

[[gnu::noinline]] Tensor general(const PointwiseOp& op, std::span<const Operand> xs, const Dest& dest) {
  Types t = resolve_types(op, xs);
  Dims shape;
  CommonDevice devices;
  bool any = false, record = false;
  for (size_t i = 0; i < xs.size(); ++i) {
    if (!xs[i].is_tensor()) continue;
    const Tensor& x = *xs[i].tensor;
    shape = any ? broadcast_shapes(shape, x->sizes()) : Dims(x->sizes());
    any = true;
    devices.add(*x);
    record |= x->requires_grad();
  }
  const Device device = devices.get();
  const bool erases = dest.inplace && modes.grad && !is_differentiable(t.result) &&
                      requires_grad(*dest.tensor) && has_history_to_erase(op, **dest.tensor);
  record = record && modes.grad && is_differentiable(t.result) && (!dest.tensor || dest.inplace);
  if (dest.inplace) check_inplace(*dest.tensor, dest.name ? dest.name : op.name.c_str(), record || erases);
  Tensor out = destination(op, shape, t, device, xs, dest);
  PointwiseNode* node = record ? make_node(op, xs, t.common, dest.inplace ? out.get() : nullptr) : nullptr;
  NodeRef held = NodeRef::steal(node);
  if (erases) held = erase(op, xs, out);
  const bool truth = op.promotion == Promotion::Bool;
  if (dest.tensor)
    bumped(out, dest.name ? dest.name : op.name.c_str());  // first: Ctrl-C may end the loop in its middle
  if (out->numel) {
    Dtype kernel = kKernelType[t.compute];
    std::vector<Operand> wrapped;
    std::span<const Operand> operands = xs;
    if (truth ? exact_comparison(op, t, xs, wrapped) : is_integral(t.common) && t.common != Dtype::I64) {
      if (!truth) wrap_numbers(xs, t.common, wrapped);
      operands = wrapped;
      kernel = kKernelType[t.compute];
    }
    const Dtype computed = kernel_result(op.promotion, kernel);
    // What is computed in a wider type becomes one of the result's type before it becomes one of out's: it wraps, or is
    // rounded.
    const bool twice = out->dtype != t.result && computed != t.result;
    Tensor to = twice ? empty(shape, t.result, device) : out;
    if (is_reduced(t.common) && op.reduced)
      op.reduced(operands, t.common, to);
    else
      run_loop({op.kernels, Compute(t.compute)}, to, computed, kernel, operands, op.cond_first ? 0 : -1);
    if (twice) graph_ops.raw_copy(out, to);
  }
  if (erases) rebase_history(out, held);
  if (!record) {
    if (!dest.tensor) cut_by_inputs(op, xs, out);
    return out;
  }
  if (dest.inplace)
    rebase_history(out, held);
  else
    set_history(*out, *node);
  node->save_result(out);
  return out;
}

// As the quick road takes them; false where it takes no such operand.
bool quick_args(std::span<const Operand> xs, QuickArg* args) {
  if (xs.size() > 3) return false;
  for (size_t k = 0; k < xs.size(); ++k) {
    if (xs[k].is_tensor()) {
      args[k].tensor = xs[k].tensor->get();
      continue;
    }
    const Scalar& s = xs[k].scalar;
    if (s.is_complex() || s.is_bool()) return false;
    args[k].integer = s.is_integral();
    args[k].number = s.to_double();
    if (args[k].integer && int64_t(args[k].number) != s.to_int()) return false;
  }
  return true;
}

}  // namespace

Tensor pointwise(const PointwiseOp& op, std::span<const Operand> xs, const Dest& dest) {
  if (QuickArg args[3]; quick_args(xs, args)) {
    if (!dest.tensor) {
      if (Tensor y = quick(op, args, int(xs.size()))) return y;
    } else if (dest.inplace && quick_inplace(op, args, int(xs.size()), *dest.tensor,
                                             dest.name ? dest.name : op.name.c_str())) {
      return *dest.tensor;
    }
  }
  return general(op, xs, dest);
}

void invoke_pointwise(const PointwiseOp& op, const Value* args, const Dest& dest, Returned& out) {
  auto operand = [&](int i) {
    return args[i].kind == Value::TensorK ? Operand(*args[i].tensor) : Operand(args[i].scalar);
  };
  out.kind = Returned::One;
  switch (op.arity) {
    case 1: out.tensor = pointwise(op, {operand(0)}, dest); break;
    case 2: out.tensor = pointwise(op, {operand(0), operand(1)}, dest); break;
    case 3: out.tensor = pointwise(op, {operand(0), operand(1), operand(2)}, dest); break;
    default: out.tensor = pointwise(op, {operand(0), operand(1), operand(2), operand(3)}, dest); break;
  }
}

}  // namespace adjoint
