// Device objects. The processor and the meta device (shapes without memory) hold tensors; the names of
// accelerators can be spoken of, and using one says what is missing.
#include <cstring>
#include <string_view>
#include "python/types.h"

namespace adjoint::python {

PyTypeObject* device_type = nullptr;
Device default_device = Device::Cpu;

namespace {
constexpr const char* device_names[] = {"cpu",    "cuda", "ipu",  "xpu",  "mkldnn", "opengl",       "opencl",
                                        "ideep",  "hip",  "ve",   "fpga", "maia",   "xla",          "lazy",
                                        "vulkan", "mps",  "meta", "hpu",  "mtia",   "privateuseone"};
constexpr int kKinds = int(std::size(device_names)), kCpu = 0, kCuda = 1, kMeta = 16;

PyDevice* self_of(PyObject* o) { return reinterpret_cast<PyDevice*>(o); }

PyObject* make(PyTypeObject* type, int kind, int index) {
  auto* d = reinterpret_cast<PyDevice*>(must(type->tp_alloc(type, 0)));
  d->kind = uint8_t(kind);
  d->index = int16_t(index);
  return reinterpret_cast<PyObject*>(d);
}

int find_kind(std::string_view name) {
  for (int i = 0; i < kKinds; ++i)
    if (name == device_names[i]) return i;
  return -1;
}

void parse(std::string_view text, int& kind, int& index) {
  size_t colon = text.find(':');
  kind = find_kind(text.substr(0, colon));
  index = -1;
  check(kind >= 0,
        "Expected one of cpu, cuda, ipu, xpu, mkldnn, opengl, opencl, ideep, hip, ve, fpga, maia, xla, lazy, "
        "vulkan, mps, "
        "meta, hpu, mtia, privateuseone device type at start of device string: ",
        std::string(text.substr(0, colon)));
  if (colon == std::string_view::npos) return;
  std::string_view digits = text.substr(colon + 1);
  bool ok = !digits.empty() && digits.size() <= 3 && (digits.size() == 1 || digits[0] != '0');
  index = 0;
  for (char c : digits) {
    ok = ok && c >= '0' && c <= '9';
    index = index * 10 + (c - '0');
  }
  check(ok && index <= 127, "Invalid device string: '", text, "'");
}

std::string text_of(PyObject* o) {
  PyDevice* d = self_of(o);
  std::string s = device_names[d->kind];
  if (d->index >= 0) s += ":" + std::to_string(d->index);
  return s;
}

[[noreturn]] void no_accelerator() { fail("Cannot access accelerator device when none is available."); }

// device("cpu"), device("cuda", 1), device(type="cuda", index=1), device(other)
PyObject* device_new(PyTypeObject* type, PyObject* args, PyObject* kwargs) {
  return guarded([&]() -> PyObject* {
    static const char* names[] = {"type", "index", nullptr};
    PyObject *what = nullptr, *index = nullptr;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|O:device", const_cast<char**>(names), &what, &index))
      raise_set();
    if (is_device(what) && !index) return Py_NewRef(what);
    if (PyLong_Check(what) && !PyBool_Check(what)) no_accelerator();
    if (!PyUnicode_Check(what))
      raise(PyExc_TypeError, "device(): argument 'type' (position 1) must be str, not %s",
            Py_TYPE(what)->tp_name);
    Py_ssize_t n;
    const char* text = PyUnicode_AsUTF8AndSize(what, &n);
    if (!text) raise_set();
    int kind, number;
    parse({text, size_t(n)}, kind, number);
    if (index && index != Py_None) {
      check(number < 0,
            "type (string) must not include an index because index was passed explicitly: ", text);
      long i = PyLong_AsLong(index);
      if (i == -1 && PyErr_Occurred()) raise_set();
      check(i >= 0 && i < 128, "Device index must not be negative");
      number = int(i);
    }
    return make(type, kind, number);
  });
}

PyObject* device_repr(PyObject* o) {
  PyDevice* d = self_of(o);
  if (d->index < 0) return PyUnicode_FromFormat("device(type='%s')", device_names[d->kind]);
  return PyUnicode_FromFormat("device(type='%s', index=%d)", device_names[d->kind], int(d->index));
}
PyObject* device_str(PyObject* o) { return PyUnicode_FromString(text_of(o).c_str()); }
Py_hash_t device_hash(PyObject* o) { return self_of(o)->kind * 1000 + self_of(o)->index + 2; }
PyObject* device_compare(PyObject* a, PyObject* b, int op) {
  if ((op != Py_EQ && op != Py_NE) || !is_device(a) || !is_device(b)) Py_RETURN_NOTIMPLEMENTED;
  bool same = self_of(a)->kind == self_of(b)->kind && self_of(a)->index == self_of(b)->index;
  return PyBool_FromLong(same == (op == Py_EQ));
}
PyObject* device_kind(PyObject* o, void*) { return PyUnicode_FromString(device_names[self_of(o)->kind]); }
PyObject* device_index(PyObject* o, void*) {
  if (self_of(o)->index < 0) Py_RETURN_NONE;
  return PyLong_FromLong(self_of(o)->index);
}
PyObject* device_reduce(PyObject* o, PyObject*) {
  if (self_of(o)->index < 0) return Py_BuildValue("(O(s))", Py_TYPE(o), device_names[self_of(o)->kind]);
  return Py_BuildValue("(O(si))", Py_TYPE(o), device_names[self_of(o)->kind], int(self_of(o)->index));
}

// `with torch.device("meta"):` makes it the default of creation functions.
std::vector<Device> entered;
PyObject* device_enter(PyObject* o, PyObject*) {
  return guarded([&]() -> PyObject* {
    Device d = to_device(o);
    entered.push_back(default_device);
    default_device = d;
    return Py_NewRef(o);
  });
}
PyObject* device_exit(PyObject*, PyObject*) {
  if (!entered.empty()) {
    default_device = entered.back();
    entered.pop_back();
  }
  Py_RETURN_NONE;
}

PyMethodDef methods[] = {{"__reduce__", device_reduce, METH_NOARGS, nullptr},
                         {"__enter__", device_enter, METH_NOARGS, nullptr},
                         {"__exit__", device_exit, METH_VARARGS, nullptr},
                         {}};
PyGetSetDef getset[] = {
    {"type", device_kind, nullptr, nullptr, nullptr}, {"index", device_index, nullptr, nullptr, nullptr}, {}};
PyType_Slot slots[] = {{Py_tp_new, (void*)device_new},
                       {Py_tp_repr, (void*)device_repr},
                       {Py_tp_str, (void*)device_str},
                       {Py_tp_hash, (void*)device_hash},
                       {Py_tp_richcompare, (void*)device_compare},
                       {Py_tp_methods, methods},
                       {Py_tp_getset, getset},
                       {Py_tp_doc, (void*)"Where a tensor lives: torch.device('cpu'), torch.device('meta')."},
                       {0, nullptr}};
PyType_Spec spec = {"adjoint.device", sizeof(PyDevice), 0, Py_TPFLAGS_DEFAULT, slots};
}  // namespace

PyObject* wrap(Device d) {
  static PyObject* const known[] = {make(device_type, kCpu, -1), make(device_type, kMeta, -1)};
  return Py_NewRef(known[int(d)]);
}

bool looks_like_device(PyObject* o) {
  return is_device(o) || PyUnicode_Check(o) || (PyLong_Check(o) && !PyBool_Check(o));
}

Device to_device(PyObject* o) {
  int kind = -1, index = -1;
  if (is_device(o)) {
    kind = self_of(o)->kind;
  } else if (PyUnicode_Check(o)) {
    Py_ssize_t n;
    const char* text = PyUnicode_AsUTF8AndSize(o, &n);
    if (!text) raise_set();
    parse({text, size_t(n)}, kind, index);
  } else {
    no_accelerator();
  }
  if (kind == kCpu) return Device::Cpu;
  if (kind == kMeta) return Device::Meta;
  if (kind == kCuda) raise(PyExc_AssertionError, "Torch not compiled with CUDA enabled");
  fail("device '", device_names[kind],
       "' is not available: this build computes on the processor ('cpu') and has 'meta'");
}

void add_device(PyObject* module) { device_type = add_type(module, "device", spec, nullptr, "torch.device"); }

}  // namespace adjoint::python
