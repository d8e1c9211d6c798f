// Hooks: Python callables in an ordered dict behind the core's hook interfaces.
//
// Each kind of hook of a tensor or node is one core hook over one OrderedDict (id -> callable). A
// RemovableHandle refers weakly to the dict, so a removed hook is gone at once, and a dict dies with its
// node.
#include "python/autograd.h"

namespace adjoint::python {
namespace {

class HookDict {
 public:
  explicit HookDict(PyObject* dict) : dict_(Ref::share(dict)) { watch(dict); }
  ~HookDict() { unwatch(dict_.get()); }
  HookDict(const HookDict&) = delete;
  PyObject* get() const { return dict_.get(); }
  // The callables as a list of their own: a hook may remove itself or others while it runs.
  Ref callables() const { return Ref::steal(must(PyMapping_Values(dict_.get()))); }

 private:
  Ref dict_;
};

std::string name_of_hook(PyObject* hook) {
  Ref name = Ref::steal(PyObject_GetAttrString(hook, "__name__"));
  const char* s = name && PyUnicode_Check(name.get()) ? PyUnicode_AsUTF8(name.get()) : nullptr;
  if (!s) PyErr_Clear();
  return s ? s : "<unknown>";
}
std::string type_string(Dtype dtype) { return str("torch.", label_of(dtype), "Tensor"); }

// What a gradient was before a hook got hold of it: a hook may resize it in place.
struct Gradient {
  bool given = false;
  Dims sizes;
  Dtype dtype{};
  Device device{};
  explicit Gradient(const Tensor& g) {
    if (!g) return;
    given = true, sizes = Dims(g->sizes()), dtype = g->dtype, device = g->device;
  }
  void check_same(const Tensor& now, PyObject* hook) const {
    if (dtype != now->dtype || device != now->device)
      fail("hook '", name_of_hook(hook), "' has changed the type of value (was ", type_string(dtype), " got ",
           type_string(now->dtype), ")");
    if (!equal(sizes, now->sizes())) fail("hook '", name_of_hook(hook), "' has changed the size of value");
  }
  void check_replacement(PyObject* result, PyObject* hook) const {
    if (result == Py_None) return;
    check(given, "can't replace a None gradient with a non-None value");
    if (!is_tensor(result))
      raise(PyExc_TypeError, "expected Variable, but hook returned '%s'", Py_TYPE(result)->tp_name);
    check_same(unwrap(result), hook);
  }
};
using Gradients = std::vector<Gradient>;
void check_same(const Gradients& were, const std::vector<Tensor>& now, PyObject* hook) {
  for (size_t i = 0; i < were.size(); ++i)
    if (were[i].given) were[i].check_same(now[i], hook);
}

PyObject* call(PyObject* hook, PyObject* a, PyObject* b = nullptr) {
  PyObject* args[] = {nullptr, a, b};
  PyObject* r =
      PyObject_Vectorcall(hook, args + 1, size_t(b ? 2 : 1) | PY_VECTORCALL_ARGUMENTS_OFFSET, nullptr);
  return must(r);
}

struct TensorHooks final : TensorHook {
  HookDict dict;
  explicit TensorHooks(PyObject* d) : dict(d) {}
  void* python() const override { return dict.get(); }
  Tensor call(const Tensor& grad) override {
    Ref hooks = dict.callables();
    Tensor now = grad;
    bool changed = false;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(hooks.get()); ++i) {
      PyObject* hook = PyList_GET_ITEM(hooks.get(), i);
      Gradient was(now);
      Ref arg = Ref::steal(must(wrap(now)));
      Ref result = Ref::steal(python::call(hook, arg.get()));
      was.check_same(now, hook);
      if (result.get() == Py_None || result.get() == arg.get()) continue;
      was.check_replacement(result.get(), hook);
      now = unwrap(result.get());
      changed = true;
    }
    return changed ? now : Tensor();
  }
};

struct LeafHooks final : LeafHook {
  HookDict dict;
  explicit LeafHooks(PyObject* d) : dict(d) {}
  void* python() const override { return dict.get(); }
  void call(const Tensor& leaf) override {
    Ref hooks = dict.callables();
    Ref arg = Ref::steal(must(wrap(leaf)));
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(hooks.get()); ++i) {
      Ref result = Ref::steal(python::call(PyList_GET_ITEM(hooks.get(), i), arg.get()));
      if (result.get() != Py_None)
        raise(PyExc_RuntimeError, "Tensor post accumulate grad hooks should return None.");
    }
  }
};

Ref tuple_of(const std::vector<Tensor>& ts) {
  Ref t = Ref::steal(must(PyTuple_New(Py_ssize_t(ts.size()))));
  for (size_t i = 0; i < ts.size(); ++i) PyTuple_SET_ITEM(t.get(), Py_ssize_t(i), must(wrap(ts[i])));
  return t;
}

struct NodeHookDict final : NodeHook {
  HookDict dict;
  explicit NodeHookDict(PyObject* d) : dict(d) {}
  void* python() const override { return dict.get(); }
  void call(std::vector<Tensor>& grads, const std::vector<Tensor>* others) override {
    Ref hooks = dict.callables();
    if (!PyList_GET_SIZE(hooks.get())) return;
    Ref other = others ? tuple_of(*others) : Ref();
    Ref arg = tuple_of(grads);
    Gradients were(grads.begin(), grads.end()), others_were;
    if (others) others_were = Gradients(others->begin(), others->end());
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(hooks.get()); ++i) {
      PyObject* hook = PyList_GET_ITEM(hooks.get(), i);
      Ref result = Ref::steal(python::call(hook, arg.get(), other.get()));
      check_same(were, grads, hook);
      if (others) check_same(others_were, *others, hook);
      if (result.get() == Py_None || result.get() == arg.get()) continue;
      take(result.get(), grads, were, hook);
      arg = result;
    }
  }

 private:
  static void take(PyObject* result, std::vector<Tensor>& grads, Gradients& were, PyObject* hook) {
    if (!PyTuple_Check(result))
      raise(PyExc_TypeError, "expected tuple, but hook returned '%s'", Py_TYPE(result)->tp_name);
    auto n = size_t(PyTuple_GET_SIZE(result));
    if (n != grads.size())
      fail("hook '", name_of_hook(hook), "' has returned an incorrect number of values (got ", n,
           ", but expected ", grads.size(), ")");
    for (size_t i = 0; i < n; ++i) were[i].check_replacement(PyTuple_GET_ITEM(result, Py_ssize_t(i)), hook);
    for (size_t i = 0; i < n; ++i) {
      PyObject* o = PyTuple_GET_ITEM(result, Py_ssize_t(i));
      grads[i] = o == Py_None ? Tensor() : unwrap(o);
      were[i] = Gradient(grads[i]);
    }
  }
};

// Our dict in a list of hooks; null when there is none yet.
template <class Ours, class H> PyObject* find_dict(const HookList<H>& list, uint32_t nr) {
  for (const auto& e : list.entries)
    if (auto* ours = dynamic_cast<Ours*>(e.fn.get()); ours && e.output_nr == nr) return ours->dict.get();
  return nullptr;
}
template <class Ours, class H> void set_dict(HookList<H>& list, uint32_t nr, PyObject* dict) {
  std::erase_if(list.entries,
                [&](const auto& e) { return e.output_nr == nr && dynamic_cast<Ours*>(e.fn.get()); });
  if (dict) list.add(std::make_shared<Ours>(dict), nr);
}
Ref new_dict() {
  static PyObject* ordered = must(
      PyObject_GetAttrString(Ref::steal(must(PyImport_ImportModule("collections"))).get(), "OrderedDict"));
  return Ref::steal(must(PyObject_CallNoArgs(ordered)));
}
// Adds a callable; returns its RemovableHandle.
template <class Ours, class H> PyObject* add(HookList<H>& list, uint32_t nr, PyObject* hook) {
  static PyObject* handle_type =
      must(PyObject_GetAttrString(Ref::steal(package("utils.hooks")).get(), "RemovableHandle"));
  PyObject* dict = find_dict<Ours>(list, nr);
  Ref fresh;
  if (!dict) {
    fresh = new_dict();
    dict = fresh.get();
  }
  Ref handle = Ref::steal(must(PyObject_CallOneArg(handle_type, dict)));
  Ref id = Ref::steal(must(PyObject_GetAttrString(handle.get(), "id")));
  if (PyObject_SetItem(dict, id.get(), hook) < 0) raise_set();
  if (fresh) list.add(std::make_shared<Ours>(dict), nr);
  return handle.take();
}

// Where the hooks of x live: with the leaf, or with the node that made it.
HookList<TensorHook>& hooks_of(const Tensor& x, uint32_t& nr) {
  if (Node* n = grad_fn_of(*x)) {
    nr = x->output_nr;
    return n->ensure_hooks().tensor_pre;
  }
  nr = 0;
  return ensure_meta(*x).hooks;
}
PyObject* or_none(PyObject* dict) { return Py_NewRef(dict ? dict : Py_None); }

}  // namespace

PyObject* add_tensor_hook(const Tensor& x, PyObject* hook) {
  check(x->requires_grad(), "cannot register a hook on a tensor that doesn't require gradient");
  uint32_t nr;
  HookList<TensorHook>& list = hooks_of(x, nr);
  PyObject* handle = add<TensorHooks>(list, nr, hook);
  track(*x);
  return handle;
}
PyObject* add_post_accumulate_hook(const Tensor& x, PyObject* hook) {
  check(x->requires_grad(), "cannot register a hook on a tensor that doesn't require gradient");
  check(!grad_fn_of(*x), "post accumulate grad hooks cannot be registered on non-leaf tensors");
  PyObject* handle = add<LeafHooks>(ensure_meta(*x).post_accumulate, 0, hook);
  track(*x);
  return handle;
}
PyObject* add_node_hook(PyNode* self, PyObject* hook, bool pre) {
  if (self->leaf) {
    AccumulateNode& n = ensure_meta(*self->leaf).accumulate;
    return add<NodeHookDict>(pre ? n.pre : n.post, 0, hook);
  }
  NodeHooks& hooks = self->node->ensure_hooks();
  return add<NodeHookDict>(pre ? hooks.pre : hooks.post, 0, hook);
}

PyObject* tensor_hooks(const Tensor& x) {
  if (Node* n = grad_fn_of(*x))
    return or_none(n->hooks ? find_dict<TensorHooks>(n->hooks->tensor_pre, x->output_nr) : nullptr);
  return or_none(x->meta ? find_dict<TensorHooks>(x->meta->hooks, 0) : nullptr);
}
// Anything else may hold x, in a cycle that the collector does not see.
static void check_hooks(PyObject* dict, const char* name) {
  if (dict != Py_None && !PyDict_Check(dict))
    raise(PyExc_TypeError, "%s must be a dict or None, not %.200s", name, Py_TYPE(dict)->tp_name);
}
void set_tensor_hooks(const Tensor& x, PyObject* dict) {
  check_hooks(dict, "_backward_hooks");
  uint32_t nr;
  HookList<TensorHook>& list = hooks_of(x, nr);
  set_dict<TensorHooks>(list, nr, dict == Py_None ? nullptr : dict);
  if (dict != Py_None) track(*x);
}
PyObject* post_accumulate_hooks(const Tensor& x) {
  return or_none(x->meta ? find_dict<LeafHooks>(x->meta->post_accumulate, 0) : nullptr);
}
void set_post_accumulate_hooks(const Tensor& x, PyObject* dict) {
  check_hooks(dict, "_post_accumulate_grad_hooks");
  set_dict<LeafHooks>(ensure_meta(*x).post_accumulate, 0, dict == Py_None ? nullptr : dict);
  if (dict != Py_None) track(*x);
}

}  // namespace adjoint::python
