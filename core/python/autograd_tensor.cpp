// The autograd attributes and methods of tensors: grad, grad_fn, requires_grad, hooks, detach, backward.
#include "python/autograd.h"
#include "ops/ops.h"

namespace adjoint::python {
namespace {

[[noreturn]] void not_deletable(const char* name) {
  raise(PyExc_RuntimeError, "%s must not be deleted", name);
}

// --- grad ---

constexpr const char* kNonLeafGrad =
    "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad attribute won't "
    "be populated during "
    "autograd.backward(). If you indeed want the .grad field to be populated for a non-leaf Tensor, use "
    ".retain_grad() on the non-leaf "
    "Tensor. If you access the non-leaf Tensor by mistake, make sure you access the leaf Tensor instead. See "
    "github.com/pytorch/pytorch/pull/30531 for more information.";

PyObject* get_grad(PyObject* self, void*) {
  return guarded([&]() -> PyObject* {
    const Tensor& x = unwrap(self);
    if (x->meta && x->meta->grad) return wrap(x->meta->grad);
    if (grad_fn_of(*x) && !(x->meta && x->meta->retains_grad) &&
        PyErr_WarnEx(PyExc_UserWarning, kNonLeafGrad, 1) < 0)
      return nullptr;
    Py_RETURN_NONE;
  });
}

const char* c_name(Dtype d) {  // the names PyTorch's message uses
  switch (d) {
    case Dtype::Bool: return "bool";
    case Dtype::U8: return "unsigned char";
    case Dtype::I8: return "signed char";
    case Dtype::I16: return "short int";
    case Dtype::I32: return "int";
    case Dtype::I64: return "long int";
    case Dtype::F16: return "c10::Half";
    case Dtype::BF16: return "c10::BFloat16";
    case Dtype::F32: return "float";
    case Dtype::F64: return "double";
    case Dtype::C64: return "c10::complex<float>";
    default: return "c10::complex<double>";
  }
}

void check_grad(const Tensor& x, const Tensor& g) {
  // Nor may a view of it, which keeps it: a cycle.
  check(!x.same(g) && g->base != x.get(), "can't assign Variable as its own grad");
  check(g->dtype == x->dtype, "attempting to assign a gradient with dtype '", c_name(g->dtype),
        "' to a tensor with grad_dtype '", label_of(x->dtype),
        "'. The gradient must match the tensor's grad_dtype (defaults to the tensor's dtype). You can set "
        "the tensor's "
        "grad_dtype attribute with a specific dtype, or None to allow any dtype. Set grad_dtype with "
        "caution. Diverging the dtypes of a "
        "tensor and its gradient may break downstream systems that assume they match.");
  check(g->device == x->device, "attempting to assign a gradient with device type '", name_of(g->device),
        "' to a tensor with device type '", name_of(x->device),
        "'. Please ensure that the gradient and the tensor are on the same device");
  check(same_sizes(*g, *x), "attempting to assign a gradient of size '", g->sizes(),
        "' to a tensor of size '", x->sizes(),
        "'. Please ensure that the gradient and the tensor are the same size");
}

int set_grad(PyObject* self, PyObject* value, void*) {
  return guarded([&] {
    const Tensor& x = unwrap(self);
    if (!value || value == Py_None) {
      if (x->meta) x->meta->grad.reset();
      return 0;
    }
    if (!is_tensor(value))
      raise(PyExc_TypeError, "assigned grad expected to be a Tensor or None but got grad of type %s",
            Py_TYPE(value)->tp_name);
    const Tensor& g = unwrap(value);
    check_grad(x, g);
    ensure_meta(*x).grad = g;
    if (!g->requires_grad()) return 0;
    track(*x);
    if (host.leaf_cycle) host.leaf_cycle(x.get());
    return 0;
  });
}

// --- the graph ---

PyObject* get_grad_fn(PyObject* self, void*) {
  return guarded([&] { return wrap_node(grad_fn_of(*unwrap(self))); });
}
PyObject* get_requires_grad(PyObject* self, void*) { return PyBool_FromLong(unwrap(self)->requires_grad()); }
int set_requires_grad_attribute(PyObject* self, PyObject* value, void*) {
  return guarded([&] {
    if (!value || !PyBool_Check(value)) raise(PyExc_RuntimeError, "requires_grad must be a bool");
    const Tensor& x = unwrap(self);
    bool on = value == Py_True;
    check(
        !grad_fn_of(*x), "you can only change requires_grad flags of leaf variables.",
        on ? ""
           : " If you want to use a computed variable in a subgraph that doesn't require differentiation use "
             "var_no_grad = var.detach().");
    check(!on || is_differentiable(x->dtype),
          "only Tensors of floating point and complex dtype can require gradients");
    set_requires_grad(x, on);
    return 0;
  });
}
PyObject* requires_grad_(PyObject* self, PyObject* const* args, Py_ssize_t n, PyObject* kwnames) {
  return guarded([&]() -> PyObject* {
    static const char* const names[] = {"requires_grad", nullptr};
    PyObject* on = nullptr;
    bind_args("requires_grad_", args, n, kwnames, names, &on);
    set_requires_grad(unwrap(self), !on || as_bool(on, "requires_grad_", "requires_grad", 1));
    return Py_NewRef(self);
  });
}
PyObject* get_is_leaf(PyObject* self, void*) {
  return guarded([&] { return PyBool_FromLong(!grad_fn_of(*unwrap(self))); });
}
PyObject* get_output_nr(PyObject* self, void*) {
  return guarded([&] {
    grad_fn_of(*unwrap(self));
    return PyLong_FromUnsignedLong(unwrap(self)->output_nr);
  });
}
PyObject* get_version(PyObject* self, void*) {
  return guarded([&] {
    check(!unwrap(self)->inference(), "Inference tensors do not track version counter.");
    return PyLong_FromUnsignedLong(unwrap(self)->version());
  });
}
PyObject* get_base(PyObject* self, void*) {
  return guarded([&] { return wrap(Tensor::share(unwrap(self)->base)); });
}
PyObject* is_view(PyObject* self, PyObject*) { return PyBool_FromLong(unwrap(self)->base != nullptr); }
PyObject* is_inference(PyObject* self, PyObject*) { return PyBool_FromLong(unwrap(self)->inference()); }
PyObject* get_name(PyObject* self, void*) {
  const Tensor& x = unwrap(self);
  if (!x->meta || x->meta->name.empty()) Py_RETURN_NONE;
  return PyUnicode_FromString(x->meta->name.c_str());
}

// --- retain_grad, detach, data ---

PyObject* retain_grad_method(PyObject* self, PyObject*) {
  return guarded([&]() -> PyObject* {
    retain_grad(unwrap(self));
    Py_RETURN_NONE;
  });
}
PyObject* get_retains_grad(PyObject* self, void*) {
  const Tensor& x = unwrap(self);
  return PyBool_FromLong(x->meta && x->meta->retains_grad && !x->is_leaf());
}
// detach() as the user calls it: the result remembers where (Note [Cuts]).
PyObject* cut_off(PyObject* self, Cut kind) {
  return guarded([&] {
    const Tensor& x = unwrap(self);
    Tensor y = detach(x);
    y->cut = x->requires_grad() ? note_cut(kind, nullptr, *x) : x->cut;
    return wrap(std::move(y));
  });
}
PyObject* detach_method(PyObject* self, PyObject*) { return cut_off(self, Cut::Detach); }
PyObject* detach_inplace_method(PyObject* self, PyObject*) {
  return guarded([&] {
    detach_inplace(unwrap(self));
    return Py_NewRef(self);
  });
}
PyObject* get_data(PyObject* self, void*) { return cut_off(self, Cut::Data); }
int set_data_attribute(PyObject* self, PyObject* value, void*) {
  return guarded([&] {
    if (!value) raise(PyExc_RuntimeError, "Deleting tensor data is not allowed. Delete tensor instead!");
    if (!is_tensor(value))
      raise(PyExc_TypeError, "Variable data has to be a tensor, but got %s", Py_TYPE(value)->tp_name);
    set_data(unwrap(self), unwrap(value));
    return 0;
  });
}

// --- hooks ---

PyObject* register_hook(PyObject* self, PyObject* hook) {
  return guarded([&] { return add_tensor_hook(unwrap(self), hook); });
}
PyObject* register_post_accumulate(PyObject* self, PyObject* hook) {
  return guarded([&] { return add_post_accumulate_hook(unwrap(self), hook); });
}
PyObject* get_hooks(PyObject* self, void*) {
  return guarded([&] { return tensor_hooks(unwrap(self)); });
}
int set_hooks(PyObject* self, PyObject* value, void*) {
  return guarded([&] {
    if (!value) not_deletable("_backward_hooks");
    set_tensor_hooks(unwrap(self), value);
    return 0;
  });
}
PyObject* get_post_hooks(PyObject* self, void*) {
  return guarded([&] { return post_accumulate_hooks(unwrap(self)); });
}
int set_post_hooks(PyObject* self, PyObject* value, void*) {
  return guarded([&] {
    if (!value) not_deletable("_post_accumulate_grad_hooks");
    set_post_accumulate_hooks(unwrap(self), value);
    return 0;
  });
}

// --- backward ---

bool is_given(PyObject* o) { return o && o != Py_None; }

// The ordinary call, `loss.backward()`, stays here; gradients and inputs are checked by
// adjoint.autograd.backward.
bool plain_backward(const Tensor& x, PyObject* const* a) {
  if (is_given(a[0]) || is_given(a[3]) || !x->requires_grad() || x->numel != 1 || !is_floating(x->dtype))
    return false;
  for (int i : {1, 2})
    if (is_given(a[i]) && !PyBool_Check(a[i])) return false;
  BackwardOptions options;
  options.create_graph = a[2] == Py_True;
  options.retain_graph = is_given(a[1]) ? a[1] == Py_True : options.create_graph;
  Tensor one = full(x->sizes(), Scalar(1.0), x->dtype, x->device);
  Tensor root = x;
  collect_if_many();
  run_backward({&root, 1}, {&one, 1}, {}, options);
  return true;
}
PyObject* backward(PyObject* self, PyObject* const* args, Py_ssize_t n, PyObject* kwnames) {
  return guarded([&]() -> PyObject* {
    static const char* const names[] = {"gradient", "retain_graph", "create_graph", "inputs", nullptr};
    PyObject* a[4] = {};
    bind_args("backward", args, n, kwnames, names, a);
    if (plain_backward(unwrap(self), a)) Py_RETURN_NONE;
    Ref module = Ref::steal(package("autograd"));
    Ref function = Ref::steal(must(PyObject_GetAttrString(module.get(), "backward")));
    auto or_none = [](PyObject* o) { return o ? o : Py_None; };
    Ref positional =
        Ref::steal(must(PyTuple_Pack(4, self, or_none(a[0]), or_none(a[1]), a[2] ? a[2] : Py_False)));
    Ref keywords = Ref::steal(must(Py_BuildValue("{s:O}", "inputs", or_none(a[3]))));
    return PyObject_Call(function.get(), positional.get(), keywords.get());
  });
}

#define FASTCALL(f) \
  reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(f)), METH_FASTCALL | METH_KEYWORDS

PyMethodDef methods[] = {
    {"requires_grad_", FASTCALL(requires_grad_),
     "requires_grad_(requires_grad=True) -> Tensor: asks autograd to record operations on this tensor."},
    {"retain_grad", retain_grad_method, METH_NOARGS,
     "Keeps .grad of this non-leaf tensor during backward()."},
    {"detach", detach_method, METH_NOARGS, "detach() -> Tensor: the same elements without history."},
    {"detach_", detach_inplace_method, METH_NOARGS,
     "Cuts this tensor from the graph that made it: it becomes a leaf."},
    {"backward", FASTCALL(backward),
     "backward(gradient=None, retain_graph=None, create_graph=False, inputs=None): adds the gradients of "
     "this tensor to the .grad of the leaves it depends on."},
    {"register_hook", register_hook, METH_O,
     "register_hook(hook) -> handle: hook(grad) -> Tensor or None runs whenever this tensor's gradient was "
     "computed."},
    {"register_post_accumulate_grad_hook", register_post_accumulate, METH_O,
     "register_post_accumulate_grad_hook(hook) -> handle: hook(leaf) runs after .grad was accumulated."},
    {"is_inference", is_inference, METH_NOARGS, "Was this tensor made in inference mode?"},
    {"_is_view", is_view, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr}};

PyGetSetDef getset[] = {
    {"grad", get_grad, set_grad, "The gradient that backward() accumulated, or None.", nullptr},
    {"_grad", get_grad, set_grad, nullptr, nullptr},
    {"grad_fn", get_grad_fn, nullptr, "The node of the graph that made this tensor; None for leaves.",
     nullptr},
    {"_grad_fn", get_grad_fn, nullptr, nullptr, nullptr},
    {"requires_grad", get_requires_grad, set_requires_grad_attribute,
     "Are gradients computed for this tensor?", nullptr},
    {"is_leaf", get_is_leaf, nullptr, "Was this tensor made by the user, not by a recorded operation?",
     nullptr},
    {"retains_grad", get_retains_grad, nullptr, "Does this non-leaf tensor keep its .grad?", nullptr},
    {"output_nr", get_output_nr, nullptr, "Which output of grad_fn this tensor is.", nullptr},
    {"_version", get_version, nullptr, "How often the elements were changed in place.", nullptr},
    {"_base", get_base, nullptr, "The tensor this one is a view of, or None.", nullptr},
    {"name", get_name, nullptr, nullptr, nullptr},
    {"data", get_data, set_data_attribute, "The same elements without history.", nullptr},
    {"_backward_hooks", get_hooks, set_hooks, nullptr, nullptr},
    {"_post_accumulate_grad_hooks", get_post_hooks, set_post_hooks, nullptr, nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr}};

}  // namespace

PyGetSetDef* autograd_getset() { return getset; }
PyMethodDef* autograd_methods() { return methods; }

}  // namespace adjoint::python
