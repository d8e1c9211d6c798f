// The engine: runs nodes by descending sequence number and accumulates into leaves.
#pragma once
#include <functional>
#include "autograd/node.h"

namespace adjoint {

// Set when a large kernel has taken the big lock back: a backward pass looks for Ctrl-C after such a node,
// not only after every 64th.
extern bool lock_was_released;

struct BackwardOptions {
  bool retain_graph = false;
  bool create_graph = false;
  bool accumulate = true;  // into leaves' .grad; false: only return the inputs' gradients
  bool allow_unreachable = true;
};
// A place where a gradient is wanted: a tensor's edge, named by node and output, or by leaf.
struct Target {
  Node* node = nullptr;  // non-leaf
  uint32_t nr = 0;
  TensorImpl* leaf = nullptr;
};
// `grads` are complete (same sizes as the roots). With `inputs` empty every reachable leaf accumulates; else
// only what leads to the inputs runs. Returns one gradient per input (null where unreachable), empty without
// inputs.
std::vector<Tensor> run_backward(std::span<const Tensor> roots, std::span<const Tensor> grads,
                                 std::span<const Target> inputs, const BackwardOptions& options);
bool engine_running();
uint32_t engine_passes();         // how many there were            // inside a backward pass on this thread
Node* engine_current_node();      // the node that runs, or null
uint32_t engine_pass();           // the innermost pass that runs on this thread, or 0
bool engine_runs(const Node& n);  // has that pass come to this node, or will it?
bool engine_runs(const TensorImpl& leaf);
void queue_callback(std::function<void()> f);  // at the end of the running pass

void accumulate_grad(TensorImpl& leaf, Tensor g);

// A cotangent as output nr of n (or the leaf) wants it (Note [Output shapes]): cast to its type, or refused. A null one
// stays null.
Tensor checked_cotangent(const Node& n, uint32_t nr, Tensor g);
Tensor checked_cotangent(const TensorImpl& leaf, Tensor g);
// t seen with `sizes`, which it broadcasts to; null where it does not.
Tensor broadcast_view(const Tensor& t, Ints sizes);

}  // namespace adjoint
