// What an error tells below PyTorch's sentence, in notes: the call that it came from, and what would help.
#include "python/notes.h"
#include "python/autograd.h"
#include "python/types.h"

namespace adjoint::python {
namespace {

// An exception that is set, aside while it is written to; set again at the end.
class Pending {
 public:
  Pending() {
    PyErr_Fetch(&type_, &value_, &trace_);
    PyErr_NormalizeException(&type_, &value_, &trace_);
  }
  ~Pending() { PyErr_Restore(type_, value_, trace_); }
  Pending(const Pending&) = delete;
  PyObject* value() const { return value_; }

 private:
  PyObject *type_ = nullptr, *value_ = nullptr, *trace_ = nullptr;
};

constexpr Py_ssize_t kLongest = 40;  // of a text
constexpr int kMostItems = 8;        // of a list

std::string shortened(PyObject* o) {
  Ref text = Ref::steal(must(PyObject_Repr(o)));
  const bool cut = PyUnicode_GET_LENGTH(text.get()) > kLongest;
  if (cut) text = Ref::steal(must(PyUnicode_Substring(text.get(), 0, kLongest)));
  const char* s = PyUnicode_AsUTF8(text.get());
  if (!s) raise_set();
  return cut ? str(s, "...") : s;
}

std::string items(PyObject* sequence, int depth);

// Only what runs no code of the user's is shown in full.
std::string argument(PyObject* o, int depth = 0) {
  if (is_tensor(o)) return unwrap(o) ? str(*unwrap(o)) : std::string("a tensor");
  if (o == Py_None || PyBool_Check(o) || PyFloat_CheckExact(o) || PyComplex_CheckExact(o) ||
      PyUnicode_CheckExact(o) || is_dtype(o) || is_device(o))
    return shortened(o);
  if (PyLong_CheckExact(o)) {
    int large = 0;
    const long long i = PyLong_AsLongLongAndOverflow(o, &large);
    return large ? std::string("a large int") : str(i);
  }
  if ((PyTuple_Check(o) || PyList_Check(o)) && depth < 2) return items(o, depth + 1);
  return type_name(o);
}
std::string items(PyObject* sequence, int depth) {
  std::string s;
  const Py_ssize_t n = PySequence_Fast_GET_SIZE(sequence);
  for (Py_ssize_t i = 0; i < n && i < kMostItems; ++i)
    s += str(i ? ", " : "", argument(PySequence_Fast_GET_ITEM(sequence, i), depth));
  if (n > kMostItems) s += ", ...";
  return PyList_Check(sequence) ? str("[", s, "]") : str("(", s, n == 1 ? ",)" : ")");
}

// "matmul(float32[2, 3], float32[2, 3])"
std::string call(const char* name, const Call& c) {
  std::string s;
  auto add = [&](PyObject* o) { s += str(s.empty() ? "" : ", ", argument(o)); };
  if (c.self) add(c.self);
  for (Py_ssize_t i = 0; i < c.n; ++i) add(c.args[i]);
  for (Py_ssize_t k = 0; c.keywords && k < PyTuple_GET_SIZE(c.keywords); ++k) {
    const char* key = PyUnicode_AsUTF8(PyTuple_GET_ITEM(c.keywords, k));
    if (!key) raise_set();
    s += str(s.empty() ? "" : ", ", key, "=", argument(c.args[c.n + k]));
  }
  return str(name, "(", s, ")");
}

std::string line_of_user() {
  Where w = host.here ? host.here() : Where();
  std::string line = describe_where(w);
  if (host.forget) host.forget(w);
  return line;
}

}  // namespace

// BaseException.add_note does the same from Python 3.11 on; before, a traceback does not show notes.
void add_note(PyObject* exception, const std::string& text, bool first) noexcept {
  if (!exception || !PyExceptionInstance_Check(exception)) return;
  try {
    Ref note = Ref::steal(must(PyUnicode_DecodeUTF8(text.data(), Py_ssize_t(text.size()), "replace")));
    Ref notes = Ref::steal(PyObject_GetAttrString(exception, "__notes__"));
    if (!notes) {
      PyErr_Clear();
      notes = Ref::steal(must(PyList_New(0)));
      if (PyObject_SetAttrString(exception, "__notes__", notes.get()) < 0) raise_set();
    }
    if (!PyList_Check(notes.get())) return;
    if (PyList_Insert(notes.get(), first ? 0 : PyList_GET_SIZE(notes.get()), note.get()) < 0) raise_set();
  } catch (...) {
    PyErr_Clear();  // the error itself counts
  }
}

void note_help(const std::string& text) noexcept {
  if (text.empty() || !PyErr_Occurred()) return;
  Pending error;
  add_note(error.value(), text, false);
}

void note_call(const char* name, const Call& c) noexcept {
  if (!PyErr_ExceptionMatches(PyExc_Exception)) return;  // Ctrl-C is nobody's fault
  Pending error;
  try {
    while (*name == '_' && name[1] && name[1] != '_') ++name;  // what only the package calls
    const std::string line = line_of_user();
    add_note(error.value(), str("in ", call(name, c), line.empty() ? "" : ", at ", line), true);
  } catch (...) {
    PyErr_Clear();
  }
}

}  // namespace adjoint::python
