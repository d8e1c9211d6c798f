// The node of a recorded pointwise operation: one class for all of them, driven by the operation's record.
#pragma once
#include "autograd/door.h"
#include "device/backend.h"
#include "ops/pointwise_record.h"
#include "ops/tails.h"

namespace adjoint {

struct PointwiseNode : Node {
  struct Arg {
    SavedTensor saved;
    Scalar scalar;
    Dtype dtype = Dtype::F32;
    bool is_tensor = false;
  };
  const PointwiseOp& op;
  Arg* args = nullptr;
  SavedTensor result;
  Dtype common;              // the type that the formula was computed in
  bool result_read = false;  // some needed rule reads the result
  bool same_shape = true;    // every tensor operand has the result's shape
  Dims* shapes = nullptr;    // of the operands, where not
  std::unique_ptr<Tails> tails;

  explicit PointwiseNode(const PointwiseOp& o, Dtype c) : op(o), common(c) {}
  ~PointwiseNode() override { delete[] shapes; }
  std::string name() const override { return op.node; }
  const OpRecord* record() const override { return &op.record; }
  const char* operation() const override { return op.name.c_str(); }
  void vjp(Backward& b) override;
  void release_saved() override;
  void visit_saved(SavedVisitor& v) override;
  void save_result(const Tensor& y);

 private:
  Tensor pull(Backward& b, int i);
  Tensor pull_recorded(const Tensor& g, int i);
  Tensor pull_fused(const Tensor& g, int i);
  Tensor mend_recorded(const Tensor& r, const Tensor& g);
};

// Edges and saved operands are set; the result is saved after its history (save_result). `target` is what an
// in-place operation is about to overwrite, or null: Note [Written over]. The caller owns a reference.
PointwiseNode* make_node(const PointwiseOp& op, std::span<const Operand> xs, Dtype common,
                         const TensorImpl* target = nullptr);

// Whether next_functions lists input i. PyTorch lists tensors, and the numbers that it wraps into tensors:
// those of sums, products and where, but no exponents, bounds or conditions.
bool shows_edge(const Node& n, int i);

namespace pointwise_detail {
inline constexpr Dtype kKernelType[kComputes] = {Dtype::Bool, Dtype::I64, Dtype::F32, Dtype::F64,
                                                 Dtype::C128};
int compute_of(const PointwiseOp& op, Dtype d);  // -1: not supported
// Operand `cond` (-1: none) is a truth value.
void run_loop(const FormulaLoop& loop, const Tensor& out, Dtype kernel_out, Dtype kernel,
              std::span<const Operand> xs, int cond);
}  // namespace pointwise_detail

}  // namespace adjoint
