// The graph: nodes (what was done), edges (to what was done before), and a leaf's or node's hooks.
#pragma once
#include <memory>
#include <string>
#include <vector>
#include "tensor/lock.h"
#include "tensor/tensor.h"

namespace adjoint {

struct Node;
struct Task;

// An edge leads to a node's output or to a leaf (tag bit set). It owns a reference.
class Edge {
 public:
  Edge() = default;
  Edge(const Edge&) = delete;
  Edge& operator=(const Edge&) = delete;
  Edge(Edge&& o) noexcept : v_(std::exchange(o.v_, 0)), nr(o.nr) {}
  Edge& operator=(Edge&& o) noexcept {
    std::swap(v_, o.v_);
    std::swap(nr, o.nr);
    return *this;
  }
  ~Edge() { reset(); }
  // Where x's gradient goes: its grad_fn, itself as a leaf, or nowhere.
  inline void set(TensorImpl& x);
  void set_node(Node* n, uint32_t output_nr);
  void reset() {
    if (v_) drop();
  }
  explicit operator bool() const { return v_ != 0; }
  bool is_leaf() const { return v_ & 1; }
  Node* node() const { return reinterpret_cast<Node*>(v_); }
  TensorImpl* leaf() const { return reinterpret_cast<TensorImpl*>(v_ & ~uintptr_t(1)); }

 private:
  void set_view(TensorImpl& x);
  void set_leaf(TensorImpl& x) {
    x.retain();
    ++x.leaf_edges;
    v_ = reinterpret_cast<uintptr_t>(&x) | 1;
  }
  void drop();
  uintptr_t v_ = 0;

 public:
  uint32_t nr = 0;
};

// --- hooks: callables of the user behind an interface; the bindings implement them over Python objects ---
struct TensorHook {  // gradient in, gradient or nothing (no change) out
  virtual ~TensorHook() = default;
  virtual Tensor call(const Tensor& grad) = 0;
  virtual void* python() const { return nullptr; }  // the callable, for traversal
};
struct NodeHook {  // pre: grads = grad_outputs. post: grads = grad_inputs, others = grad_outputs. Changes
                   // grads in place.
  virtual ~NodeHook() = default;
  virtual void call(std::vector<Tensor>& grads, const std::vector<Tensor>* others) = 0;
  virtual void* python() const { return nullptr; }
};
struct LeafHook {  // after accumulation, with the leaf
  virtual ~LeafHook() = default;
  virtual void call(const Tensor& leaf) = 0;
  virtual void* python() const { return nullptr; }
};
template <class H> struct HookList {
  struct Entry {
    uint64_t id;
    uint32_t output_nr;
    std::shared_ptr<H> fn;
  };
  std::vector<Entry> entries;
  uint64_t add(std::shared_ptr<H> h, uint32_t nr = 0) {
    entries.push_back({++last_id(), nr, std::move(h)});
    return entries.back().id;
  }
  bool remove(uint64_t id) {
    return std::erase_if(entries, [id](const Entry& e) { return e.id == id; }) != 0;
  }
  static uint64_t& last_id() {
    static uint64_t id = 0;
    return id;
  }
};
struct NodeHooks {
  HookList<TensorHook> tensor_pre;                       // of the tensors that are this node's outputs
  std::vector<std::pair<uint32_t, TensorImpl*>> retain;  // (output, weak tensor whose .grad is kept)
  HookList<NodeHook> pre, post;
};

// The line of user code that made a node: a code object (owned) and an instruction offset, resolved when
// asked.
struct Where {
  void* code = nullptr;
  int32_t instruction = -1;
};

// A saved tensor's description for `_saved_*`, explain and the cycle collector.
struct SavedVisitor {
  virtual void tensor(const char* name, class SavedTensor& s) = 0;  // name[]: one of a tuple
  virtual void value(const char* name, const Scalar& v) { (void)name, (void)v; }
  virtual void ints(const char* name, Ints v) { (void)name, (void)v; }
  virtual ~SavedVisitor() = default;
};

// What a node's vjp sees: the cotangents of its outputs, and where to put those of its inputs.
struct Backward {
  Node& node;
  Tensor* g;   // per output; null where nothing flowed
  Tensor* gx;  // per input (edge)
  const Tensor& grad(int output = 0) const { return g[output]; }
  inline bool needs(int input) const;
};

// Note [Scratch]: what a backward pass notes at a node or leaf. The pass that finds it free owns it; another
// pass that meets it (re-entrant, or from another thread) keeps its own notes in a table.
struct Scratch {
  Task* task = nullptr;
  uint32_t waiting = 0;  // cotangents still to come
  bool needed = true;
  Tensor buffer;                        // the sum of what came, for output 0
  std::vector<Tensor>* more = nullptr;  // for outputs 1...
  ~Scratch() { delete more; }
  Tensor& slot(uint32_t output) {
    if (output == 0) return buffer;
    if (!more) more = new std::vector<Tensor>;
    if (more->size() < output) more->resize(output);
    return (*more)[output - 1];
  }
  void clear() {
    task = nullptr;
    buffer.reset();
    delete std::exchange(more, nullptr);
  }
};

// Note [Output shapes]: what an output of a node looks like, noted when it gets its history. The engine's own
// cotangents look the same because rules make them so; those that come from outside (a node called from Python,
// a GradientEdge) are held against it: checked_cotangent.
struct ValueInfo {
  Dims sizes;
  Dtype dtype = Dtype::F32;
  Device device = Device::Cpu;
};
class OutputInfo {
 public:
  OutputInfo() = default;
  OutputInfo(const OutputInfo&) = delete;
  ~OutputInfo() { delete more_; }
  void note(const TensorImpl& y, uint32_t nr) {
    uint64_t wide = 0;
    for (int i = 0; i < y.ndim && i < kInline; ++i) wide |= uint64_t(y.size(i)) >> 32;
    if (__builtin_expect(nr != 0 || y.ndim > kInline || wide != 0, 0)) return note_slow(y, nr);
    for (int i = 0; i < y.ndim; ++i) sizes_[i] = uint32_t(y.size(i));
    ndim_ = y.ndim;
    dtype_ = y.dtype;
    device_ = y.device;
  }
  bool find(uint32_t nr, ValueInfo& out) const;  // false: never noted

 private:
  void note_slow(const TensorImpl& y, uint32_t nr);
  std::vector<std::pair<uint32_t, ValueInfo>>::iterator place(uint32_t nr) const;
  static constexpr uint8_t kInline = 4, kNone = 255;
  uint32_t sizes_[kInline];  // of output 0, where they fit
  uint8_t ndim_ = kNone;
  Dtype dtype_;
  Device device_;
  std::vector<std::pair<uint32_t, ValueInfo>>* more_ = nullptr;  // ascending, what differs from output 0
};

// The number of a node's inputs or outputs.
inline uint32_t checked_count(size_t n) {
  check(n < size_t(1) << 30, "a node of the graph has at most 2^30 - 1 inputs and outputs, got ", n);
  return uint32_t(n);
}

namespace detail {
extern int64_t g_live_nodes;
}

// Note [Sequence numbers]: seq is larger than every input's, so a max-heap by it is a topological order.
struct Node {
  Node() { ++detail::g_live_nodes; }
  uint32_t refs = 1;
  uint32_t inputs = 0, outputs = 1;  // edges, forward results
  uint32_t bytes = 0;                // allocation size, for the pool
  bool released = false;             // saved tensors were freed by a backward pass
  bool traced = false;               // anomaly mode keeps a traceback for it
  bool wants_nulls = false;          // vjp is called also when no cotangent arrived (custom Functions)
  bool reshaped = false;             // an output got another shape or type since: cotangents are checked
  uint32_t last_pass = 0;            // the backward pass that came here last
  uint64_t seq = 0;
  Edge* edges = nullptr;
  Where where;
  OutputInfo output_info;
  Scratch scratch;
  Node* link = nullptr;  // on the list of the dead
  NodeHooks* hooks = nullptr;
  void* pyobj = nullptr;  // weak: the Python node object

  virtual void vjp(Backward& b) = 0;
  virtual void release_saved() {}
  virtual std::string name() const = 0;  // "MulBackward0"
  virtual void visit_saved(SavedVisitor&) {}
  virtual const struct OpRecord* record() const { return nullptr; }
  // For explanations: the operation's name and its rule as a formula ("gx = g·bᵀ; gy = aᵀ·g"); null: unknown.
  virtual const char* operation() const { return nullptr; }
  virtual const char* rule() const { return nullptr; }
  virtual ~Node();

  NodeHooks& ensure_hooks() {
    if (!hooks) hooks = new NodeHooks;
    return *hooks;
  }
  void retain() { ++refs; }
  void release() {
    if (--refs == 0) bury(this);
  }
  // Iterative: a chain of a million nodes dies without recursion.
  static void bury(Node* n);
  static uint64_t clock();
};

// Numbers the node after its inputs, notes the user's line, tells the anomaly mode. Call once the edges are set.
void finish_node(Node& n);

inline void Edge::set(TensorImpl& x) {
  reset();
  if (__builtin_expect(x.base != nullptr, 0)) return set_view(x);
  if (!(x.flags & TensorImpl::RequiresGrad)) return;
  if (x.grad_fn) {
    x.grad_fn->retain();
    v_ = reinterpret_cast<uintptr_t>(x.grad_fn);
    nr = x.output_nr;
  } else {
    set_leaf(x);
  }
}

inline bool Backward::needs(int i) const { return bool(node.edges[i]); }

class NodeRef {  // owning pointer
 public:
  NodeRef() = default;
  static NodeRef steal(Node* n) {
    NodeRef r;
    r.p_ = n;
    return r;
  }
  static NodeRef share(Node* n) {
    if (n) n->retain();
    return steal(n);
  }
  NodeRef(NodeRef&& o) noexcept : p_(std::exchange(o.p_, nullptr)) {}
  NodeRef(const NodeRef& o) : p_(o.p_) {
    if (p_) p_->retain();
  }
  NodeRef& operator=(NodeRef o) noexcept {
    std::swap(p_, o.p_);
    return *this;
  }
  ~NodeRef() {
    if (p_) p_->release();
  }
  Node* operator->() const { return p_; }
  Node* get() const { return p_; }
  Node* take() { return std::exchange(p_, nullptr); }
  explicit operator bool() const { return p_ != nullptr; }

 private:
  Node* p_ = nullptr;
};

// What belongs to a leaf's AccumulateGrad node. There is no such node: edges end at the leaf itself. But programs see
// one, with hooks and metadata of its own, which is there as long as an edge or a Python object refers to it, and
// comes anew after that.
struct AccumulateNode {
  HookList<NodeHook> pre, post;
  std::shared_ptr<void> metadata;  // the host's
  void* pyobj = nullptr;           // weak: the Python object
};

// Gradient details that most tensors never need.
struct AutogradMeta {
  Tensor grad;
  HookList<TensorHook> hooks;  // of a leaf; a non-leaf's live on its node
  HookList<LeafHook> post_accumulate;
  AccumulateNode accumulate;
  bool retains_grad = false;
  bool suspect = false;  // its .grad has a graph: Host::leaf_forgotten is told when it dies
  std::string name;
  uint32_t last_pass = 0;
  Scratch scratch;
};
AutogradMeta& ensure_meta(TensorImpl& x);
void forget_accumulate(TensorImpl& leaf);  // an edge or the Python object let go of the AccumulateGrad node

// Set once by the bindings: what the core needs of its host. Null members are skipped.
struct Host {
  Where (*here)() = nullptr;                        // current user line; adds a reference to the code object
  void (*forget)(Where&) = nullptr;                 // drops it
  std::string (*describe)(const Where&) = nullptr;  // "train.py:12   l1 = x * w"
  void (*wrapper_destroy)(TensorImpl*) = nullptr;   // the tensor dies and owns its Python wrapper
  void (*node_destroy)(Node*) = nullptr;            // the node dies and a Python object points to it
  void (*check_interrupt)() = nullptr;              // throws when the user pressed Ctrl-C
  void (*warn)(const std::string& text) = nullptr;  // UserWarning
  void (*leaf_cycle)(TensorImpl* leaf) = nullptr;   // a leaf's .grad has a graph that may lead back to it
  void (*leaf_forgotten)(TensorImpl* leaf) = nullptr;  // such a leaf dies
  void (*node_created)(Node*) = nullptr;               // anomaly mode
  void (*node_runs)(Node*, bool begins) = nullptr;     // profiling: set while a profile is taken
  void (*backward_failed)(Node*) = nullptr;  // inside a catch block: may add the forward line to what flies
};
extern Host host;

int64_t live_tensors();
int64_t live_nodes();

}  // namespace adjoint
