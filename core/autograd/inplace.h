// What an in-place operation reads.
//
// Note [Written over]: a node that saved the very tensor its operation writes into would hold its own output, a
// cycle that nobody frees, and would find the new values there. So what a recorded in-place operation reads
// from the memory that it writes to is saved as a copy, with the history of the original.
#pragma once
#include "autograd/node.h"

namespace adjoint {

// Would an operation that is recorded and writes into `target` overwrite x? A leaf is told apart by its version
// at backward, as in PyTorch: it has no node that could hold it.
bool written_over(TensorImpl& x, const TensorImpl& target);
// A copy of x's values that has x's history.
Tensor value_before(const Tensor& x);

// x took another shape in place, and its values are what they were: n follows in its own history, its base's
// stays.
void extend_history(const Tensor& x, NodeRef n);
// x's gradient is no longer kept when the node it has now runs.
void forget_retain(TensorImpl& x);
// The node that a change of a view's base runs as a part of itself (CopySlices); null for other nodes.
Node* inner_node(Node& n);

}  // namespace adjoint
