// autograd.Function.apply: runs the user's forward without recording, then makes its outputs the node's.
#include "python/context.h"
#include "ops/ops.h"

namespace adjoint::python {
namespace {

constexpr const char* kReturnedAsIs =
    "A input that has been returned as-is as output is being saved for backward. This is not supported if "
    "you override setup_context. You "
    "should return and save a view of the input instead, e.g. with x.view_as(x) or setup ctx inside the "
    "forward function itself.";
constexpr const char* kDirtyView =
    "If your Function modifies inplace an input that is a view of another Tensor, your Function cannot "
    "return more than one Tensor. This is "
    "not supported by the current autograd engine. You should either make sure the input is not a view "
    "(using .clone() for example) or "
    "make your Function only return one Tensor (potentially splitting it into two Functions: one doing the "
    "inplace that returns a single "
    "Tensor and a second one that does the other operations). You can ask on the forum "
    "https://discuss.pytorch.org/ if you need help to "
    "do this change.";

bool holds(const std::vector<Tensor>& list, const Tensor& x) {
  for (const Tensor& t : list)
    if (t.same(x)) return true;
  return false;
}

struct Application {
  PyObject* cls;
  Ref args;  // tuple
  Ref ctx_object;
  NodeRef node;            // null when nothing is recorded
  bool own_setup = false;  // the class overrides setup_context: forward does not take ctx
  std::vector<Tensor> inputs, dirty, non_differentiable, to_save;
  std::vector<Tensor> outputs;  // as returned, null for other objects
  PyContext* ctx() const { return reinterpret_cast<PyContext*>(ctx_object.get()); }
  FunctionNode* fn() const { return static_cast<FunctionNode*>(node.get()); }
};

PyObject* attribute(PyObject* o, const char* name) { return must(PyObject_GetAttrString(o, name)); }
PyObject* base_setup_context() {
  static PyObject* f = [] {
    Ref module = Ref::steal(package("autograd.function"));
    Ref function = Ref::steal(attribute(module.get(), "Function"));
    return attribute(function.get(), "setup_context");
  }();
  return f;
}

// --- before forward ---

void make_context(Application& c) {
  static PyObject* name = PyUnicode_InternFromString("_backward_cls");
  Ref cls = Ref::steal(must(PyObject_GetAttr(c.cls, name)));
  auto* type = reinterpret_cast<PyTypeObject*>(cls.get());
  if (!PyType_Check(cls.get()) || !PyType_IsSubtype(type, context_type))
    raise(PyExc_TypeError, "_backward_cls must derive from _FunctionBase");
  c.ctx_object = Ref::steal(must(context_type->tp_new(type, nullptr, nullptr)));
}

void collect_inputs(Application& c) {
  Py_ssize_t n = PyTuple_GET_SIZE(c.args.get());
  Ref needs = Ref::steal(must(PyTuple_New(n)));
  bool any = false;
  for (Py_ssize_t i = 0; i < n; ++i) {
    PyObject* o = PyTuple_GET_ITEM(c.args.get(), i);
    bool wanted = false;
    if (is_tensor(o)) {
      c.inputs.push_back(unwrap(o));
      wanted = c.inputs.back()->requires_grad();
    }
    any |= wanted;
    PyTuple_SET_ITEM(needs.get(), i, Py_NewRef(wanted ? Py_True : Py_False));
  }
  c.ctx()->needs_input_grad = needs.take();
  if (!any || !modes.grad) return;
  auto* node = new (pool_alloc(sizeof(FunctionNode)))
      FunctionNode(Py_TYPE(c.ctx_object.get()), c.inputs.size(), size_t(n));
  size_t k = 0;
  for (Py_ssize_t i = 0; i < n; ++i)
    if (PyObject* o = PyTuple_GET_ITEM(c.args.get(), i); is_tensor(o)) {
      node->arguments[size_t(i)].set(*unwrap(o));
      node->edges[k++].set(*unwrap(o));
    }
  c.node = NodeRef::steal(node);
  attach_node(&c.ctx()->node, node);
  finish_node(*node);
}

// --- forward ---

Ref run_forward(Application& c) {
  static PyObject* forward_name = PyUnicode_InternFromString("forward");
  static PyObject* setup_name = PyUnicode_InternFromString("setup_context");
  NoGrad no_grad;
  Ref setup = Ref::steal(must(PyObject_GetAttr(c.cls, setup_name)));
  Ref forward = Ref::steal(must(PyObject_GetAttr(c.cls, forward_name)));
  c.own_setup = setup.get() != base_setup_context();
  if (c.own_setup) {
    Ref out = Ref::steal(must(PyObject_Call(forward.get(), c.args.get(), nullptr)));
    Ref done = Ref::steal(must(
        PyObject_CallFunctionObjArgs(setup.get(), c.ctx_object.get(), c.args.get(), out.get(), nullptr)));
    return out;
  }
  std::vector<PyObject*> args{nullptr, c.ctx_object.get()};
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(c.args.get()); ++i)
    args.push_back(PyTuple_GET_ITEM(c.args.get(), i));
  return Ref::steal(must(PyObject_Vectorcall(forward.get(), args.data() + 1,
                                             (args.size() - 1) | PY_VECTORCALL_ARGUMENTS_OFFSET, nullptr)));
}

// --- what ctx was told ---

void require_tuple(PyObject* o, const char* what) {
  if (!PyTuple_Check(o))
    raise(PyExc_RuntimeError, "autograd internal error: %s attribute is expected to be a tuple but is %s",
          what, Py_TYPE(o)->tp_name);
}
std::vector<Tensor> tensors_of(PyObject*& slot, const char* attribute_name, const char* complaint) {
  std::vector<Tensor> ts;
  Ref held = Ref::steal(std::exchange(slot, nullptr));
  if (!held) return ts;
  require_tuple(held.get(), attribute_name);
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(held.get()); ++i) {
    PyObject* o = PyTuple_GET_ITEM(held.get(), i);
    if (!is_tensor(o)) fail(complaint, " ", i, " is of type ", Py_TYPE(o)->tp_name);
    ts.push_back(unwrap(o));
  }
  return ts;
}
// Null entries stand for None.
void read_to_save(Application& c) {
  Ref held = Ref::steal(std::exchange(c.ctx()->to_save, nullptr));
  if (!held) return;
  require_tuple(held.get(), "to_save");
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(held.get()); ++i) {
    PyObject* o = PyTuple_GET_ITEM(held.get(), i);
    if (o != Py_None && !is_tensor(o)) {
      if (!c.node) continue;
      raise(PyExc_TypeError, "save_for_backward can only save variables, but argument %zd is of type %s", i,
            Py_TYPE(o)->tp_name);
    }
    c.to_save.push_back(o == Py_None ? Tensor() : unwrap(o));
  }
}

// --- outputs ---

Tensor view_of_itself(Application& c, const Tensor& x) {
  check(!(c.own_setup && holds(c.to_save, x)), kReturnedAsIs);
  NoGrad no_grad;
  return ops::view(x, x->sizes());
}

// An output that no gradient flows through.
Tensor cut(Application& c, const Tensor& x, bool is_input, bool dirty) {
  if (!x->requires_grad()) return is_input && !dirty ? view_of_itself(c, x) : x;
  if (is_input) return detach(x);
  if (!x->base) detach_inplace(x);
  return x;
}

void replace_history(Application& c, const Tensor& x, uint32_t nr, bool is_input) {
  check(!(x->is_leaf() && x->requires_grad() && !x->base),
        "a leaf Variable that requires grad has been used in an in-place operation.");
  if (!is_input && host.warn)
    host.warn(
        "Only input Tensors should be given to ctx.mark_dirty(). If a Tensor is not an input, there is no "
        "need to pass it to mark_dirty().");
  check(!(x->base && c.outputs.size() > 1), kDirtyView);
  check_inplace(x, c.fn()->name().c_str(), true);
  if (x->meta) x->meta->grad.reset();
  rebase_history(x, c.node, nr);
}

Tensor finish_output(Application& c, const Tensor& x, uint32_t nr, bool& differentiable) {
  bool is_input = holds(c.inputs, x), dirty = holds(c.dirty, x);
  differentiable = c.node && is_differentiable(x->dtype) && !holds(c.non_differentiable, x);
  Tensor y = x;
  if (!differentiable) {
    y = cut(c, x, is_input, dirty);
  } else if (dirty) {
    replace_history(c, x, nr, is_input);
  } else {
    if (is_input) y = view_of_itself(c, x);
    set_history(*y, *c.node.get(), nr);
  }
  if (!(is_input && dirty) && y->base) {
    y->flags &= uint8_t(~(TensorImpl::ViewNoGrad | TensorImpl::ViewMulti | TensorImpl::ViewInference));
    y->flags |= TensorImpl::ViewCustom;
  }
  return y;
}

void check_dirty_returned(Application& c) {
  for (const Tensor& d : c.dirty)
    check(holds(c.outputs, d),
          "Some elements marked as dirty during the forward method were not returned as output. The inputs "
          "that are "
          "modified inplace must all be outputs of the Function.");
}

Ref finish_outputs(Application& c, PyObject* raw) {
  Py_ssize_t n = PyTuple_GET_SIZE(raw);
  for (Py_ssize_t i = 0; i < n; ++i)
    c.outputs.push_back(is_tensor(PyTuple_GET_ITEM(raw, i)) ? unwrap(PyTuple_GET_ITEM(raw, i)) : Tensor());
  if (c.node) {
    c.node->outputs = checked_count(size_t(n));
    c.fn()->results.resize(size_t(n));
  }
  for (const Tensor& d : c.dirty) bumped(d, c.node ? c.fn()->name().c_str() : "autograd.Function");
  std::vector<Tensor> finished;
  int differentiable_outputs = 0;
  for (Py_ssize_t i = 0; i < n; ++i) {
    const Tensor& x = c.outputs[size_t(i)];
    bool differentiable = false;
    finished.push_back(x ? finish_output(c, x, uint32_t(i), differentiable) : Tensor());
    differentiable_outputs += differentiable;
    if (x && c.node) c.fn()->results[size_t(i)].set(*finished.back());
  }
  if (differentiable_outputs > 1)
    for (Tensor& y : finished)
      if (y && y->base) y->flags = uint8_t((y->flags & ~TensorImpl::ViewCustom) | TensorImpl::ViewMulti);
  check_dirty_returned(c);
  Ref tuple = Ref::steal(must(PyTuple_New(n)));
  for (Py_ssize_t i = 0; i < n; ++i) {
    Tensor& y = finished[size_t(i)];
    PyObject* o = y ? must(wrap(y)) : Py_NewRef(PyTuple_GET_ITEM(raw, i));
    if (y && c.node) track(o);  // ctx may come to hold it
    PyTuple_SET_ITEM(tuple.get(), i, o);
  }
  c.outputs = std::move(finished);
  return tuple;
}

void save(Application& c) {
  if (!c.node) return;
  c.fn()->saved.reserve(c.to_save.size());
  for (const Tensor& x : c.to_save) {
    SavedTensor& s = c.fn()->saved.emplace_back();
    if (!x) continue;
    if (x->requires_grad() && holds(c.outputs, x))
      s.save_output(x, *c.node.get());
    else
      s.save(x);
  }
}

PyObject* apply(PyObject*, PyObject* const* args, Py_ssize_t n) {
  return guarded([&]() -> PyObject* {
    if (n != 2 || !PyTuple_Check(args[1]))
      raise(PyExc_TypeError, "_function_apply(cls, args): args must be a tuple");
    Application c;
    c.cls = args[0];
    c.args = Ref::share(args[1]);
    make_context(c);
    collect_inputs(c);
    Ref out = run_forward(c);
    bool is_tuple = PyTuple_Check(out.get());
    Ref raw = is_tuple ? out : Ref::steal(must(PyTuple_Pack(1, out.get())));
    read_to_save(c);
    c.non_differentiable =
        tensors_of(c.ctx()->non_differentiable, "non_differentiable",
                   "mark_non_differentiable only accepts variable arguments, but argument");
    c.dirty = tensors_of(c.ctx()->dirty_tensors, "dirty_tensors",
                         "mark_dirty can only accept variables, but argument");
    Ref finished = finish_outputs(c, raw.get());
    save(c);
    Py_CLEAR(c.ctx()->saved_for_forward);
    return is_tuple ? finished.take() : Py_NewRef(PyTuple_GET_ITEM(finished.get(), 0));
  });
}

PyMethodDef functions[] = {
    {"_function_apply", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(apply)), METH_FASTCALL,
     "_function_apply(cls, args): runs and records an autograd.Function."},
    {nullptr, nullptr, 0, nullptr}};

}  // namespace

void init_functions(PyObject* module) {
  init_contexts(module);
  if (PyModule_AddFunctions(module, functions) < 0) raise_set();
}

}  // namespace adjoint::python
