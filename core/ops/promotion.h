// Type promotion across operands, by PyTorch's rules: tensors with dimensions first, then 0-d tensors, then
// numbers; a lower group only counts when its category is higher.
#pragma once
#include "ops/registry.h"

namespace adjoint {

class ResultType {
 public:
  void add(const Tensor& t) { (t->ndim ? dims_ : zero_).join(t->dtype); }
  void add(const Scalar& s) { numbers_.join(dtype_for(s)); }
  void add(const Operand& x) { x.is_tensor() ? add(*x.tensor) : add(x.scalar); }
  Dtype get() const;

 private:
  struct Group {
    bool any = false;
    Dtype dtype = Dtype::Bool;
    void join(Dtype d) {
      dtype = any ? promote(dtype, d) : d;
      any = true;
    }
  } dims_, zero_, numbers_;
};
Dtype result_type(std::span<const Operand> xs);
Dtype result_type(const Operand& a, const Operand& b);
bool is_bool(const Operand& x);
// A number beside a tensor takes the tensor's type if that is of its kind, and must fit it.
void check_beside(const Operand& v, Dtype d);
bool can_cast(Dtype from, Dtype to);
// No kernel for this type: "..." not implemented for 'Bool'.
inline Dtype float_type(Dtype d) { return is_differentiable(d) ? d : default_dtype(); }

// out= : checks the types, resizes (with PyTorch's warning when it was not empty).
void prepare_out(const Tensor& out, Ints sizes, Dtype dtype, Device device, const char* name);
void refuse_out_grad(const char* name, bool requires_grad);

}  // namespace adjoint
