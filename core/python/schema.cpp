#include "python/schema.h"

namespace adjoint::python {
namespace {

PyObject* text(std::string_view s) {
  return must(PyUnicode_FromStringAndSize(s.data(), Py_ssize_t(s.size())));
}
PyObject* intern(std::string_view s) {
  PyObject* o = text(s);
  PyUnicode_InternInPlace(&o);
  return o;
}

void set_names(Param& p) {
  auto set = [&p](std::string_view name, std::initializer_list<const char*> aliases) {
    p.name = intern(name);
    int i = 0;
    for (const char* n : aliases) p.alias[i++] = intern(n);
  };
  if (p.text == "dim")
    set(p.text, {"axis"});
  else if (p.text == "keepdim")
    set(p.text, {"keepdims"});
  else if (p.text == "self" || p.text == "input")
    set("input", {"x", "a", "x1"});
  else if (p.text == "other")
    set(p.text, {"x2"});
  else
    set(p.text, {});
}

// out=, and what PyTorch's creation functions take for other kinds of devices.
void add_own(Overload& o, std::string_view name, Kind kind, Role role, bool optional) {
  for (const Param& p : o.params)
    if (p.text == name) return;
  Param p;
  p.text = name;
  p.kind = kind;
  p.role = role;
  p.optional = optional;
  p.keyword_only = p.has_default = true;
  p.default_text = optional ? "None" : "False";
  set_names(p);
  o.params.push_back(p);
}

}  // namespace

Overload make_overload(const OpRecord& record) {
  Overload o;
  o.record = &record;
  o.schema = &schema_of(record);
  bool device = false;
  for (const Parameter& parameter : o.schema->parameters) {
    Param& p = o.params.emplace_back(Param{parameter});
    set_names(p);
    if (!p.keyword_only) ++o.positional;
    if (p.text == "self") o.self = o.arguments;
    if (p.kind == Kind::Tensor || p.kind == Kind::TensorList) o.any_tensor = true;
    device = device || (p.kind == Kind::Device && p.has_default);
    ++o.arguments;
  }
  if (record.flags & kOut) add_own(o, "out", Kind::Tensor, Role::Out, true);
  if (device) {
    add_own(o, "layout", Kind::Layout, Role::Ignored, true);
    add_own(o, "requires_grad", Kind::Bool, Role::RequiresGrad, false);
    add_own(o, "pin_memory", Kind::Bool, Role::PinMemory, true);
  }
  return o;
}

const char* kind_text(const Param& p) {
  switch (p.kind) {
    case Kind::Tensor: return "Tensor";
    case Kind::TensorList: return "tuple of Tensors";
    case Kind::Number: return "Tensor";
    case Kind::Scalar: return "Number";
    case Kind::Int: return "int";
    case Kind::Float: return "float";
    case Kind::Bool: return "bool";
    case Kind::Str: return "str";
    case Kind::Dtype: return "torch.dtype";
    case Kind::Device: return "torch.device";
    case Kind::IntList: return "tuple of ints";
    case Kind::Format: return "torch.memory_format";
    case Kind::Layout: return "torch.layout";
    default: return "torch.Generator";
  }
}

std::string signature_text(const Overload& o, bool with_self) {
  std::string s = "(";
  bool star = false;
  for (size_t i = 0; i < o.params.size(); ++i) {
    const Param& p = o.params[i];
    if (!with_self && (int(i) == o.self || p.role == Role::Out)) continue;
    if (s.size() > 1) s += ", ";
    if (p.keyword_only && !star) {
      s += "*, ";
      star = true;
    }
    s += kind_text(p);
    s += " ";
    s += p.text == "self" ? "input" : p.text;
    if (p.has_default) s += str(" = ", p.default_text);
  }
  return s + ")";
}

namespace {

// The default is text, as written: a string stays in quotes.
PyObject* describe(const Parameter& p) {
  Ref d = Ref::steal(must(PyDict_New()));
  put(d.get(), "name", p.text.empty() ? Py_NewRef(Py_None) : text(p.text));
  put(d.get(), "type", text(p.type));
  put(d.get(), "kind", text(kind_name(p.kind)));
  put(d.get(), "list", PyBool_FromLong(p.kind == Kind::TensorList || p.kind == Kind::IntList));
  put(d.get(), "lone", PyBool_FromLong(p.lone_int));
  put(d.get(), "optional", PyBool_FromLong(p.optional));
  put(d.get(), "keyword_only", PyBool_FromLong(p.keyword_only));
  const std::string quote = p.value.kind == Value::Str ? "'" : "";
  put(d.get(), "default", p.has_default ? text(str(quote, p.default_text, quote)) : Py_NewRef(Py_None));
  return d.take();
}
PyObject* describe(const std::vector<Parameter>& parameters) {
  Ref list = Ref::steal(must(PyList_New(0)));
  for (const Parameter& p : parameters) append(list.get(), describe(p));
  return list.take();
}
PyObject* forms(uint32_t flags) {
  constexpr std::pair<uint32_t, const char*> names[] = {
      {kFunction, "function"}, {kMethod, "method"},   {kInplace, "inplace"}, {kOut, "out"},
      {kLinalg, "linalg"},     {kSpecial, "special"}, {kNN, "nn"},           {kFft, "fft"},
      {kHidden, "hidden"}};
  Ref set = Ref::steal(must(PySet_New(nullptr)));
  for (auto [flag, name] : names) {
    if (!(flags & flag)) continue;
    Ref item = Ref::steal(text(name));
    if (PySet_Add(set.get(), item.get()) < 0) raise_set();
  }
  return set.take();
}

}  // namespace

PyObject* describe(const OpRecord& record) {
  const Schema& s = schema_of(record);
  Ref d = Ref::steal(must(PyDict_New()));
  put(d.get(), "name", text(s.name));
  put(d.get(), "schema", text(record.schema));
  put(d.get(), "forms", forms(record.flags));
  put(d.get(), "doc", text(record.doc ? record.doc : ""));
  put(d.get(), "parameters", describe(s.parameters));
  put(d.get(), "results", describe(s.results));
  return d.take();
}

}  // namespace adjoint::python
