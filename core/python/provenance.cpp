// Provenance: which line of user code is running? Noting it costs a few loads and one reference, so every
// node can afford it; file, line and text are worked out only when someone asks.
//
// Note [Frames]
// The interpreter's own frame objects are made on demand and cost far more than an operation, so this file
// reads the interpreter's internal frames. Their layout is mirrored here for the versions we know, checked
// once at start against the public interface, and left alone (public interface instead) if they differ or the
// version is unknown.
#include "python/autograd.h"
#include <frameobject.h>
#include <string_view>

namespace adjoint::python {
namespace {

#if PY_VERSION_HEX >= 0x030B0000 && PY_VERSION_HEX < 0x030F0000 && !defined(Py_GIL_DISABLED) && \
    !defined(PYPY_VERSION)
#define ADJOINT_FAST_FRAMES 1
#else
#define ADJOINT_FAST_FRAMES 0
#endif

#if ADJOINT_FAST_FRAMES
#if PY_VERSION_HEX < 0x030C0000  // 3.11
struct Frame {
  void *function, *globals, *builtins, *locals;
  PyObject* code;
  void* frame_object;
  Frame* previous;
  char* instruction;
};
#else  // 3.12 to 3.14; the executable is a tagged pointer from 3.14 on, and may be None for entry frames
       // from 3.13 on
struct Frame {
  PyObject* code;
  Frame* previous;
  void *function, *globals, *builtins, *locals, *frame_object;
  char* instruction;
};
#endif

inline PyCodeObject* code_of(const Frame* f) {
  auto bits = reinterpret_cast<uintptr_t>(f->code) & ~uintptr_t(7);
  auto* o = reinterpret_cast<PyObject*>(bits);
  return o && PyCode_Check(o) ? reinterpret_cast<PyCodeObject*>(o) : nullptr;
}
inline Frame* top_frame(PyThreadState* ts) {
#if PY_VERSION_HEX < 0x030D0000
  return reinterpret_cast<Frame*>(ts->cframe->current_frame);
#else
  return reinterpret_cast<Frame*>(ts->current_frame);
#endif
}
inline int32_t byte_offset(const Frame* f, PyCodeObject* code) {
  return int32_t(f->instruction - reinterpret_cast<char*>(code->co_code_adaptive));
}
bool layout_known = false;
#endif

inline PyThreadState* thread_state() {
#if PY_VERSION_HEX >= 0x030D0000
  return PyThreadState_GetUnchecked();
#else
  return _PyThreadState_UncheckedGet();
#endif
}

// Is this file part of the package? File names are few and shared by all code of a module, so a small
// direct-mapped cache over them (it owns its names) answers nearly always.
struct Known {
  PyObject* name = nullptr;
  bool ours = false;
};
Known known[256];
std::string& package_prefix() {
  static auto* s = new std::string;
  return *s;
}

[[gnu::noinline]] bool classify(Known& slot, PyObject* name) {
  Py_ssize_t n = 0;
  const char* text = PyUnicode_AsUTF8AndSize(name, &n);
  if (!text) PyErr_Clear();
  const std::string& prefix = package_prefix();
  bool ours =
      text && !prefix.empty() && size_t(n) > prefix.size() && std::string_view(text, prefix.size()) == prefix;
  if (text && !ours)
    ours = std::string_view(text, size_t(n)).starts_with("<frozen ") ||
           std::string_view(text, size_t(n)) == "<interpreter trampoline>" ||
           std::string_view(text, size_t(n)) == "<shim>";
  Py_INCREF(name);
  Py_XDECREF(std::exchange(slot.name, name));
  slot.ours = ours;
  return ours;
}
inline bool is_ours(PyCodeObject* code) {
  PyObject* name = code->co_filename;
  Known& slot = known[(reinterpret_cast<uintptr_t>(name) >> 5) & 255];
  if (__builtin_expect(slot.name == name, 1)) return slot.ours;
  return classify(slot, name);
}

Where here_public(PyThreadState* ts) {
  Where w;
#if PY_VERSION_HEX < 0x030B0000
  for (PyFrameObject* f = ts->frame; f; f = f->f_back) {
    if (is_ours(f->f_code)) continue;
    Py_INCREF(f->f_code);
    w.code = f->f_code;
    w.instruction = f->f_lasti * int(sizeof(_Py_CODEUNIT));
    return w;
  }
#else
  PyFrameObject* f = PyThreadState_GetFrame(ts);
  while (f) {
    PyCodeObject* code = PyFrame_GetCode(f);
    if (!is_ours(code)) {
      w.code = code;
      w.instruction = PyFrame_GetLasti(f);
      Py_DECREF(f);
      return w;
    }
    Py_DECREF(code);
    PyFrameObject* back = PyFrame_GetBack(f);
    Py_DECREF(f);
    f = back;
  }
#endif
  return w;
}

Where here() {
  PyThreadState* ts = thread_state();
  if (__builtin_expect(!ts, 0)) return {};
#if ADJOINT_FAST_FRAMES
  if (__builtin_expect(layout_known, 1)) {
    for (const Frame* f = top_frame(ts); f; f = f->previous) {
      PyCodeObject* code = code_of(f);
      if (!code || is_ours(code)) continue;
      Py_INCREF(reinterpret_cast<PyObject*>(code));
      return {code, byte_offset(f, code)};
    }
    return {};
  }
#endif
  return here_public(ts);
}

void forget(Where& w) { Py_XDECREF(static_cast<PyObject*>(std::exchange(w.code, nullptr))); }

#if ADJOINT_FAST_FRAMES
// Called while Python code runs (the import of the package): the top frame must be the one Python shows.
bool check_layout() {
  PyThreadState* ts = thread_state();
  PyFrameObject* shown = ts ? PyThreadState_GetFrame(ts) : nullptr;
  if (!shown) return false;
  PyCodeObject* code = PyFrame_GetCode(shown);
  int lasti = PyFrame_GetLasti(shown);
  bool ok = false;
  for (const Frame* f = top_frame(ts); f; f = f->previous) {
    PyCodeObject* c = code_of(f);
    if (!c) continue;
    ok = c == code && byte_offset(f, c) == lasti;
    break;
  }
  Py_DECREF(code);
  Py_DECREF(shown);
  return ok;
}
#endif

// The source line without its indentation; empty when the file cannot be read.
std::string source_line(PyObject* filename, int line) {
  Ref module = Ref::steal(PyImport_ImportModule("linecache"));
  Ref text = module ? Ref::steal(PyObject_CallMethod(module.get(), "getline", "Oi", filename, line)) : Ref();
  Ref bare = text ? Ref::steal(PyObject_CallMethod(text.get(), "strip", nullptr)) : Ref();
  const char* s = bare ? PyUnicode_AsUTF8(bare.get()) : nullptr;
  std::string r = s ? s : "";
  if (PyErr_Occurred()) PyErr_Clear();
  return r;
}
// Files below the current directory are named from there.
std::string short_name(const std::string& path) {
  Ref os = Ref::steal(PyImport_ImportModule("os"));
  Ref cwd = os ? Ref::steal(PyObject_CallMethod(os.get(), "getcwd", nullptr)) : Ref();
  const char* s = cwd ? PyUnicode_AsUTF8(cwd.get()) : nullptr;
  if (!s) PyErr_Clear();
  std::string dir = s ? std::string(s) + "/" : "";
  return !dir.empty() && path.starts_with(dir) ? path.substr(dir.size()) : path;
}

}  // namespace

SourceLine source_of(const Where& w) {
  SourceLine s;
  if (!w.code) return s;
  PyObject *type, *value, *trace;
  PyErr_Fetch(&type, &value, &trace);  // often called while an exception is being put together
  auto* code = static_cast<PyCodeObject*>(w.code);
  s.line = PyCode_Addr2Line(code, w.instruction);
  const char* name = PyUnicode_AsUTF8(code->co_filename);
  if (!name) PyErr_Clear();
  s.file = name ? name : "?";
  s.text = source_line(code->co_filename, s.line);
  PyErr_Restore(type, value, trace);
  return s;
}

std::string describe_where(const Where& w) {
  SourceLine s = source_of(w);
  if (s.file.empty()) return "";
  std::string r = short_name(s.file) + ":" + std::to_string(s.line);
  return s.text.empty() ? r : r + "   " + s.text;
}

// `prefix`: the package's folder with its separator; frames of files below it are passed over.
void init_provenance(const std::string& prefix) {
  package_prefix() = prefix;
  for (Known& k : known) Py_CLEAR(k.name);
#if ADJOINT_FAST_FRAMES
  layout_known = check_layout();
#endif
  host.here = here;
  host.forget = forget;
  host.describe = describe_where;
}

bool provenance_is_fast() {
#if ADJOINT_FAST_FRAMES
  return layout_known;
#else
  return PY_VERSION_HEX < 0x030B0000;
#endif
}

}  // namespace adjoint::python
