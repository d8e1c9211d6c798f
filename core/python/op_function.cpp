// The road of a call: callable → parse → the record's invoke → wrap.
#include "python/op_function.h"
#include "autograd/door.h"
#include "ops/promotion.h"
#include "ops/pointwise_record.h"
#include "python/notes.h"
#include "python/overrides.h"
#include "python/profiler.h"
#include "python/slots.h"
#include "python/types.h"

namespace adjoint::python {
namespace {

bool any_requires_grad(const Overload& o, const Value* v) {
  bool any = false;
  for (int i = 0; i < o.arguments; ++i) {
    if (v[i].kind == Value::TensorK) any = any || requires_grad(*v[i].tensor);
    if (v[i].kind == Value::TensorList)
      for (const Tensor& t : *v[i].tensors) any = any || requires_grad(t);
  }
  return any;
}

// --- out= ---
void refuse_gradients(const char* name, const Overload& o, const Value* v, const Tensor& out) {
  check(!grad_enabled() || !(out->requires_grad() || any_requires_grad(o, v)), name,
        "(): functions with out=... arguments don't support automatic differentiation, but one of the "
        "arguments requires grad.");
}

void same_device(const Overload& o, const Value* v, const Tensor& out) {
  auto same = [&](const Tensor& x) {
    if (x && x->device != out->device)
      fail("Expected all tensors to be on the same device, but found at least two devices, ",
           name_of(out->device), " and ", name_of(x->device), "!");
  };
  for (int i = 0; i < o.arguments; ++i) {
    if (v[i].kind == Value::TensorK) same(*v[i].tensor);
    if (v[i].kind == Value::TensorList)
      for (const Tensor& x : *v[i].tensors) same(x);
  }
}

PyObject* call_with_out(OpEntry& e, Overload& o, const Value* v, Scratch& s) {
  std::vector<PyObject*> outs;
  const auto& results = o.schema->results;
  if (!is_tensor(s.out) && results.size() == 1 && results[0].kind == Kind::Tensor)
    raise(PyExc_TypeError, "%s(): argument 'out' must be Tensor, not %s", e.name.c_str(),
          Py_TYPE(s.out)->tp_name);
  if (is_tensor(s.out))
    outs.push_back(s.out);
  else
    for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(s.out); ++i)
      outs.push_back(PySequence_Fast_GET_ITEM(s.out, i));
  for (PyObject* p : outs)
    refuse_gradients(e.name.c_str(), o, v, unwrap_checked(p, (e.name + "(): argument 'out'").c_str()));
  for (PyObject* p : outs) same_device(o, v, unwrap(p));
  Returned r;
  NoGrad off;
  if (o.record->flags & kTakesDest && outs.size() == 1) {
    Tensor target = unwrap(outs[0]);
    adjoint::invoke(*o.record, v, o.arguments, Dest{&target, false, e.name.c_str()}, r);
    return Py_NewRef(outs[0]);
  }
  adjoint::invoke(*o.record, v, o.arguments, Dest{}, r);
  if (r.kind == Returned::One) r.tensors.push_back(std::move(r.tensor));
  if (r.tensors.size() != outs.size())
    raise(PyExc_TypeError, "%s(): expected %zu tensors in argument 'out', got %zu", e.name.c_str(),
          r.tensors.size(), outs.size());
  for (size_t i = 0; i < outs.size(); ++i) write_out(unwrap(outs[i]), r.tensors[i], e.name.c_str());
  if (is_tensor(s.out)) return Py_NewRef(s.out);
  r.tensors.clear();
  for (PyObject* p : outs) r.tensors.push_back(unwrap(p));
  return give_tuple(o, r.tensors, true);
}

// --- in place ---
// An operation without an in-place form of its own: it runs out of place, and the result is written into x. When
// that is recorded it reads copies: Note [Written over].
void write_result(const OpEntry& e, const Overload& o, const Value* v, const Tensor& x) {
  const char* name = e.name.c_str();
  for (int i = 0; i < o.arguments; ++i)
    if (v[i].kind == Value::DtypeK && v[i].dtype != x->dtype)
      fail("Bad in-place call: input tensor dtype ", label_of(x->dtype), " and output tensor dtype ",
           label_of(v[i].dtype), " should match");
  const bool record = grad_enabled() && is_differentiable(x->dtype) && any_requires_grad(o, v);
  check_inplace(x, name, record);
  Returned r;
  if (!record) {
    adjoint::invoke(*o.record, v, o.arguments, Dest{}, r);
  } else {
    std::vector<Value> reads(v, v + o.arguments);
    std::vector<Tensor> copies;
    copies.reserve(reads.size());
    for (Value& a : reads)
      if (a.kind == Value::TensorK && *a.tensor && written_over(**a.tensor, *x))
        a.tensor = &copies.emplace_back(value_before(*a.tensor));
    adjoint::invoke(*o.record, reads.data(), o.arguments, Dest{}, r);
  }
  check(can_cast(r.tensor->dtype, x->dtype), name, ": result type ", label_of(r.tensor->dtype),
        " can't be cast to the desired output type ", label_of(x->dtype));
  assign_inplace(x, r.tensor, name);
}

// --- calls ---
PyObject* invoke(OpEntry& e, Overload& o, const Value* v, Scratch& s, PyObject* self) {
  if (__builtin_expect(s.out != nullptr, 0)) {
    if (e.form >= Form::Inplace)
      raise(PyExc_TypeError, "%s() got an unexpected keyword argument 'out'", e.name.c_str());
    return call_with_out(e, o, v, s);
  }
  Returned r;
  if (__builtin_expect(e.form >= Form::Inplace, 0)) {
    if (e.form == Form::InplaceFunction) {
      if (v[o.self].kind != Value::TensorK)
        raise(PyExc_TypeError, "%s(): argument 'input' (position 1) must be Tensor, not a number",
              e.name.c_str());
      self = static_cast<PyObject*>((*v[o.self].tensor)->pyobj);
    }
    const Tensor& x = unwrap(self);
    if (o.record->flags & kTakesDest)
      adjoint::invoke(*o.record, v, o.arguments, Dest{&x, true, e.name.c_str()}, r);
    else
      write_result(e, o, v, x);
    return Py_NewRef(self);
  }
  adjoint::invoke(*o.record, v, o.arguments, Dest{}, r);
  if (__builtin_expect(r.kind == Returned::One, 1)) {
    if (__builtin_expect(s.requires_grad, 0)) {
      check(is_differentiable(r.tensor->dtype),
            "Only Tensors of floating point and complex dtype can require gradients");
      set_requires_grad(r.tensor, true);
    }
    return wrap_result(std::move(r.tensor));
  }
  return give_back(o, r);
}

bool knows_keywords(const Overload& o, const Call& c) {
  for (Py_ssize_t k = 0; c.keywords && k < PyTuple_GET_SIZE(c.keywords); ++k) {
    bool known = false;
    for (const Param& p : o.params) {
      known = known || PyUnicode_Compare(PyTuple_GET_ITEM(c.keywords, k), p.name) == 0;
      for (PyObject* alias : p.alias)
        known = known || (alias && PyUnicode_Compare(PyTuple_GET_ITEM(c.keywords, k), alias) == 0);
    }
    if (!known) return false;
  }
  return true;
}

// No overload takes the call: PyTorch's TypeError. One that could take that many arguments speaks for itself.
[[noreturn, gnu::cold]] void complain(OpEntry& e, const Call& c) {
  alignas(Value) char memory[kMostParams * sizeof(Value)];
  auto* v = reinterpret_cast<Value*>(memory);
  Py_ssize_t given = c.n + (c.keywords ? PyTuple_GET_SIZE(c.keywords) : 0);
  Overload* plausible = nullptr;
  int count = 0;
  for (Overload& o : e.overloads) {
    Py_ssize_t least = 0, most = 0;
    for (int i = 0; i < int(o.params.size()); ++i) {
      const Param& p = o.params[size_t(i)];
      if (c.self && (i == o.self || p.role == Role::Out)) continue;
      ++most;
      least += !p.has_default;
    }
    bool too_many = given > 1 && c.n > o.positional - (c.self ? 1 : 0);
    if (given < least || given > most || too_many || !knows_keywords(o, c)) continue;
    plausible = &o;
    ++count;
  }
  std::string why;
  if (e.overloads.size() == 1 || count == 1) {
    Scratch s;
    parse(e.overloads.size() == 1 ? e.overloads[0] : *plausible, c, v, s, e.name.c_str(), &why);
  }
  if (why.empty()) {
    why = e.name + "() received an invalid combination of arguments - got " + call_text(c) +
          ", but expected one of:\n";
    for (const Overload& o : e.overloads) why += " * " + signature_text(o, !c.self) + "\n";
  }
  PyErr_SetString(PyExc_TypeError, why.c_str());
  raise_set();
}

[[gnu::cold]] PyObject* overridden_call(OpEntry& e, const Call& c) {
  std::vector<PyObject*> all;
  if (c.self) all.push_back(c.self);
  Py_ssize_t nk = c.keywords ? PyTuple_GET_SIZE(c.keywords) : 0;
  for (Py_ssize_t i = 0; i < c.n + nk; ++i) all.push_back(c.args[i]);
  return call_override(e.object, all.data(), c.n + (c.self != nullptr), c.keywords);
}

// An argument that no overload knows may belong to a class which takes the call over.
[[gnu::cold]] bool any_override(const Call& c) {
  Py_ssize_t nk = c.keywords ? PyTuple_GET_SIZE(c.keywords) : 0;
  for (Py_ssize_t i = 0; i < c.n + nk; ++i)
    if (overridden(c.args[i])) return true;
  return c.self && overridden(c.self);
}
}  // namespace

void OpEntry::ensure_parsed() {
  if (__builtin_expect(parsed, 1)) return;
  overloads.reserve(records.size());
  for (const OpRecord* r : records) {
    Overload& o = overloads.emplace_back(make_overload(*r));
    if (o.params.size() > size_t(kMostParams))
      raise(PyExc_SystemError, "adjoint: %s has too many parameters", r->schema);
    o.wants_tensor = o.arguments && o.params[0].kind == Kind::Number &&
                     (form == Form::InplaceFunction || !(r->flags & kNumbersAlone));
  }
  for (const Overload& o : overloads)
    if (!quick) find_quick(o);
  parsed = true;
}

void OpEntry::find_quick(const Overload& o) {
  const PointwiseOp* op = o.record->pointwise;
  if (o.record->plain) op = &static_cast<const PointwiseOp&>(*o.record->plain);
  const bool method = form == Form::Method || form == Form::Inplace;
  if (!op || op->arity > 3 || (method && o.self != 0) || op->arity > o.arguments) return;
  unsigned tensors = 0, numbers = 0;
  for (int k = 0; k < op->arity; ++k) {
    const Param& p = o.params[size_t(k)];
    const bool tensor = p.kind == Kind::Tensor || p.kind == Kind::Number;
    const bool number = p.kind == Kind::Number || p.kind == Kind::Scalar;
    if ((!tensor && !number) || p.keyword_only) return;
    tensors |= unsigned(tensor) << k;
    numbers |= unsigned(number) << k;
  }
  quick = op;
  quick_arity = op->arity;
  quick_tensors = tensors;
  quick_numbers = numbers;
}

namespace {
// A call of plain operands by position: null without an exception where it is not of that kind.
[[gnu::always_inline]] inline PyObject* quick_call(OpEntry& e, const Call& c) {
  const int from = c.self != nullptr;
  if (c.keywords || c.n + from != e.quick_arity) return nullptr;
  QuickArg xs[3];
  for (int k = 0; k < e.quick_arity; ++k) {
    PyObject* o = k < from ? c.self : c.args[k - from];
    if (__builtin_expect(is_plain(o), 1)) {
      if (!(e.quick_tensors >> k & 1)) return nullptr;
      xs[k].tensor = unwrap(o).get();
    } else if (!(e.quick_numbers >> k & 1) || !quick_number(o, xs[k])) {
      return nullptr;
    }
  }
  if (e.form == Form::Inplace || e.form == Form::InplaceFunction) {
    PyObject* self = from ? c.self : c.args[0];
    if (!xs[0].tensor || !quick_inplace(*e.quick, xs, e.quick_arity, unwrap(self), e.name.c_str()))
      return nullptr;
    return Py_NewRef(self);
  }
  Tensor y = quick(*e.quick, xs, e.quick_arity);
  return y ? wrap_result(std::move(y)) : nullptr;
}

// Numbers where a tensor is wanted: as what is written to, or as one of the operands. PyTorch computes sums, products and
// quotients of numbers alone, and ranges between them.
bool lacks_tensor(const OpEntry& e, const Overload& o, const Value* v) {
  if (e.form == Form::InplaceFunction) return v[o.self].kind != Value::TensorK;
  for (int k = 0; k < o.arguments; ++k) {
    const Kind kind = o.params[size_t(k)].kind;
    if (kind == Kind::Tensor || (kind == Kind::Number && v[k].kind == Value::TensorK)) return false;
  }
  return true;
}

[[gnu::always_inline]] inline PyObject* dispatch(OpEntry& e, const Call& c) {
  e.ensure_parsed();
  if (e.quick)
    if (PyObject* r = quick_call(e, c)) return r;
  alignas(Value) char memory[kMostParams * sizeof(Value)];
  auto* v = reinterpret_cast<Value*>(memory);
  for (Overload& o : e.overloads) {
    Scratch s;
    if (!parse(o, c, v, s, e.name.c_str(), nullptr)) continue;
    if (__builtin_expect(s.overridden, 0)) return overridden_call(e, c);
    if (__builtin_expect(o.wants_tensor, 0) && lacks_tensor(e, o, v)) continue;
    return invoke(e, o, v, s, c.self);
  }
  if (any_override(c)) return overridden_call(e, c);
  complain(e, c);
}
[[gnu::noinline, gnu::cold]] PyObject* profiled(OpEntry& e, const Call& c) {
  Profiled row(e.name.c_str());
  return dispatch(e, c);
}
}  // namespace

PyObject* call_entry(OpEntry& e, const Call& c) {
  return guarded_call(e.name.c_str(), c,
                      [&] { return __builtin_expect(profiling, 0) ? profiled(e, c) : dispatch(e, c); });
}

PyObject* call_method(OpEntry& e, PyObject* self, std::initializer_list<PyObject*> args) {
  return call_entry(e, Call{self, args.begin(), Py_ssize_t(args.size()), nullptr});
}

}  // namespace adjoint::python
