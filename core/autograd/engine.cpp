// The engine. A first walk counts, for every node and leaf, the cotangents that will come; then nodes run,
// those with the highest sequence number first, as in PyTorch; a leaf accumulates as soon as its last
// cotangent is there.
#include "autograd/engine.h"
#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include "autograd/grad_mode.h"
#include "autograd/history.h"
#include "autograd/needs.h"

namespace adjoint {

bool lock_was_released = false;
namespace {

thread_local int g_depth = 0;
thread_local Node* g_current = nullptr;
thread_local std::vector<std::function<void()>>* g_callbacks = nullptr;
thread_local Task* g_task = nullptr;
uint32_t g_passes = 0;

bool by_sequence(const Node* a, const Node* b) { return a->seq < b->seq; }

// Nobody else sees this tensor or its memory: it may be changed.
bool exclusive(const Tensor& t) {
  return t->refs == 1 && t->storage->refs == 1 && !t->grad_fn && !t->requires_grad() && !t->pyobj &&
         !t->meta_device();
}

void add_to(Tensor& sum, Tensor&& g) {
  if (!sum) {
    sum = std::move(g);
  } else if (!grad_enabled() && sum->dtype == g->dtype && same_sizes(*sum, *g) && exclusive(sum) &&
             sum->contiguous()) {
    graph_ops.add_into(sum, g);
  } else if (!grad_enabled() && sum->dtype == g->dtype && same_sizes(*sum, *g) && exclusive(g) &&
             g->contiguous()) {
    graph_ops.add_into(g, sum);
    sum = std::move(g);
  } else {
    sum = graph_ops.add(sum, g);
  }
}

}  // namespace

static void run_accumulate(TensorImpl& leaf, Tensor g);

struct Task {
  std::span<const Tensor> roots, grads;
  std::span<const Target> targets;
  const BackwardOptions& options;
  std::unordered_map<const void*, Scratch> side;  // where another pass owns the scratch
  std::vector<Node*> ready;                       // heap by sequence number
  std::vector<Tensor> captured;
  std::vector<Node*> seen;                               // with targets: every node of the walk
  std::vector<std::pair<const void*, uint32_t>> lookup;  // many targets: what they are, and which, sorted
  uint32_t steps = 0;
  uint32_t id = ++g_passes;

  Scratch& pick(const void* key, Scratch& own) {
    if (own.task == this) return own;
    if (!side.empty())
      if (auto it = side.find(key); it != side.end()) return it->second;
    return own.task ? side[key] : own;
  }
  // Does this pass still have to come to it?
  bool awaits(const void* key, const Scratch& own) const {
    if (own.task == this) return own.needed;
    auto it = side.find(key);
    return it != side.end() && it->second.task == this && it->second.needed;
  }
  Scratch& of(Node& n) { return pick(&n, n.scratch); }
  Scratch& of(TensorImpl& leaf) { return pick(&leaf, ensure_meta(leaf).scratch); }

  // --- the first walk ---
  bool enter(Scratch& s) {
    if (s.task == this) return false;
    s.task = this;
    s.waiting = 0;
    s.needed = targets.empty();
    return true;
  }
  void visit_edge(const Edge& e, std::vector<Node*>& todo) {
    if (e.is_leaf()) {
      Scratch& s = of(*e.leaf());
      enter(s);
      ++s.waiting;
    } else {
      Scratch& s = of(*e.node());
      if (enter(s)) todo.push_back(e.node());
      ++s.waiting;
    }
  }
  void walk() {
    std::vector<Node*> todo;
    for (const Tensor& r : roots) {
      Edge e;
      e.set(*r);
      visit_edge(e, todo);
    }
    while (!todo.empty()) {
      Node* n = todo.back();
      todo.pop_back();
      if (!targets.empty()) seen.push_back(n);
      for (uint32_t i = 0; i < n->inputs; ++i)
        if (n->edges[i]) visit_edge(n->edges[i], todo);
    }
    if (!targets.empty()) prune();
  }
  // Only nodes on a way to a target run. Ascending sequence numbers: what a node leads to is known before it.
  void prune() {
    if (targets.size() > 8) {
      for (uint32_t i = 0; i < targets.size(); ++i) lookup.emplace_back(key_of(targets[i]), i);
      std::sort(lookup.begin(), lookup.end());
    }
    for (const Target& t : targets)
      if (t.leaf && ensure_meta(*t.leaf).scratch.task) of(*t.leaf).needed = true;
    std::sort(seen.begin(), seen.end(), by_sequence);
    for (Node* n : seen) {
      bool needed = false;
      for (uint32_t i = 0; i < n->inputs && !needed; ++i) {
        Edge& e = n->edges[i];
        if (!e) continue;
        needed = e.is_leaf() ? of(*e.leaf()).needed : of(*e.node()).needed || is_target(*e.node());
      }
      of(*n).needed = needed;
    }
  }
  static const void* key_of(const Target& t) { return t.leaf ? static_cast<const void*>(t.leaf) : t.node; }
  // f(i) for each target that is this node or leaf.
  template <class F> void each_target(const void* key, F f) const {
    if (lookup.empty()) {
      for (uint32_t i = 0; i < targets.size(); ++i)
        if (key_of(targets[i]) == key) f(i);
    } else {
      auto it = std::lower_bound(lookup.begin(), lookup.end(), std::pair<const void*, uint32_t>(key, 0));
      for (; it != lookup.end() && it->first == key; ++it) f(it->second);
    }
  }
  bool is_target(const Node& n) const {
    bool found = false;
    each_target(&n, [&](uint32_t) { found = true; });
    return found;
  }

  // --- delivery ---
  void deliver(const Edge& e, Tensor&& g) {
    Scratch& s = e.is_leaf() ? of(*e.leaf()) : of(*e.node());
    if (g) add_to(s.slot(e.is_leaf() ? 0 : e.nr), std::move(g));
    if (--s.waiting != 0) return;
    if (e.is_leaf()) {
      finish_leaf(*e.leaf(), s);
    } else {
      ready.push_back(e.node());
      std::push_heap(ready.begin(), ready.end(), by_sequence);
    }
  }

  void finish_leaf(TensorImpl& leaf, Scratch& s) {
    Tensor g = std::move(s.buffer);
    bool needed = s.needed;
    s.clear();
    if (!g || (!targets.empty() && !needed)) return;
    ensure_meta(leaf).last_pass = id;
    Tensor keep = Tensor::share(&leaf);
    run_tensor_hooks(ensure_meta(leaf).hooks, 0, g);
    if (!targets.empty()) {
      if (!options.accumulate) each_target(&leaf, [&](uint32_t i) { captured[i] = g; });
      if (!options.accumulate) return;
    }
    run_accumulate(leaf, std::move(g));
  }

  static void run_tensor_hooks(HookList<TensorHook>& list, uint32_t output, Tensor& g) {
    if (list.entries.empty()) return;
    auto hooks = list.entries;  // a hook may remove itself
    for (auto& h : hooks)
      if (h.output_nr == output)
        if (Tensor r = h.fn->call(g)) g = std::move(r);
  }

  // --- one node ---
  void run(Node& n) {
    Scratch& s = of(n);
    std::vector<Tensor> many;
    Tensor one;
    Tensor* g = &one;
    one = std::move(s.buffer);
    if (n.outputs > 1) {
      many.resize(n.outputs);
      many[0] = std::move(one);
      if (s.more)
        for (size_t i = 0; i < s.more->size(); ++i) many[i + 1] = std::move((*s.more)[i]);
      g = many.data();
    }
    bool needed = s.needed;
    s.clear();
    n.last_pass = id;
    if (__builtin_expect(n.reshaped, 0))
      for (uint32_t i = 0; i < n.outputs; ++i) g[i] = checked_cotangent(n, i, std::move(g[i]));
    // As PyTorch has it: where the pass goes on behind the node, what is asked for is the gradient as it came,
    // before the hooks of its tensor; where it ends there, the hooks have a say.
    if (needed) capture(n, g);
    if (n.hooks) run_output_hooks(n, g);
    if (!needed) capture(n, g);
    Tensor few[4];
    std::vector<Tensor> lots;
    Tensor* gx = few;
    if (n.inputs > 4) {
      lots.resize(n.inputs);
      gx = lots.data();
    }
    if (__builtin_expect(host.node_runs != nullptr, 0)) host.node_runs(&n, true);
    if (needed) call(n, g, gx);
    if (__builtin_expect(host.node_runs != nullptr, 0)) host.node_runs(&n, false);
    for (uint32_t i = 0; i < n.inputs; ++i)
      if (n.edges[i]) deliver(n.edges[i], std::move(gx[i]));
  }

  void run_output_hooks(Node& n, Tensor* g) {
    for (uint32_t i = 0; i < n.outputs; ++i) {
      if (!g[i]) continue;
      run_tensor_hooks(n.hooks->tensor_pre, i, g[i]);
      for (auto& [nr, x] : n.hooks->retain)
        if (nr == i) keep_grad(*x, g[i]);
    }
  }
  void keep_grad(TensorImpl& x, const Tensor& g) {
    Tensor& slot = ensure_meta(x).grad;
    if (!slot)
      slot = graph_ops.clone(g);
    else
      slot = graph_ops.add(slot, g);
  }
  void capture(Node& n, Tensor* g) {
    if (!options.accumulate) each_target(&n, [&](uint32_t i) { captured[i] = g[targets[i].nr]; });
  }

  void call(Node& n, Tensor* g, Tensor* gx) {
    g_current = &n;
    if (n.hooks && !n.hooks->pre.entries.empty()) {
      std::vector<Tensor> all(g, g + n.outputs);
      auto hooks = n.hooks->pre.entries;
      for (auto& h : hooks) h.fn->call(all, nullptr);
      std::move(all.begin(), all.end(), g);
    }
    bool any = n.wants_nulls;
    for (uint32_t i = 0; i < n.outputs && !any; ++i) any = bool(g[i]);
    std::vector<Tensor> kept;
    bool post = n.hooks && !n.hooks->post.entries.empty();
    if (post) kept.assign(g, g + n.outputs);
    if (any) {
      Backward b{n, g, gx};
      n.vjp(b);
    }
    if (!options.retain_graph) {
      n.release_saved();
      n.released = true;
    }
    if (__builtin_expect(modes.anomaly && modes.anomaly_check_nan, 0)) check_nan(n, gx);
    if (post) {
      std::vector<Tensor> all(gx, gx + n.inputs);
      auto hooks = n.hooks->post.entries;
      for (auto& h : hooks) h.fn->call(all, &kept);
      std::move(all.begin(), all.end(), gx);
    }
  }
  static void check_nan(Node& n, Tensor* gx) {
    for (uint32_t i = 0; i < n.inputs; ++i)
      if (gx[i] && !gx[i]->meta_device() && graph_ops.has_nan(gx[i])) {
        std::string at =
            n.where.code && host.describe ? "\n  forward: " + host.describe(n.where) : std::string();
        fail("Function '", n.name(), "' returned nan values in its ", i, "th output.", at);
      }
  }

  void seed() {
    for (size_t i = 0; i < roots.size(); ++i) {
      Edge e;
      e.set(*roots[i]);
      deliver(e, Tensor(grads[i]));
    }
  }
  void loop() {
    while (!ready.empty()) {
      std::pop_heap(ready.begin(), ready.end(), by_sequence);
      Node* n = ready.back();
      ready.pop_back();
      try {
        run(*n);
      } catch (...) {
        if (host.backward_failed) host.backward_failed(n);
        throw;
      }
      if (__builtin_expect((++steps & 63) == 0 || lock_was_released, 0) && host.check_interrupt) {
        lock_was_released = false;
        host.check_interrupt();
      }
    }
  }
  // After an error: nothing of this pass stays at the nodes. The nodes' edges are as they were at the walk.
  void abandon() noexcept {
    std::unordered_set<Node*> visited;
    std::vector<Node*> todo;
    auto leave = [&](const Edge& e) {
      if (e.is_leaf()) {
        if (e.leaf()->meta && e.leaf()->meta->scratch.task == this) e.leaf()->meta->scratch.clear();
        return;
      }
      Node* n = e.node();
      if (n->scratch.task == this) n->scratch.clear();
      if (visited.insert(n).second) todo.push_back(n);
    };
    for (const Tensor& r : roots) {
      Edge e;
      e.set(*r);
      if (e) leave(e);
    }
    while (!todo.empty()) {
      Node* n = todo.back();
      todo.pop_back();
      for (uint32_t i = 0; i < n->inputs; ++i)
        if (n->edges[i]) leave(n->edges[i]);
    }
  }
};

static Tensor fitting(const TensorImpl& leaf, Tensor g) {
  if (__builtin_expect(!same_sizes(*g, leaf) || g->dtype != leaf.dtype || g->device != leaf.device, 0))
    return checked_cotangent(leaf, std::move(g));
  return g;
}

// The leaf's AccumulateGrad node runs, with its hooks.
static void run_accumulate(TensorImpl& leaf, Tensor g) {
  AccumulateNode& n = ensure_meta(leaf).accumulate;
  if (__builtin_expect(!n.pre.entries.empty(), 0)) {
    std::vector<Tensor> gs{g};
    auto hooks = n.pre.entries;
    for (auto& h : hooks) h.fn->call(gs, nullptr);
    g = gs[0];
    if (!g) return;
  }
  if (__builtin_expect(n.post.entries.empty(), 1)) return accumulate_grad(leaf, std::move(g));
  std::vector<Tensor> none, outs{fitting(leaf, std::move(g))};
  accumulate_grad(leaf, outs[0]);
  auto hooks = n.post.entries;
  for (auto& h : hooks) h.fn->call(none, &outs);
}

void accumulate_grad(TensorImpl& leaf, Tensor g) {
  AutogradMeta& m = ensure_meta(leaf);
  Tensor self = Tensor::share(&leaf);
  check(leaf.is_leaf(), "leaf variable has been moved into the graph interior");
  if (!leaf.requires_grad()) return;  // no more: detach_, requires_grad_(False)
  g = fitting(leaf, std::move(g));
  if (!m.grad) {
    bool same_layout = g->contiguous() && leaf.contiguous() ? true : equal(g->strides(), leaf.strides());
    if (!grad_enabled() && exclusive(g) && same_layout) {
      m.grad = std::move(g);
    } else if (grad_enabled()) {
      m.grad = graph_ops.clone(g);
    } else {
      Tensor fresh = is_dense(leaf) ? empty_strided(leaf.sizes(), leaf.strides(), g->dtype, g->device)
                                    : empty(leaf.sizes(), g->dtype, g->device);
      graph_ops.raw_copy(fresh, g);
      m.grad = std::move(fresh);
    }
  } else if (grad_enabled()) {
    m.grad = graph_ops.add(m.grad, g);
  } else if (m.grad->dtype == g->dtype && same_sizes(*m.grad, *g) && !m.grad->requires_grad()) {
    graph_ops.add_into(m.grad, g);
    m.grad->bump_version();
  } else {
    m.grad = graph_ops.add(m.grad, g);
  }
  if (m.grad->requires_grad() && host.leaf_cycle) host.leaf_cycle(&leaf);
  if (!m.post_accumulate.entries.empty()) {
    auto hooks = m.post_accumulate.entries;
    for (auto& h : hooks) h.fn->call(self);
  }
}

bool engine_running() { return g_depth > 0; }
uint32_t engine_passes() { return g_passes; }
Node* engine_current_node() { return g_current; }
uint32_t engine_pass() { return g_task ? g_task->id : 0; }
bool engine_runs(const Node& n) {
  return g_task && (n.last_pass == g_task->id || g_task->awaits(&n, n.scratch) || g_task->is_target(n));
}
bool engine_runs(const TensorImpl& leaf) {
  return g_task && leaf.meta &&
         (leaf.meta->last_pass == g_task->id || g_task->awaits(&leaf, leaf.meta->scratch));
}
void queue_callback(std::function<void()> f) {
  check(g_depth > 0 && g_callbacks, "Final callbacks can only be installed during backward pass.");
  g_callbacks->push_back(std::move(f));
}

// Once a process, as in PyTorch. (Here the collector finds the cycle: Note [Cycles] in python/gc.cpp.)
static void warn_of_cycle() {
  static bool warned = false;
  if (std::exchange(warned, true) || !host.warn) return;
  host.warn(
      "Using backward() with create_graph=True will create a reference cycle between the parameter and its "
      "gradient which can cause a memory leak. We recommend using autograd.grad when creating the graph to "
      "avoid this. If you have to use this function, make sure to reset the .grad fields of your parameters to "
      "None after use to break the cycle and avoid the leak.");
}

std::vector<Tensor> run_backward(std::span<const Tensor> roots, std::span<const Tensor> grads,
                                 std::span<const Target> inputs, const BackwardOptions& options) {
  Task task{roots, grads, inputs, options, {}, {}, {}, {}, {}, 0};
  if (!options.accumulate) task.captured.resize(inputs.size());
  GradModeGuard mode(options.create_graph);
  struct OwnWork {  // what runs without recording from here on is ours
    bool old = std::exchange(modes.user_off, false);
    ~OwnWork() { modes.user_off = old; }
  } own_work;
  if (options.accumulate && options.create_graph) warn_of_cycle();
  std::vector<std::function<void()>> callbacks;
  struct Scope {
    Node* current = g_current;
    std::vector<std::function<void()>>* callbacks = g_callbacks;
    Task* task = g_task;
    Scope() { ++g_depth; }
    ~Scope() {
      --g_depth;
      g_current = current;
      g_callbacks = callbacks;
      g_task = task;
    }
  } scope;
  g_task = &task;
  if (g_depth == 1) g_callbacks = &callbacks;
  task.walk();
  try {
    task.seed();
    task.loop();
  } catch (...) {
    task.abandon();
    throw;
  }
  for (size_t i = 0; i < callbacks.size(); ++i) callbacks[i]();
  return std::move(task.captured);
}

}  // namespace adjoint
