// Messages for calls that fit no overload.
#include "python/complaints.h"
#include "python/types.h"

namespace adjoint::python {
namespace {

// A keyword's text; what has no UTF-8 (a lone surrogate) is escaped.
std::string key_text(PyObject* key) {
  return PyBytes_AS_STRING(
      Ref::steal(must(PyUnicode_AsEncodedString(key, "utf-8", "backslashreplace"))).get());
}

}  // namespace

std::string Complaint::extra_positional() const {
  bool method = call.self != nullptr;
  int most = o.positional - method, least = 0;
  for (int i = 0; i < o.arguments; ++i)
    least +=
        i != (method ? o.self : -1) && !o.params[size_t(i)].keyword_only && !o.params[size_t(i)].has_default;
  if (method && o.params.size() - (o.record->flags & kOut ? 1 : 0) <= 1)
    return str("TensorBase.", name, "() takes no arguments (", call.n, " given)");
  if (least != most)
    return str(name, "() takes from ", least, " to ", most, " positional arguments but ", call.n,
               " were given");
  return str(name, "() takes ", most, " positional argument", most == 1 ? "" : "s", " but ", call.n, " ",
             call.n == 1 ? "was" : "were", " given");
}

std::string Complaint::missing(Py_ssize_t used_positions) const {
  std::string names;
  int n = 0;
  Py_ssize_t position = 0;
  for (int i = 0; i < o.arguments; ++i) {
    const Param& p = o.params[size_t(i)];
    if (call.self && i == o.self) continue;
    bool given =
        (!p.keyword_only && position++ < used_positions) || (call.keywords && find_keyword(p, call, true));
    if (given || p.has_default) continue;
    if (n++) names += ", ";
    names += str("\"", PyUnicode_AsUTF8(p.name), "\"");
  }
  return str(name, "() missing ", n, " required positional argument", n == 1 ? "s" : "", ": ", names);
}

std::string Complaint::wrong_type(const Param& p, PyObject* given, Py_ssize_t position) const {
  std::string where = position >= 0 ? str(" (position ", position + 1, ")") : std::string();
  if (p.kind == Kind::TensorList && (PyTuple_Check(given) || PyList_Check(given))) {
    for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(given); ++i)
      if (!is_tensor(PySequence_Fast_GET_ITEM(given, i)))
        return str("expected Tensor as element ", i, " in argument ", position < 0 ? 0 : position,
                   ", but got ", type_name(PySequence_Fast_GET_ITEM(given, i)));
  }
  if (p.kind == Kind::IntList && (PyTuple_Check(given) || PyList_Check(given)) &&
      PySequence_Fast_GET_SIZE(given))
    return str(name, "(): argument '", PyUnicode_AsUTF8(p.name), "'", where, " must be ", kind_text(p),
               ", but found element of type ", type_name(PySequence_Fast_GET_ITEM(given, 0)), " at pos 0");
  return str(name, "(): argument '", PyUnicode_AsUTF8(p.name), "'", where, " must be ", kind_text(p),
             ", not ", type_name(given));
}

std::string Complaint::keywords() const {
  for (Py_ssize_t k = 0; k < PyTuple_GET_SIZE(call.keywords); ++k) {
    PyObject* key = PyTuple_GET_ITEM(call.keywords, k);
    const Param* p = param_named(o, key);
    std::string text = key_text(key);
    if (p && !(call.self && p->role == Role::Out)) {
      Py_ssize_t position = 0;
      for (const Param& q : o.params) {
        if (&q == p) break;
        position += !(call.self && &q == &o.params[size_t(o.self)]);
      }
      if ((call.self && o.self >= 0 && p == &o.params[size_t(o.self)]) ||
          (!p->keyword_only && position < call.n))
        return str(name, "() got multiple values for argument '", text, "'");
      continue;
    }
    if (call.self && o.params.size() <= 2 && o.arguments == 1)
      return str("TensorBase.", name, "() takes no keyword arguments");
    return str(name, "() got an unexpected keyword argument '", text, "'");
  }
  return str(name, "(): bad keyword arguments");
}

std::string call_text(const Call& c) {
  std::string s = "(";
  for (Py_ssize_t i = 0; i < c.n; ++i) {
    if (i) s += ", ";
    PyObject* o = c.args[i];
    if (PyTuple_Check(o) && Py_TYPE(o) != size_type) {
      s += "tuple of (";
      for (Py_ssize_t k = 0; k < PyTuple_GET_SIZE(o); ++k)
        s += (k ? ", " : "") + std::string(type_name(PyTuple_GET_ITEM(o, k)));
      s += PyTuple_GET_SIZE(o) == 1 ? ",)" : ")";
    } else if (PyList_Check(o)) {
      s += "list of [";
      for (Py_ssize_t k = 0; k < PyList_GET_SIZE(o); ++k)
        s += (k ? ", " : "") + std::string(type_name(PyList_GET_ITEM(o, k)));
      s += "]";
    } else {
      s += type_name(o);
    }
  }
  if (c.keywords)
    for (Py_ssize_t k = 0; k < PyTuple_GET_SIZE(c.keywords); ++k) {
      if (s.size() > 1) s += ", ";
      s += str(key_text(PyTuple_GET_ITEM(c.keywords, k)), "=", type_name(c.args[c.n + k]));
    }
  return s + ")";
}

}  // namespace adjoint::python
