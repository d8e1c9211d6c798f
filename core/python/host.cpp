// What the core needs of Python: warnings, Ctrl-C, the big lock, notes on exceptions, anomaly mode.
#include <unistd.h>
#include "autograd/engine.h"
#include "python/autograd.h"
#include "python/notes.h"

namespace adjoint::python {

namespace {

void check_interrupt() {
  if (PyErr_CheckSignals() < 0) raise_set();
}
void warn(const std::string& text) {
  if (PyErr_WarnEx(PyExc_UserWarning, text.c_str(), 1) < 0) raise_set();
}
void* unlock() { return PyEval_SaveThread(); }

// A daemon thread that asks for the lock while the interpreter goes down is ended by Python inside the call,
// by unwinding its stack. Ours has destructors that must not throw, and objects that need the lock: such a
// thread sleeps for good instead, as Python 3.14's do.
struct SleepIfUnwound {
  bool back = false;
  ~SleepIfUnwound() {
    while (!back) pause();
  }
};
void lock(void* state) {
  SleepIfUnwound sleep;
  PyEval_RestoreThread(static_cast<PyThreadState*>(state));
  sleep.back = true;
  lock_was_released = true;
}

// --- anomaly mode ---

// Keeps the Python traceback of the forward call with the node, and the node whose rule made it (double
// backward).
void node_created(Node* n) {
  Ref module = Ref::steal(must(PyImport_ImportModule("traceback")));
  Ref lines = Ref::steal(must(PyObject_CallMethod(module.get(), "format_stack", nullptr)));
  set_metadata(n, "traceback_", lines.get());
  if (engine_running() && engine_current_node()) {
    Ref parent = Ref::steal(wrap_node(engine_current_node()));
    set_metadata(n, "parent_", parent.get());
  }
  n->traced = true;
}
std::string joined(PyObject* lines) {
  Ref empty = Ref::steal(must(PyUnicode_FromString("")));
  Ref text = Ref::steal(must(PyUnicode_Join(empty.get(), lines)));
  const char* s = PyUnicode_AsUTF8(text.get());
  if (!s) raise_set();
  return s;
}
Ref metadata_of(PyObject* node) { return Ref::steal(must(PyObject_GetAttrString(node, "metadata"))); }

void warn_with_traceback(const std::string& head, PyObject* metadata, const std::string& without) {
  PyObject* lines = PyDict_GetItemString(metadata, "traceback_");
  warn(lines ? head + joined(lines) : without);
}
// Names the operation that failed and where it was called, and the operations of earlier passes that led to
// it.
void report_anomaly(Node* n) {
  Ref node = Ref::steal(wrap_node(n));
  Ref metadata = metadata_of(node.get());
  std::string name = n->name();
  warn_with_traceback(
      "Error detected in " + name + ". Traceback of forward call that caused the error:\n", metadata.get(),
      "Error detected in " + name +
          ". No forward pass information available. Enable detect anomaly during forward pass "
          "for more information.");
  Ref parent = Ref::share(PyDict_GetItemString(metadata.get(), "parent_"));
  while (parent && parent.get() != Py_None) {
    Ref data = metadata_of(parent.get());
    Node* p = reinterpret_cast<PyNode*>(parent.get())->node;
    std::string induced =
        "\n\nPrevious calculation was induced by " + (p ? p->name() : std::string("a node")) + ". ";
    warn_with_traceback(induced + "Traceback of forward call that induced the previous calculation:\n",
                        data.get(), induced + "No forward pass information available.");
    parent = Ref::share(PyDict_GetItemString(data.get(), "parent_"));
  }
}

// --- exceptions of user code in a backward pass ---

// The exception stays what it is, and tells the forward line in a note.
void note_node(PyObject* exception, const Node* n) {
  const std::string line = describe_where(n->where);
  if (!line.empty())
    add_note(exception, str("in the backward pass of ", n->name(), ", made at ", line), false);
}
void backward_failed(Node* n) {
  if (modes.anomaly) report_anomaly(n);
  try {
    throw;
  } catch (const PythonError& e) {
    note_node(e.value(), n);
  } catch (const Error& e) {
    std::string line = describe_where(n->where);
    if (!line.empty() && std::string(e.what()).find(line) == std::string::npos)
      throw Error(e.kind, str(e.what(), "\n  in the backward pass of ", n->name(), ", made at ", line));
  } catch (...) {
  }
}

}  // namespace

void init_host(PyObject*) {
  host.check_interrupt = check_interrupt;
  host.warn = warn;
  big_lock = {unlock, lock, check_interrupt};
  host.node_created = node_created;
  host.backward_failed = backward_failed;
}

}  // namespace adjoint::python
