// The door to the engine: adjoint.autograd.backward and grad end here.
#include "python/autograd.h"
#include "ops/ops.h"

namespace adjoint::python {
namespace {

// A tensor, or an autograd.graph.GradientEdge: a tuple that starts with (node, output_nr).
bool is_gradient_edge(PyObject* o) {
  return PyTuple_Check(o) && PyTuple_GET_SIZE(o) >= 2 && is_node(PyTuple_GET_ITEM(o, 0)) &&
         PyLong_Check(PyTuple_GET_ITEM(o, 1));
}
PyNode* edge_node(PyObject* edge) { return reinterpret_cast<PyNode*>(PyTuple_GET_ITEM(edge, 0)); }
uint32_t edge_nr(PyObject* edge) {
  PyNode* n = edge_node(edge);
  int overflow = 0;
  long long nr = PyLong_AsLongLongAndOverflow(PyTuple_GET_ITEM(edge, 1), &overflow);
  const uint32_t outputs = n->node ? n->node->outputs : 1;
  check(!overflow && nr >= 0 && nr < int64_t(outputs), "a GradientEdge names output ", nr, " of a node with ",
        outputs);
  return uint32_t(nr);
}

// The engine starts from tensors: an edge gets one that stands for the node's output.
Tensor stand_in(PyObject* edge, const Tensor& grad, Py_ssize_t i) {
  PyNode* n = edge_node(edge);
  if (n->leaf) return Tensor::share(n->leaf);
  check(n->node, "element ", i, " of tensors does not require grad and does not have a grad_fn");
  Tensor t = alias(grad);
  set_history(*t, *n->node, edge_nr(edge));
  return t;
}

struct Request {
  std::vector<Tensor> roots, grads;
  std::vector<Target> targets;
};

void add_root(Request& r, PyObject* root, PyObject* grad, Py_ssize_t i) {
  Tensor g;
  if (grad != Py_None) {
    check(is_tensor(grad), "element ", i, " of gradients argument isn't a Tensor or None");
    g = unwrap(grad);
  }
  if (is_gradient_edge(root)) {
    check(bool(g), "element ", i,
          " of gradients tuple is None, but the corresponding GradientEdge requires one");
    PyNode* n = edge_node(root);
    if (n->leaf) g = checked_cotangent(*n->leaf, std::move(g));
    if (n->node) g = checked_cotangent(*n->node, edge_nr(root), std::move(g));
    r.roots.push_back(stand_in(root, g, i));
  } else {
    if (!is_tensor(root))
      raise(PyExc_RuntimeError, "element %zd of tensors tuple is neither a Tensor nor a GradientEdge", i);
    const Tensor& x = unwrap(root);
    check(x->requires_grad(), "element ", i, " of tensors does not require grad and does not have a grad_fn");
    check(bool(g), "element ", i, " of gradients tuple is None, but the corresponding Tensor requires grad");
    check(same_sizes(*x, *g), "Mismatch in shape: grad_output[", i, "] has a shape of ", g->sizes(),
          " and output[", i, "] has a shape of ", x->sizes(), ".");
    if (g->dtype != x->dtype) g = ops::to(g, x->dtype);
    r.roots.push_back(x);
  }
  r.grads.push_back(std::move(g));
}

void add_target(Request& r, PyObject* input, bool accumulate) {
  if (is_gradient_edge(input)) {
    PyNode* n = edge_node(input);
    check(n->leaf || n->node, "a GradientEdge of a custom Function's context that recorded nothing");
    r.targets.push_back(n->leaf ? Target{nullptr, 0, n->leaf} : Target{n->node, edge_nr(input), nullptr});
    return;
  }
  if (!is_tensor(input))
    raise(PyExc_TypeError, "all inputs have to be Tensors or GradientEdges, but got %s",
          Py_TYPE(input)->tp_name);
  const Tensor& x = unwrap(input);
  if (accumulate) retain_grad(x);
  check(x->requires_grad(), "One of the differentiated Tensors does not require grad");
  if (Node* n = grad_fn_of(*x))
    r.targets.push_back({n, x->output_nr, nullptr});
  else
    r.targets.push_back({nullptr, 0, x.get()});
}

Ref as_tuple(PyObject* o, const char* what) {
  if (!PyTuple_Check(o))
    raise(PyExc_TypeError, "%s argument is expected to be a tuple, but got %s", what, Py_TYPE(o)->tp_name);
  return Ref::share(o);
}
bool truth(PyObject* o, const char* name, bool otherwise) {
  if (!o || o == Py_None) return otherwise;
  if (!PyLong_Check(o))
    raise(PyExc_TypeError, "run_backward(): argument '%s' must be bool, not %s", name, Py_TYPE(o)->tp_name);
  return PyObject_IsTrue(o);
}

PyObject* run(PyObject*, PyObject* const* args, Py_ssize_t n, PyObject* kwnames) {
  return guarded([&]() -> PyObject* {
    static const char* const names[] = {"tensors", "grad_tensors",      "retain_graph",    "create_graph",
                                        "inputs",  "allow_unreachable", "accumulate_grad", nullptr};
    PyObject* a[7] = {};
    bind_args("run_backward", args, n, kwnames, names, a, 2);
    Ref roots = as_tuple(a[0], "tensors"), grads = as_tuple(a[1], "grad_tensors");
    Py_ssize_t count = PyTuple_GET_SIZE(roots.get());
    check(count == PyTuple_GET_SIZE(grads.get()), "got ", count, " tensors and ",
          PyTuple_GET_SIZE(grads.get()), " gradients");
    BackwardOptions options;
    options.create_graph = truth(a[3], "create_graph", false);
    options.retain_graph = truth(a[2], "retain_graph", options.create_graph);
    options.allow_unreachable = truth(a[5], "allow_unreachable", false);
    options.accumulate = truth(a[6], "accumulate_grad", false);
    Request r;
    for (Py_ssize_t i = 0; i < count; ++i)
      add_root(r, PyTuple_GET_ITEM(roots.get(), i), PyTuple_GET_ITEM(grads.get(), i), i);
    Ref inputs = a[4] && a[4] != Py_None ? as_tuple(a[4], "inputs") : Ref();
    Py_ssize_t wanted = inputs ? PyTuple_GET_SIZE(inputs.get()) : 0;
    for (Py_ssize_t i = 0; i < wanted; ++i)
      add_target(r, PyTuple_GET_ITEM(inputs.get(), i), options.accumulate);
    collect_if_many();
    std::vector<Tensor> found = run_backward(r.roots, r.grads, r.targets, options);
    if (options.accumulate || !wanted) return PyTuple_New(0);
    Ref out = Ref::steal(must(PyTuple_New(wanted)));
    for (Py_ssize_t i = 0; i < wanted; ++i) {
      check(options.allow_unreachable || found[size_t(i)], "The differentiated Tensor at index ", i,
            " appears to not have been used in the graph. Set allow_unused=True if this is the desired "
            "behavior.");
      PyTuple_SET_ITEM(out.get(), i, must(wrap(std::move(found[size_t(i)]))));
    }
    return out.take();
  });
}

PyObject* queue(PyObject*, PyObject* callback) {
  return guarded([&]() -> PyObject* {
    auto held = std::make_shared<Ref>(Ref::share(callback));
    queue_callback([held] { Ref::steal(must(PyObject_CallNoArgs(held->get()))); });
    Py_RETURN_NONE;
  });
}
PyObject* current_node(PyObject*, PyObject*) {
  return guarded([&] { return wrap_node(engine_running() ? engine_current_node() : nullptr); });
}
PyObject* is_running(PyObject*, PyObject*) { return PyBool_FromLong(engine_running()); }
PyObject* pass_id(PyObject*, PyObject*) { return PyLong_FromLong(engine_pass() ? long(engine_pass()) : -1); }
PyObject* will_execute(PyObject*, PyObject* node) {
  return guarded([&]() -> PyObject* {
    if (!is_node(node))
      raise(PyExc_TypeError, "_will_engine_execute_node expects an grad_fn, but got %s",
            Py_TYPE(node)->tp_name);
    check(engine_running(), "_get_graph_exec_info can only be called from within a backward pass");
    auto* n = reinterpret_cast<PyNode*>(node);
    return PyBool_FromLong(n->leaf ? engine_runs(*n->leaf) : n->node && engine_runs(*n->node));
  });
}
PyObject* increment_version(PyObject*, PyObject* tensor) {
  return guarded([&]() -> PyObject* {
    const Tensor& x = unwrap_checked(tensor, "increment_version(): argument");
    check(!x->inference() || modes.inference, "increment_version: inference tensors do not track versions");
    bumped(x, "increment_version");
    Py_RETURN_NONE;
  });
}
PyObject* gradient_edge(PyObject*, PyObject* tensor) {
  return guarded([&]() -> PyObject* {
    const Tensor& x = unwrap_checked(tensor, "get_gradient_edge");
    check(x->requires_grad(),
          "It is not possible to get the gradient edge for a Tensor that does not require gradients");
    Edge e;
    e.set(*x);
    Ref edge = Ref::steal(wrap_edge(e));
    return edge.take();
  });
}
PyObject* node_where(PyObject*, PyObject* node) {
  return guarded([&]() -> PyObject* {
    if (!is_node(node)) raise(PyExc_TypeError, "expected a node, got %s", Py_TYPE(node)->tp_name);
    return PyObject_GetAttrString(node, "where");
  });
}
PyObject* count_tensors(PyObject*, PyObject*) { return PyLong_FromLongLong(live_tensors()); }
PyObject* count_nodes(PyObject*, PyObject*) { return PyLong_FromLongLong(live_nodes()); }

PyMethodDef functions[] = {
    {"_run_backward", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(run)),
     METH_FASTCALL | METH_KEYWORDS,
     "_run_backward(tensors, grad_tensors, retain_graph, create_graph, inputs=None, allow_unreachable=False, "
     "accumulate_grad=False) -> tuple"},
    {"_queue_callback", queue, METH_O, "Runs a callable when the backward pass that runs ends."},
    {"_current_autograd_node", current_node, METH_NOARGS, "The node whose rule runs, or None."},
    {"_engine_running", is_running, METH_NOARGS, nullptr},
    {"_current_graph_task_id", pass_id, METH_NOARGS, "A number of the backward pass that runs, or -1."},
    {"_will_engine_execute_node", will_execute, METH_O,
     "Does the backward pass that runs come to this node?"},
    {"_increment_version", increment_version, METH_O,
     "Counts a change of a tensor that autograd could not see."},
    {"_gradient_edge", gradient_edge, METH_O, "(node, output_nr) of a tensor's gradient."},
    {"_node_where", node_where, METH_O, "(file, line, source) of the line that made a node, or None."},
    {"_live_tensors", count_tensors, METH_NOARGS, "How many tensors exist."},
    {"_live_nodes", count_nodes, METH_NOARGS, "How many nodes of the graph exist."},
    {nullptr, nullptr, 0, nullptr}};

}  // namespace

void init_engine(PyObject* module) {
  if (PyModule_AddFunctions(module, functions) < 0) raise_set();
}

}  // namespace adjoint::python
