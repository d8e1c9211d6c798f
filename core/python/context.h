// Custom Functions: the context object (ctx in forward and backward, grad_fn afterwards) and its node.
#pragma once
#include "python/autograd.h"

namespace adjoint::python {

// What the gradient of an input, or of an output, must look like.
struct ArgumentInfo : ValueInfo {
  bool is_tensor = false;
  void set(const TensorImpl& t) {
    is_tensor = true;
    dtype = t.dtype;
    device = t.device;
    sizes = Dims(t.sizes());
  }
};

// Its vjp calls ctx.apply(*cotangents), which calls the user's backward.
struct FunctionNode final : Node {
  std::unique_ptr<Edge[]> edge_array;  // one for each tensor argument
  std::vector<ArgumentInfo> arguments, results;
  std::vector<SavedTensor> saved;
  Ref type_name;  // of ctx's class. Not the class: it may reach the node, and the collector sees no reference
                  // here
  FunctionNode(PyTypeObject* t, size_t tensors, size_t args);
  std::string name() const override;
  void vjp(Backward& b) override;
  void release_saved() override;
  void visit_saved(SavedVisitor& v) override {
    for (SavedTensor& s : saved) v.tensor("saved", s);
  }

 private:
  std::vector<PyObject*> cotangents(Backward& b);
  void take(PyObject* result, Backward& b);
  Tensor fitted(const ValueInfo& want, Tensor g, int index) const;
};

struct PyContext {
  PyNode node;
  PyObject *to_save, *dirty_tensors, *non_differentiable, *saved_for_forward,
      *needs_input_grad;  // null: None
  bool materialize, materialize_non_differentiable;
};
extern PyTypeObject* context_type;
inline FunctionNode* node_of(PyContext* c) { return static_cast<FunctionNode*>(c->node.node); }
void init_contexts(PyObject* module);

}  // namespace adjoint::python
