// The small Python types around tensors: dtype, device, layout, memory_format, Size.
#pragma once
#include "ops/registry.h"
#include "python/object.h"

namespace adjoint::python {

// --- dtype: one object for each element type, compared by identity ---
struct PyDtype {
  PyObject_HEAD Dtype value;
};
extern PyTypeObject* dtype_type;
extern PyObject* dtype_objects[kDtypes];
inline bool is_dtype(PyObject* o) { return Py_TYPE(o) == dtype_type; }
inline PyObject* wrap(Dtype d) { return Py_NewRef(dtype_objects[int(d)]); }
// A dtype object or one of Python's float, int, bool, complex.
bool to_dtype(PyObject* o, Dtype& out);

// --- device: "cpu" and "meta" can hold tensors; the other names exist so that programs can ask for them ---
struct PyDevice {
  PyObject_HEAD uint8_t kind;  // index into device_names
  int16_t index;               // -1: none
};
extern PyTypeObject* device_type;
inline bool is_device(PyObject* o) { return Py_TYPE(o) == device_type; }
PyObject* wrap(Device d);
// A device object, string or index; raises PyTorch's error where the device is not one that we have.
Device to_device(PyObject* o);
bool looks_like_device(PyObject* o);
extern Device default_device;  // torch.set_default_device

// --- layout, memory_format: named constants ---
extern PyTypeObject *layout_type, *memory_format_type;
extern PyObject *strided, *memory_formats[4];
bool to_memory_format(PyObject* o, MemoryFormat& out);

// --- Size: the tuple that shapes are ---
extern PyTypeObject* size_type;
PyObject* make_size(Ints sizes);
PyObject* make_tuple(Ints values);

// A heap type of this package, put into the module.
PyTypeObject* add_type(PyObject* module, const char* name, PyType_Spec& spec, PyTypeObject* base,
                       const char* printed);
void add_dtypes(PyObject* module);
void add_device(PyObject* module);
void add_size(PyObject* module);
void add_generator(PyObject* module);
bool to_generator(PyObject* o, Generator*& out);

}  // namespace adjoint::python
