// The history of a tensor: the node that made it, and what happens to it when the tensor, its base or a view of
// either is changed in place. Definitions: views.cpp, node.cpp.
#pragma once
#include "autograd/node.h"

namespace adjoint {

// Makes y the output_nr-th output of n (takes a reference). y must be fresh, or an in-place target whose history is
// being replaced. Only differentiable dtypes carry gradients: an integer output of a recorded operation gets none.
void set_history(TensorImpl& y, Node& n, uint32_t output_nr = 0);
// A view's grad_fn is remade when its base was changed in place since; every reader of grad_fn passes here.
Node* grad_fn_of(TensorImpl& x);

// Views with one of these flags may be read, but neither changed nor made again.
inline constexpr uint8_t kCreation =
    TensorImpl::ViewMulti | TensorImpl::ViewNoGrad | TensorImpl::ViewInference | TensorImpl::ViewCustom;
// Links a fresh alias to the tensor it views: base, creation mode. Every view operation passes here.
void link_view(const Tensor& view, const Tensor& source, bool multi_output = false);

// --- in place ---
// Before an in-place operation writes into x: a leaf that requires grad, a view of one, an output of a multi-output
// view, or memory that overlaps itself refuse. `name` is the operation's ("add_").
void check_inplace(const Tensor& x, const char* name, bool will_record);
// The same where nothing can go wrong with an element that is written twice: the geometry changes, or all elements
// get one value.
void check_history(const Tensor& x, const char* name, bool will_record);
// After the write: bumps the version and remembers the line for error messages.
void bumped(const Tensor& x, const char* name);
// Makes x (already written) the result of `n`, as an output of an in-place operation. When x is a view its base's
// history is rebased (CopySlices) and x's own is regenerated on demand.
void rebase_history(const Tensor& x, NodeRef n, uint32_t output_nr = 0);
// x is about to get another shape, storage or block (Note [Tensors in use]), and no node of it: cotangents that are
// made for its new shape are held against what its node noted.
void will_reshape(TensorImpl& x);
// x took another shape in place, and its values are what they were: n follows in its own history, its base's stays.
void extend_history(const Tensor& x, NodeRef n);
// x takes y's values and history: the in-place form of any out-of-place operation. Returns x.
Tensor assign_inplace(const Tensor& x, const Tensor& y, const char* name);

// Note [Written over]: a node that saved the very tensor its operation writes into would hold its own output, a
// cycle that nobody frees, and would find the new values there. So what a recorded in-place operation reads from the
// memory that it writes to is saved as a copy, with the history of the original.
//
// Would an operation that is recorded and writes into `target` overwrite x? A leaf is told apart by its version at
// backward, as in PyTorch: it has no node that could hold it.
bool written_over(TensorImpl& x, const TensorImpl& target);
// A copy of x's values that has x's history.
Tensor value_before(const Tensor& x);

// x's gradient is no longer kept when the node it has now runs.
void forget_retain(TensorImpl& x);
// The node that a change of a view's base runs as a part of itself (CopySlices); null for other nodes.
Node* inner_node(Node& n);

}  // namespace adjoint
