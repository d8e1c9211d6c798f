// Arguments: one call's values, read by table from Python objects without building any.
#pragma once
#include "python/schema.h"

namespace adjoint::python {

// Memory that a call's values point into.
class Scratch {
 public:
  Scratch() = default;
  Scratch(const Scratch&) = delete;
  ~Scratch() {
    if (list_) give_list_back();
    if (__builtin_expect(more_ != nullptr, 0)) free_more();
  }
  int64_t* ints(size_t n) {
    if (__builtin_expect(used_ + n <= kInts, 1)) {
      int64_t* p = ints_ + used_;
      used_ += n;
      return p;
    }
    return more_ints(n);
  }
  std::vector<Tensor>& tensors();
  Tensor& tensor(Tensor t);

  bool overridden = false;  // an argument's class has its own __torch_function__
  PyObject* out = nullptr;  // borrowed
  bool requires_grad = false;

 private:
  struct More;
  void give_list_back();
  int64_t* more_ints(size_t n);
  void free_more();
  static constexpr size_t kInts = 32;
  size_t used_ = 0;
  std::vector<Tensor>* list_ = nullptr;  // the first list, from a pool; further ones are rare
  More* more_ = nullptr;
  int64_t ints_[kInts];
};

// A call as CPython hands it over. In method form `self` has been taken off the arguments.
struct Call {
  PyObject* self;
  PyObject* const* args;
  Py_ssize_t n;
  PyObject* keywords;  // tuple of names, their values follow args[n - 1]; or null
};

inline constexpr int kMostParams = 24;

// Fills v[0 .. arguments) and scratch. False when the call does not fit the overload; then, if `why` is
// given, it says so in PyTorch's words. Throws only for what no overload can accept.
bool parse(const Overload& o, const Call& call, Value* v, Scratch& s, const char* name, std::string* why);

// --- single conversions, for hand-written functions ---
bool to_scalar(PyObject* o, Scalar& out);  // numbers, NumPy's scalars; not tensors
bool to_int_slow(PyObject* o, int64_t& out);
// Ints, NumPy's ints, 0-d integer tensors; not bools.
inline bool to_int(PyObject* o, int64_t& out) {
  if (__builtin_expect(PyLong_CheckExact(o), 1)) {
    int large = 0;
    out = PyLong_AsLongLongAndOverflow(o, &large);
    if (__builtin_expect(!large, 1)) return true;
  }
  return to_int_slow(o, out);
}
bool to_ints(PyObject* o, bool lone_int, Scratch& s, Ints& out);
bool is_numpy_scalar(PyObject* o);
bool is_ndarray(PyObject* o);
const char* type_name(PyObject* o);
// "(Tensor, int, dim=str)": the types of a call, for messages.
std::string call_text(const Call& call);

}  // namespace adjoint::python
