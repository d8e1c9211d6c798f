// Errors across the border: C++ exceptions become Python's and back.
#include <cstdarg>
#include <new>
#include <system_error>
#include "python/notes.h"

namespace adjoint::python {

PyObject* out_of_memory_error = nullptr;
PyObject* linalg_error = nullptr;

PyObject* class_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::Type: return PyExc_TypeError;
    case ErrorKind::Value: return PyExc_ValueError;
    case ErrorKind::Index: return PyExc_IndexError;
    case ErrorKind::NotImplemented: return PyExc_NotImplementedError;
    case ErrorKind::Memory:
      return PyExc_RuntimeError;  // PyTorch's processor allocator raises no special class
    case ErrorKind::Attribute: return PyExc_AttributeError;
    case ErrorKind::Overflow: return PyExc_OverflowError;
    case ErrorKind::Internal: return PyExc_SystemError;
    case ErrorKind::Linalg: return linalg_error ? linalg_error : PyExc_RuntimeError;
    default: return PyExc_RuntimeError;
  }
}

PythonError::PythonError() {
  PyObject *type = nullptr, *value = nullptr, *traceback = nullptr;
  PyErr_Fetch(&type, &value, &traceback);
  if (!type) {
    PyErr_SetString(PyExc_SystemError, "adjoint: an error was reported without an exception");
    PyErr_Fetch(&type, &value, &traceback);
  }
  PyErr_NormalizeException(&type, &value, &traceback);
  if (traceback) PyException_SetTraceback(value, traceback);
  type_ = Ref::steal(type);
  value_ = Ref::steal(value);
  traceback_ = Ref::steal(traceback);
  text_ = Py_TYPE(value)->tp_name;
}
void PythonError::restore() const {
  PyErr_Restore(Ref(type_).take(), Ref(value_).take(), Ref(traceback_).take());
}

void raise_set() { throw PythonError(); }

void raise(PyObject* type, const char* format, ...) {
  va_list args;
  va_start(args, format);
  PyErr_FormatV(type, format, args);
  va_end(args);
  raise_set();
}

void put(PyObject* dict, const char* key, PyObject* value) {
  Ref held = Ref::steal(must(value));
  if (PyDict_SetItemString(dict, key, held.get()) < 0) raise_set();
}
void append(PyObject* list, PyObject* value) {
  Ref held = Ref::steal(must(value));
  if (PyList_Append(list, held.get()) < 0) raise_set();
}

namespace {
// Core messages may carry user text: a message that is not UTF-8 must not hide the error.
void set_error(PyObject* type, const char* text) {
  Ref message =
      Ref::steal(PyUnicode_DecodeUTF8(text, Py_ssize_t(std::char_traits<char>::length(text)), "replace"));
  if (message) PyErr_SetObject(type, message.get());
}
}  // namespace

PyObject* translate() noexcept {
  try {
    throw;
  } catch (const PythonError& e) {
    e.restore();
  } catch (const Error& e) {
    set_error(class_of(e.kind), e.what());
    note_help(e.help);
  } catch (const std::bad_alloc&) {
    set_error(class_of(ErrorKind::Memory),
              "out of memory: the allocation was refused; free tensors or use smaller ones");
  } catch (const std::length_error&) {  // a list that cannot be so long: its text names C++
    set_error(class_of(ErrorKind::Memory), "out of memory: a list of so many entries does not fit");
  } catch (const std::system_error& e) {
    set_error(PyExc_RuntimeError, ("the system refused a resource: " + e.code().message()).c_str());
  } catch (...) {  // the library's own texts mean nothing to who reads this
    set_error(PyExc_SystemError, "adjoint: an internal error; please report how it came about");
  }
  return nullptr;
}

}  // namespace adjoint::python
