// An optimizer's step over one parameter group: `_core._optim_rule("adam")` is called with the optimizer and the group,
// and gives the parameters that are left to the rule in Python, or None.
//
// State and options are read anew at every step, by their names, as programs may change any of them in between: some ten
// nanoseconds each. Nothing is changed before all parameters have been looked at.
#include "ops/optim/rules.h"
#include <map>
#include <vector>
#include "autograd/node.h"
#include "python/args.h"
#include "python/types.h"

namespace adjoint::python {
namespace {

constexpr size_t kMostOptions = 12, kMostNumbers = 3;

// An interned name; there are few.
PyObject* name(const char* text) {
  static std::map<std::string_view, PyObject*> names;
  PyObject*& o = names[text];
  if (!o) o = must(PyUnicode_InternFromString(text));
  return o;
}
PyObject* get(PyObject* dict, PyObject* key) {  // borrowed; null: not there
  PyObject* o = PyDict_GetItemWithError(dict, key);
  if (!o && PyErr_Occurred()) raise_set();
  return o;
}
bool is_true(PyObject* o) {
  if (!o || o == Py_None || o == Py_False) return false;
  int yes = PyObject_IsTrue(o);
  if (yes < 0) raise_set();
  return yes;
}

struct BoundRule {
  const Rule& rule;
  std::vector<PyObject*> options, numbers;  // their names
  PyObject *params = name("params"), *state = name("state"), *begin = name("_begin"),
           *differentiable = name("differentiable"), *capturable = name("capturable");

  explicit BoundRule(const Rule& r) : rule(r) {
    for (const RuleOption& o : r.options) options.push_back(name(o.name));
    for (const char* n : r.numbers) numbers.push_back(name(n));
  }
};

// False where the option is no number that stays the same for the whole step.
bool read_number(PyObject* o, double& out) {
  if (PyFloat_CheckExact(o)) return out = PyFloat_AS_DOUBLE(o), true;
  if (o == Py_True || o == Py_False) return out = o == Py_True, true;
  Scalar s;
  if (is_tensor(o)) {
    const Tensor& x = unwrap(o);
    if (x->numel != 1 || x->requires_grad() || x->device != Device::Cpu || is_complex(x->dtype)) return false;
    s = item(x);
  } else if (!to_scalar(o, s) || s.is_complex()) {
    return false;
  }
  out = s.to<double>();
  return true;
}
// The same for all options that the rule reads, of a pair both numbers.
bool read_options(const BoundRule& rule, PyObject* group, double* out) {
  for (size_t i = 0; i < rule.options.size(); ++i) {
    PyObject* o = get(group, rule.options[i]);
    if (!o) return false;
    if (!rule.rule.options[i].pair) {
      if (!read_number(o, *out++)) return false;
      continue;
    }
    if (!(PyTuple_Check(o) || PyList_Check(o)) || PySequence_Fast_GET_SIZE(o) != 2) return false;
    for (int k = 0; k < 2; ++k)
      if (!read_number(PySequence_Fast_GET_ITEM(o, k), *out++)) return false;
  }
  return true;
}

bool same_layout(const TensorImpl& a, const TensorImpl& b) {
  if (!same_sizes(a, b)) return false;
  return (a.contiguous() && b.contiguous()) || equal(a.strides(), b.strides());
}

class Group {
 public:
  Group(const BoundRule& rule, PyObject* optimizer, PyObject* group)
      : rule_(rule), optimizer_(optimizer), group_(group) {}
  PyObject* run();

 private:
  struct Entry {
    Tensor p, g, slots[Update::kSlots], numbers[kMostNumbers];
    bool first = false;
  };
  bool fits(PyObject* p, const Tensor& x, const Tensor& g);
  bool find_state(PyObject* p, Entry& e);
  bool find_all(PyObject* state, Entry& e);
  bool begin_slot(PyObject* state, Entry& e);
  bool take(PyObject* p, const Tensor& x);
  void update();

  const BoundRule& rule_;
  PyObject *optimizer_, *group_;
  Ref state_;
  double options_[kMostOptions];
  const RuleForm* form_ = nullptr;
  std::vector<Entry> entries_;
};

// What the loops take: anything else is for the rule.
bool Group::fits(PyObject* p, const Tensor& x, const Tensor& g) {
  return is_differentiable(x->dtype) && x->device == Device::Cpu &&
         (is_exact_tensor(p) || Py_TYPE(p) == parameter_type) && !x->base && !x->grad_fn && !x->inference() &&
         g->dtype == x->dtype && g->device == x->device && g->storage != x->storage && same_layout(*x, *g) &&
         (x->contiguous() || is_dense(*x));
}

bool Group::find_all(PyObject* state, Entry& e) {
  for (size_t i = 0; i < rule_.numbers.size(); ++i) {
    PyObject* o = get(state, rule_.numbers[i]);
    if (!o || !is_tensor(o)) return false;
    e.numbers[i] = unwrap(o);
  }
  for (size_t k = 0; k < form_->slots.size(); ++k) {
    PyObject* o = get(state, name(form_->slots[k]));
    if (!o || !is_tensor(o)) return false;
    e.slots[k] = unwrap(o);
  }
  return true;
}

// A lone slot without a value begins as what the rule gives it in the first step.
bool Group::begin_slot(PyObject* state, Entry& e) {
  if (!rule_.numbers.empty() || form_->slots.size() != 1) return false;
  PyObject *key = name(form_->slots[0]), *o = get(state, key);
  if (o && o != Py_None) return false;
  e.slots[0] = empty_like_strides(e.p, e.p->dtype);
  e.first = true;
  Ref slot = Ref::steal(wrap(e.slots[0]));
  if (PyDict_SetItem(state, key, slot.get()) < 0) raise_set();
  return true;
}

// The parameter's state, made where it is missing. False: not what the loops take.
bool Group::find_state(PyObject* p, Entry& e) {
  PyObject* state = get(state_.get(), p);
  if (!state || !PyDict_Check(state) || !find_all(state, e)) {
    PyObject* args[] = {optimizer_, p, group_};
    Ref::steal(must(PyObject_VectorcallMethod(rule_.begin, args, 3, nullptr)));
    state = get(state_.get(), p);
    if (!state || !PyDict_Check(state)) return false;
    if (!find_all(state, e) && !begin_slot(state, e)) return false;
  }
  for (size_t i = 0; i < rule_.numbers.size(); ++i) {
    const Tensor& n = e.numbers[i];
    if (n->numel != 1 || (n->dtype != Dtype::F32 && n->dtype != Dtype::F64) || n->device != Device::Cpu ||
        n->requires_grad() || n->inference())
      return false;
  }
  for (size_t k = 0; k < form_->slots.size(); ++k) {
    const Tensor& s = e.slots[k];
    if (s->dtype != e.p->dtype || s->device != Device::Cpu || !same_layout(*s, *e.p) || s->requires_grad() ||
        s->inference() || s->storage == e.p->storage || s->storage == e.g->storage)
      return false;
    for (size_t j = 0; j < k; ++j)
      if (s->storage == e.slots[j]->storage) return false;
  }
  return true;
}

// Puts a parameter that the loops take on the list.
bool Group::take(PyObject* p, const Tensor& x) {
  Entry& e = entries_.emplace_back();
  e.p = x;
  e.g = x->meta->grad;
  const bool stateless = rule_.numbers.empty() && form_->slots.empty();
  if (fits(p, e.p, e.g) && (stateless || find_state(p, e))) return true;
  entries_.pop_back();
  return false;
}

void Group::update() {
  std::vector<Update> updates(entries_.size());
  for (size_t i = 0; i < entries_.size(); ++i) {
    Entry& e = entries_[i];
    Update& u = updates[i];
    optim::Number numbers[kMostNumbers];
    for (size_t j = 0; j < rule_.numbers.size(); ++j) {
      numbers[j] = {e.numbers[j]->host(), e.numbers[j]->dtype == Dtype::F64};
      e.numbers[j]->bump_version();
    }
    form_->constants(options_, numbers, e.first, u.constants);
    u.p = e.p.get();
    u.g = e.g.get();
    for (size_t k = 0; k < form_->slots.size(); ++k) u.slots[k] = e.slots[k].get();
  }
  step(*form_, updates);
}

PyObject* Group::run() {
  if (!PyDict_Check(group_))
    raise(PyExc_TypeError, "param_group must be a dict, but got %s", Py_TYPE(group_)->tp_name);
  PyObject* given = get(group_, rule_.params);
  if (!given) raise(PyExc_KeyError, "params");
  Ref params = Ref::steal(must(PySequence_Fast(given, "a parameter group's 'params' must be a list")));
  state_ = Ref::steal(must(PyObject_GetAttr(optimizer_, rule_.state)));
  const bool fused = PyDict_Check(state_.get()) && !is_true(get(group_, rule_.differentiable)) &&
                     !is_true(get(group_, rule_.capturable)) && read_options(rule_, group_, options_);
  if (fused) form_ = &rule_.rule.form(options_);
  Ref left;
  entries_.reserve(size_t(PySequence_Fast_GET_SIZE(params.get())));
  for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(params.get()); ++i) {
    Ref p = Ref::share(PySequence_Fast_GET_ITEM(params.get(), i));
    if (is_tensor(p.get())) {
      const Tensor& x = unwrap(p.get());
      if (!x->meta || !x->meta->grad) continue;
      if (fused && take(p.get(), x)) continue;
    }
    if (!left) left = Ref::steal(must(PyList_New(0)));
    if (PyList_Append(left.get(), p.get()) < 0) raise_set();
  }
  if (!entries_.empty()) update();
  return left ? left.take() : Py_NewRef(Py_None);
}

PyObject* call_rule(PyObject* self, PyObject* const* args, Py_ssize_t n) {
  return guarded([&]() -> PyObject* {
    if (n != 2) raise(PyExc_TypeError, "an update rule takes an optimizer and a parameter group");
    auto* rule = static_cast<BoundRule*>(PyCapsule_GetPointer(self, nullptr));
    return Group(*rule, args[0], args[1]).run();
  });
}
PyMethodDef rule_def = {
    "update", (PyCFunction)(void*)call_rule, METH_FASTCALL,
    "Updates the parameters of a group that have a gradient. Gives those left to the rule."};

PyObject* make_rule(PyObject*, PyObject* o) {
  return guarded([&]() -> PyObject* {
    const char* text = PyUnicode_Check(o) ? PyUnicode_AsUTF8(o) : nullptr;
    const Rule* rule = text ? find_rule(text) : nullptr;
    if (!rule) raise(PyExc_ValueError, "no update rule %R", o);
    Ref capsule = Ref::steal(must(PyCapsule_New(new BoundRule(*rule), nullptr, [](PyObject* c) {
      delete static_cast<BoundRule*>(PyCapsule_GetPointer(c, nullptr));
    })));
    return PyCFunction_New(&rule_def, capsule.get());
  });
}

// Lets go of the gradients of a list of parameters.
PyObject* clear_grads(PyObject*, PyObject* params) {
  return guarded([&]() -> PyObject* {
    Ref list = Ref::steal(must(PySequence_Fast(params, "a list of tensors is wanted")));
    for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(list.get()); ++i) {
      PyObject* p = PySequence_Fast_GET_ITEM(list.get(), i);
      if (!is_tensor(p)) raise(PyExc_TypeError, "a list of tensors is wanted");
      Tensor x = unwrap(p);
      if (x->meta) x->meta->grad.reset();
    }
    return Py_NewRef(Py_None);
  });
}

PyMethodDef functions[] = {
    {"_optim_rule", make_rule, METH_O,
     "_optim_rule(name)\n\nThe update of a parameter group: a function of optimizer and group."},
    {"_clear_grads", clear_grads, METH_O,
     "_clear_grads(params)\n\nSets .grad of every tensor in a list to None."},
    {}};

}  // namespace

void add_optim(PyObject* module) {
  if (PyModule_AddFunctions(module, functions) < 0) raise_set();
}

}  // namespace adjoint::python
