// The road of a call: callable → parse → the record's invoke → wrap.
#include "python/op_function.h"
#include <cstddef>
#include <cstring>
#include <map>
#include "autograd/door.h"
#include "ops/promotion.h"
#include "ops/pointwise_record.h"
#include "python/overrides.h"
#include "python/profiler.h"
#include "python/slots.h"
#include "python/types.h"
#include <structmember.h>

namespace adjoint::python {
namespace {

struct OpObject {
  PyObject_HEAD vectorcallfunc vectorcall;
  OpEntry* entry;
};
PyTypeObject *function_type = nullptr, *method_type = nullptr;
using Table = std::map<std::string, OpEntry*, std::less<>>;
Table methods_by_name, functions_by_name;

OpEntry& entry_of(PyObject* o) { return *reinterpret_cast<OpObject*>(o)->entry; }

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
  for (int i = 0; i < o.arguments; ++i)
    if (v[i].kind == Value::TensorK && *v[i].tensor && (*v[i].tensor)->device != out->device)
      fail("Expected all tensors to be on the same device, but found at least two devices, ",
           out->meta_device() ? "meta and cpu!" : "cpu and meta!");
}

PyObject* call_with_out(OpEntry& e, Overload& o, const Value* v, Scratch& s) {
  std::vector<PyObject*> outs;
  const auto& types = o.result_types;
  if (!is_tensor(s.out) && types.size() == 1 && types[0] == "Tensor")
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
    o.record->invoke(v, Dest{&target, false, e.name.c_str()}, r);
    return Py_NewRef(outs[0]);
  }
  o.record->invoke(v, Dest{}, r);
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
    o.record->invoke(v, Dest{}, r);
  } else {
    std::vector<Value> reads(v, v + o.arguments);
    std::vector<Tensor> copies;
    copies.reserve(reads.size());
    for (Value& a : reads)
      if (a.kind == Value::TensorK && *a.tensor && written_over(**a.tensor, *x))
        a.tensor = &copies.emplace_back(value_before(*a.tensor));
    o.record->invoke(reads.data(), Dest{}, r);
  }
  check(can_cast(r.tensor->dtype, x->dtype), name, ": result type ", label_of(r.tensor->dtype),
        " can't be cast to the desired output type ", label_of(x->dtype));
  assign_inplace(x, r.tensor, name);
}

// --- calls ---
PyObject* invoke(OpEntry& e, Overload& o, const Value* v, Scratch& s, PyObject* self) {
  if (__builtin_expect(s.out != nullptr, 0)) return call_with_out(e, o, v, s);
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
      o.record->invoke(v, Dest{&x, true, e.name.c_str()}, r);
    else
      write_result(e, o, v, x);
    return Py_NewRef(self);
  }
  o.record->invoke(v, Dest{}, r);
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
[[gnu::cold]] PyObject* complain(OpEntry& e, const Call& c) {
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
  return nullptr;
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
    overloads.push_back(parse_schema(*r));
    if (overloads.back().params.size() > size_t(kMostParams))
      raise(PyExc_SystemError, "adjoint: %s has too many parameters", r->schema);
  }
  for (const Overload& o : overloads)
    if (!quick) find_quick(o);
  parsed = true;
}

void OpEntry::find_quick(const Overload& o) {
  const PointwiseOp* op = o.record->plain ? &find_pointwise(o.record->plain) : o.record->pointwise;
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
}  // namespace

namespace {
// Numbers where a tensor is wanted: as what is written to, or as one of the operands. PyTorch computes sums, products and
// quotients of numbers alone, and ranges between them.
bool lacks_tensor(const OpEntry& e, const Overload& o, const Value* v) {
  if (o.params.empty() || o.params[0].kind != Kind::Number) return false;
  if (e.form == Form::InplaceFunction) return v[o.self].kind != Value::TensorK;
  for (size_t k = 0; k < o.params.size(); ++k) {
    const Param& p = o.params[k];
    if (p.role != Role::Out &&
        (p.kind == Kind::Tensor || (p.kind == Kind::Number && v[k].kind == Value::TensorK)))
      return false;
  }
  for (const char* alone : {"add", "sub", "subtract", "mul", "multiply", "div", "divide", "true_divide",
                            "floor_divide", "linspace", "logspace"})
    if (e.name == alone) return false;
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
    if (__builtin_expect(lacks_tensor(e, o, v), 0)) continue;
    return invoke(e, o, v, s, c.self);
  }
  if (any_override(c)) return overridden_call(e, c);
  return complain(e, c);
}
[[gnu::noinline, gnu::cold]] PyObject* profiled(OpEntry& e, const Call& c) {
  Profiled row(e.name.c_str());
  return dispatch(e, c);
}
}  // namespace

PyObject* call_entry(OpEntry& e, const Call& c) {
  return guarded([&] { return __builtin_expect(profiling, 0) ? profiled(e, c) : dispatch(e, c); });
}

PyObject* call_method(OpEntry& e, PyObject* self, std::initializer_list<PyObject*> args) {
  return call_entry(e, Call{self, args.begin(), Py_ssize_t(args.size()), nullptr});
}

namespace {
// --- the callables ---
PyObject* function_call(PyObject* o, PyObject* const* args, size_t nf, PyObject* keywords) {
  return call_entry(entry_of(o), Call{nullptr, args, PyVectorcall_NARGS(nf), keywords});
}
PyObject* method_call(PyObject* o, PyObject* const* args, size_t nf, PyObject* keywords) {
  Py_ssize_t n = PyVectorcall_NARGS(nf);
  if (__builtin_expect(n < 1 || !is_tensor(args[0]), 0)) {
    if (n >= 1 && overridden(args[0])) return call_override(o, args, n, keywords);
    const char* name = entry_of(o).name.c_str();
    if (n < 1) return PyErr_Format(PyExc_TypeError, "unbound method TensorBase.%s() needs an argument", name);
    return PyErr_Format(PyExc_TypeError,
                        "descriptor '%s' for 'torch._C.TensorBase' objects doesn't apply to a '%s' object",
                        name, Py_TYPE(args[0])->tp_name);
  }
  return call_entry(entry_of(o), Call{args[0], args + 1, n - 1, keywords});
}

PyObject* method_get(PyObject* o, PyObject* instance, PyObject*) {
  if (!instance || instance == Py_None) return Py_NewRef(o);
  return PyMethod_New(o, instance);
}
PyObject* function_repr(PyObject* o) {
  return PyUnicode_FromFormat("<built-in method %s of type object at %p>", entry_of(o).name.c_str(), o);
}
PyObject* method_repr(PyObject* o) {
  return PyUnicode_FromFormat("<method '%s' of 'torch._C.TensorBase' objects>", entry_of(o).name.c_str());
}
bool is_function(const OpEntry& e) { return e.form == Form::Function || e.form == Form::InplaceFunction; }
PyObject* get_name(PyObject* o, void*) { return Py_NewRef(entry_of(o).py_name); }
PyObject* get_qualname(PyObject* o, void*) {
  OpEntry& e = entry_of(o);
  return is_function(e) ? Py_NewRef(e.py_name) : PyUnicode_FromFormat("Tensor.%U", e.py_name);
}
PyObject* get_doc(PyObject* o, void*) {
  return guarded([&]() -> PyObject* {
    OpEntry& e = entry_of(o);
    e.ensure_parsed();
    std::string s;
    for (const Overload& v : e.overloads) s += e.name + signature_text(v, is_function(e)) + "\n";
    for (const OpRecord* r : e.records)
      if (r->doc && *r->doc) {
        s += "\n";
        s += r->doc;
        break;
      }
    return PyUnicode_FromString(s.c_str());
  });
}
PyObject* get_module(PyObject* o, void*) {
  if (!is_function(entry_of(o))) Py_RETURN_NONE;
  return PyUnicode_FromString("adjoint");
}
PyObject* get_schemas(PyObject* o, void*) {
  Ref list = Ref::steal(PyList_New(0));
  for (const OpRecord* r : entry_of(o).records) {
    Ref s = Ref::steal(PyUnicode_FromString(r->schema));
    if (!s || PyList_Append(list.get(), s.get()) < 0) return nullptr;
  }
  return list.take();
}
PyObject* reduce(PyObject* o, PyObject*) {
  OpEntry& e = entry_of(o);
  if (is_function(e)) return Py_NewRef(e.py_name);
  Ref builtins = Ref::share(PyEval_GetBuiltins());
  PyObject* getattr = PyDict_GetItemString(builtins.get(), "getattr");
  return Py_BuildValue("(O(OO))", getattr, tensor_type, e.py_name);
}

PyGetSetDef getset[] = {{"__name__", get_name, nullptr, nullptr, nullptr},
                        {"__qualname__", get_qualname, nullptr, nullptr, nullptr},
                        {"__doc__", get_doc, nullptr, nullptr, nullptr},
                        {"__module__", get_module, nullptr, nullptr, nullptr},
                        {"_schemas", get_schemas, nullptr, nullptr, nullptr},
                        {}};
PyMethodDef methods[] = {{"__reduce__", reduce, METH_NOARGS, nullptr}, {}};
PyMemberDef members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(OpObject, vectorcall), READONLY, nullptr}, {}};
PyType_Slot function_slots[] = {{Py_tp_call, (void*)PyVectorcall_Call},
                                {Py_tp_repr, (void*)function_repr},
                                {Py_tp_getset, getset},
                                {Py_tp_methods, methods},
                                {Py_tp_members, members},
                                {0, nullptr}};
PyType_Slot method_slots[] = {{Py_tp_call, (void*)PyVectorcall_Call},
                              {Py_tp_repr, (void*)method_repr},
                              {Py_tp_getset, getset},
                              {Py_tp_methods, methods},
                              {Py_tp_members, members},
                              {Py_tp_descr_get, (void*)method_get},
                              {0, nullptr}};
PyType_Spec function_spec = {"adjoint.builtin_function", sizeof(OpObject), 0,
                             Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL |
                                 Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
                             function_slots};
PyType_Spec method_spec = {"adjoint.method", sizeof(OpObject), 0,
                           Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_METHOD_DESCRIPTOR |
                               Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
                           method_slots};

// PyTorch has torch.exp_(x), for functions of one tensor and a few more, but no torch.add_.
bool has_inplace_function(std::string_view schema, const std::string& name) {
  std::string_view parameters = schema.substr(0, schema.find(')'));
  if (parameters.find(',') == std::string_view::npos) return true;
  for (const char* more : {"clamp", "clamp_max", "clamp_min", "clip", "gcd", "lcm", "ldexp", "logit",
                           "nan_to_num", "xlogy", "addmv", "round", "celu", "selu", "rrelu", "threshold"})
    if (name == more) return true;
  return false;
}

// One more record for the name in that namespace.
OpEntry& add_record(Table& table, PyObject* dict, std::string name, Form form, const OpRecord* r) {
  OpEntry*& e = table[name];
  if (!e) {
    e = new OpEntry;
    e->name = name;
    e->form = form;
    PyObject* text = must(PyUnicode_FromString(name.c_str()));
    PyUnicode_InternInPlace(&text);
    e->py_name = text;
    bool function = form == Form::Function || form == Form::InplaceFunction;
    auto* o =
        reinterpret_cast<OpObject*>(must(PyType_GenericAlloc(function ? function_type : method_type, 0)));
    o->vectorcall = function ? function_call : method_call;
    o->entry = e;
    e->object = reinterpret_cast<PyObject*>(o);
    if (PyDict_SetItem(dict, text, e->object) < 0) raise_set();
    Py_DECREF(e->object);
  }
  e->records.push_back(r);
  return *e;
}
}  // namespace

namespace {
// _return_type(name): the named tuple of an operation's results.
PyObject* return_type(PyObject*, PyObject* name) {
  return guarded([&]() -> PyObject* {
    const char* text = PyUnicode_Check(name) ? PyUnicode_AsUTF8(name) : nullptr;
    OpEntry* e = text ? find_function(text) : nullptr;
    if (!e && text) e = find_method(text);
    if (e) {
      e->ensure_parsed();
      for (Overload& o : e->overloads)
        if (!o.results.empty()) return Py_NewRef(reinterpret_cast<PyObject*>(tuple_type(o)));
    }
    PyErr_SetObject(PyExc_KeyError, name);
    return nullptr;
  });
}
// _records(): (schema, flags, doc) of every operation that Python can call.
PyObject* records(PyObject*, PyObject*) {
  Ref list = Ref::steal(PyList_New(0));
  for (const OpRecord* r : all_records()) {
    if (!list || !(r->flags & (kBoth | kLinalg | kSpecial | kNN | kHidden))) continue;
    Ref item = Ref::steal(Py_BuildValue("(sIs)", r->schema, r->flags, r->doc));
    if (!item || PyList_Append(list.get(), item.get()) < 0) return nullptr;
  }
  return list.take();
}
PyMethodDef module_functions[] = {
    {"_records", records, METH_NOARGS, nullptr}, {"_return_type", return_type, METH_O, nullptr}, {}};
}  // namespace

OpEntry* find_method(std::string_view name) {
  auto i = methods_by_name.find(name);
  return i == methods_by_name.end() ? nullptr : i->second;
}
OpEntry* find_function(std::string_view name) {
  auto i = functions_by_name.find(name);
  return i == functions_by_name.end() ? nullptr : i->second;
}

void add_operations(PyObject* module) {
  function_type = reinterpret_cast<PyTypeObject*>(must(PyType_FromSpec(&function_spec)));
  method_type = reinterpret_cast<PyTypeObject*>(must(PyType_FromSpec(&method_spec)));
  static Table linalg, special, nn, hidden;
  struct Space {
    uint32_t flag;
    const char* name;
    Table* table;
    PyObject* dict;
  } spaces[] = {{kFunction, nullptr, &functions_by_name, PyModule_GetDict(module)},
                {kLinalg, "_linalg", &linalg, nullptr},
                {kSpecial, "_special", &special, nullptr},
                {kNN, "_nn", &nn, nullptr},
                {kHidden, "_ops", &hidden, nullptr}};
  for (Space& s : spaces) {
    if (s.dict) continue;
    s.dict = must(PyDict_New());
    if (PyModule_AddObjectRef(module, s.name, s.dict) < 0) raise_set();
  }
  add_return_types(module);
  for (const OpRecord* r : all_records()) {
    std::string name(schema_name(r->schema));
    for (Space& s : spaces)
      if (r->flags & s.flag) add_record(*s.table, s.dict, name, Form::Function, r);
    if (r->flags & kMethod) add_record(methods_by_name, tensor_type->tp_dict, name, Form::Method, r);
    if (r->flags & kInplace) add_record(methods_by_name, tensor_type->tp_dict, name + "_", Form::Inplace, r);
    if (r->flags & kInplace && r->flags & kFunction && has_inplace_function(r->schema, name))
      add_record(functions_by_name, spaces[0].dict, name + "_", Form::InplaceFunction, r);
  }
  PyType_Modified(tensor_type);
  if (PyModule_AddFunctions(module, module_functions) < 0) raise_set();
}

}  // namespace adjoint::python
