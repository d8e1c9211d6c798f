// Tensors from Python data.
#pragma once
#include <optional>
#include "python/object.h"

namespace adjoint::python {

// What torch.tensor(data) makes: nested sequences, numbers, tensors, arrays; always a copy. Without `dtype`
// the type is inferred as PyTorch infers it. `legacy_ints`: no warnings about slow lists.
Tensor tensor_from_data(PyObject* data, std::optional<Dtype> dtype, Device device, bool warn = true);
// What as_tensor makes: shares memory where that can be.
Tensor tensor_like(PyObject* data, std::optional<Dtype> dtype, std::optional<Device> device);

// --- numpy.cpp ---
// A tensor over the array's memory. `warn`: about arrays that cannot be written to.
Tensor from_ndarray(PyObject* array, bool warn);
Dtype dtype_of_ndarray(PyObject* array);  // TypeError when there is no such dtype
PyObject* to_ndarray(const Tensor& t);    // shares memory
int get_buffer(PyObject* self, Py_buffer* view, int flags);
void release_buffer(PyObject* self, Py_buffer* view);
PyMethodDef* numpy_methods();
void add_numpy(PyObject* module);

// --- dlpack.cpp ---
Tensor from_dlpack(PyObject* object);
PyMethodDef* dlpack_methods();
void add_dlpack(PyObject* module);

// --- optim.cpp ---
void add_optim(PyObject* module);

void add_creation(PyObject* module);
PyMethodDef* creation_methods();                                             // new_tensor
PyObject* tensor_new(PyTypeObject* type, PyObject* args, PyObject* kwargs);  // torch.Tensor(...)

// --- convert.cpp ---
PyMethodDef* convert_methods();  // item, tolist, size, stride ...
// --- attributes.cpp ---
PyGetSetDef* attribute_getset();
PyMethodDef* attribute_methods();

// --- creation_args.cpp ---
// Binds arguments to `names`; the first `positional` may be given by position, the first `required` must be
// given.
void bind(const char* function, const char* const* names, int count, int positional, int required,
          PyObject* const* args, Py_ssize_t n, PyObject* keywords, PyObject** out);
// The usual options of creation functions, as bound (null or None: not given).
struct Options {
  std::optional<Dtype> dtype;
  std::optional<Device> device;
  bool requires_grad = false;
};
Options read_options(const char* function, PyObject* dtype, PyObject* device, PyObject* requires_grad);

}  // namespace adjoint::python
