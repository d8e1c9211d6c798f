#include "device/cpu/narrow.h"
#include <cstring>

namespace adjoint::cpu {
namespace {

int narrow_of(Dtype d) {
  switch (d) {
    case Dtype::Bool: return NBool;
    case Dtype::U8: return NU8;
    case Dtype::I8: return NI8;
    case Dtype::I16: return NI16;
    case Dtype::I32: return NI32;
    case Dtype::I64: return NI64;
    default: return -1;
  }
}

// False where the number is none of the type: a truth value against 2.
bool narrow_number(Dtype d, const char* wide, char* to) {
  int64_t v;
  std::memcpy(&v, wide, sizeof v);
  return visit(d, [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    if constexpr (std::is_integral_v<T>) {
      const T narrow = T(v);
      std::memcpy(to, &narrow, sizeof narrow);
      return int64_t(narrow) == v;
    } else {
      return false;
    }
  });
}

// The type in which all the operands of an int64 loop lie; F32 where there is none.
Dtype common_memory(std::span<const RawOperand> ops) {
  Dtype d = Dtype::F32;
  for (const RawOperand& o : ops.subspan(1)) {
    if (o.kernel == Dtype::Bool && o.dtype == Dtype::Bool) continue;  // a condition
    if (o.kernel != Dtype::I64) return Dtype::F32;
    if (!o.tensor) continue;
    if (d != Dtype::F32 && d != o.dtype) return Dtype::F32;
    d = o.dtype;
  }
  const Dtype out = ops[0].kernel == Dtype::Bool ? Dtype::Bool : d;
  return ops[0].dtype == out ? d : Dtype::F32;
}

}  // namespace

Loop narrow_twin(const PointwiseKernels& kernels, std::span<RawOperand> ops, NarrowNumbers& numbers) {
  const Loop wide = kernels.value[CI64];
  if (!kernels.narrow[NI64]) return wide;
  const Dtype d = common_memory(ops);
  const int at = narrow_of(d);
  if (at < 0 || !kernels.narrow[at]) return wide;
  for (size_t k = 1; k < ops.size(); ++k)
    if (ops[k].kernel == Dtype::I64 && !ops[k].tensor && !narrow_number(d, ops[k].data, numbers.bytes[k]))
      return wide;
  for (size_t k = 1; k < ops.size(); ++k) {
    if (ops[k].kernel != Dtype::I64) continue;
    if (!ops[k].tensor) ops[k].data = numbers.bytes[k];
    ops[k].dtype = ops[k].kernel = d;
  }
  ops[0].kernel = ops[0].dtype;
  return kernels.narrow[at];
}

}  // namespace adjoint::cpu
