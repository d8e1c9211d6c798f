// The recorder behind adjoint.profiler: rows of (name, kind, begin, end, bytes, node), read out as tuples.
#include "python/profiler.h"
#include <chrono>
#include <deque>
#include <unordered_map>
#include "autograd/node.h"
#include "python/autograd.h"

namespace adjoint::python {

bool profiling = false;

namespace {

enum Kind : uint8_t { Operation, Backward_, Range };
struct Row {
  const char* name;
  int64_t begin, end;    // nanoseconds of the steady clock
  int64_t bytes;         // allocated for results while it ran, what was freed taken off
  uint64_t first, last;  // sequence numbers: the nodes made while it ran; of a backward row: the node
  uint32_t thread;
  int32_t parent;  // row that it ran in, -1: none
  Kind kind;
};

struct Recorder {
  std::vector<Row> rows;
  std::unordered_map<std::string, const char*> names;  // texts that live as long as the process
  uint32_t threads = 0;
};
Recorder& recorder() {
  static auto* r = new Recorder;
  return *r;
}
thread_local int32_t current = -1;
thread_local uint32_t thread_number = 0;
thread_local uint32_t session_seen = 0;
uint32_t session = 0;

int64_t now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

const char* lasting(const std::string& s) {
  auto [it, fresh] = recorder().names.try_emplace(s, nullptr);
  if (fresh) it->second = it->first.c_str();
  return it->second;
}

int32_t begin(const char* name, Kind kind, uint64_t node = 0) {
  Recorder& r = recorder();
  if (session_seen != session) {  // this thread's first row of this profile
    session_seen = session;
    current = -1;
    thread_number = ++r.threads;
  }
  if (r.rows.size() >= size_t(INT32_MAX)) return -1;
  auto row = int32_t(r.rows.size());
  r.rows.push_back({name, 0, 0, detail::g_storage_bytes, kind == Backward_ ? node : Node::clock(), node,
                    thread_number, current, kind});
  current = row;
  r.rows.back().begin = now();
  return row;
}
void end(int32_t row) {
  int64_t t = now();
  Recorder& r = recorder();
  if (row < 0 || size_t(row) >= r.rows.size()) return;  // the profile was taken away meanwhile
  Row& e = r.rows[size_t(row)];
  e.end = t;
  e.bytes = detail::g_storage_bytes - e.bytes;
  if (e.kind != Backward_) e.last = Node::clock();
  current = e.parent;
}

void node_runs(Node* n, bool begins) {
  static thread_local std::vector<int32_t> open;
  if (begins) {
    open.push_back(begin(lasting(n->name()), Backward_, n->seq));
  } else if (!open.empty()) {
    end(open.back());
    open.pop_back();
  }
}

PyObject* start(PyObject*, PyObject*) {
  Recorder& r = recorder();
  r.rows.clear();
  r.rows.reserve(1 << 14);
  r.threads = 0;
  ++session;
  profiling = true;
  host.node_runs = node_runs;
  Py_RETURN_NONE;
}
PyObject* stop(PyObject*, PyObject*) {
  profiling = false;
  host.node_runs = nullptr;
  Py_RETURN_NONE;
}
// _profiler_rows() -> [(name, kind, begin_ns, end_ns, bytes, first_node, last_node, thread, parent)]
PyObject* rows(PyObject*, PyObject*) {
  return guarded([&]() -> PyObject* {
    const auto& all = recorder().rows;
    Ref list = Ref::steal(must(PyList_New(Py_ssize_t(all.size()))));
    static constexpr const char* kinds[] = {"operation", "backward", "range"};
    for (size_t i = 0; i < all.size(); ++i) {
      const Row& e = all[i];
      PyList_SET_ITEM(list.get(), Py_ssize_t(i),
                      must(Py_BuildValue("(ssLLLKKIi)", e.name, kinds[e.kind], (long long)e.begin,
                                         (long long)(e.end ? e.end : e.begin),
                                         (long long)(e.end ? e.bytes : 0), (unsigned long long)e.first,
                                         (unsigned long long)e.last, (unsigned)e.thread, int(e.parent))));
    }
    return list.take();
  });
}
PyObject* range_begin(PyObject*, PyObject* name) {
  return guarded([&]() -> PyObject* {
    if (!profiling) return PyLong_FromLong(-1);
    const char* text = PyUnicode_Check(name) ? PyUnicode_AsUTF8(name) : nullptr;
    if (!text) raise(PyExc_TypeError, "record_function: name must be str, not %s", Py_TYPE(name)->tp_name);
    return PyLong_FromLong(begin(lasting(text), Range));
  });
}
PyObject* range_end(PyObject*, PyObject* row) {
  return guarded([&]() -> PyObject* {
    long r = PyLong_AsLong(row);
    if (r == -1 && PyErr_Occurred()) raise_set();
    end(int32_t(r));
    Py_RETURN_NONE;
  });
}
PyObject* is_on(PyObject*, PyObject*) { return PyBool_FromLong(profiling); }

PyMethodDef functions[] = {
    {"_profiler_start", start, METH_NOARGS, "Forgets what was recorded and records from here on."},
    {"_profiler_stop", stop, METH_NOARGS, "Stops recording; the rows stay."},
    {"_profiler_rows", rows, METH_NOARGS,
     "[(name, kind, begin_ns, end_ns, bytes, first_node, last_node, thread, parent)]"},
    {"_profiler_is_on", is_on, METH_NOARGS, nullptr},
    {"_profiler_begin", range_begin, METH_O, "Opens a range of the user's; gives its row."},
    {"_profiler_end", range_end, METH_O, "Closes the range."},
    {nullptr, nullptr, 0, nullptr}};

}  // namespace

Profiled::Profiled(const char* name) : row_(begin(name, Operation)) {}
Profiled::~Profiled() { end(row_); }

void init_profiler(PyObject* module) {
  if (PyModule_AddFunctions(module, functions) < 0) raise_set();
}

}  // namespace adjoint::python
