// The index of a recorded operation, kept like any saved operand: by reference, so that hooks see it, a change of it
// before the backward pass is an error, and it goes when the graph is freed.
#pragma once
#include <vector>
#include "autograd/door.h"

namespace adjoint::ops {

inline SavedTensor save_index(const Tensor& index, bool record) {
  SavedTensor s;
  if (record) s.save(index);
  return s;
}

struct SavedIndices {
  std::vector<SavedTensor> each;  // a null one stands for `:`
  SavedIndices(Tensors indices, bool record) {
    if (!record) return;
    for (const Tensor& t : indices) each.emplace_back().save(t);
  }
  std::vector<Tensor> get(Node& owner) const {
    std::vector<Tensor> v;
    for (const SavedTensor& s : each) v.push_back(s.get(owner));
    return v;
  }
  void reset() {
    for (SavedTensor& s : each) s.reset();
  }
  void visit(SavedVisitor& v) {  // a name that ends in [] is shown as a tuple
    for (SavedTensor& s : each) v.tensor("indices[]", s);
  }
};

}  // namespace adjoint::ops
