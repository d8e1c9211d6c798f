// Operators. Two plain tensors, or one and a Python number, go straight to the operation; everything else
// takes the road of the method of the same name.
#include "python/slots.h"
#include "ops/ops.h"
#include "ops/pointwise_record.h"
#include "python/notes.h"
#include "python/overrides.h"
#include "python/profiler.h"
#include "python/types.h"

namespace adjoint::python {
namespace {

enum Op { Add, Sub, Mul, Div, FloorDiv, Mod, Pow, MatMul, And, Or, Xor, Shl, Shr, kOps };
constexpr const char* names[kOps] = {
    "add",    "sub",         "mul",        "div",         "floor_divide",       "remainder",          "pow",
    "matmul", "bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_left_shift", "bitwise_right_shift"};
constexpr const char* inplace_names[kOps] = {
    "add_",    "sub_",         "mul_",        "div_",         "floor_divide_", "remainder_", "pow_",
    "matmul_", "bitwise_and_", "bitwise_or_", "bitwise_xor_", "__ilshift__",   "__irshift__"};
constexpr bool commutes(int k) { return k == Add || k == Mul || k == And || k == Or || k == Xor; }
OpEntry *methods[kOps], *inplace[kOps], *functions[kOps];
const PointwiseOp* formulas[Div + 1];
enum Unary { Negative, Positive, Absolute, Invert, kUnary };
constexpr const char* unary_names[kUnary] = {"neg", "positive", "abs", "bitwise_not"};
OpEntry* unary_methods[kUnary];
constexpr const char* compare_names[6] = {"lt", "le", "eq", "ne", "gt", "ge"};  // Py_LT ...
OpEntry* compare_methods[6];
const PointwiseOp* comparisons[6];

// The same for an operation that wants a Scalar.
inline bool quick_scalar(PyObject* o, Scalar& s) {
  if (PyFloat_CheckExact(o)) {
    s = Scalar(PyFloat_AS_DOUBLE(o));
    return true;
  }
  return PyLong_CheckExact(o) && to_scalar(o, s);
}

bool operand_like(PyObject* o) {
  Scalar s;
  return is_tensor(o) || to_scalar(o, s) || overridden(o);
}

PyObject* not_implemented_on_type_error(PyObject* r) {
  if (r || !PyErr_ExceptionMatches(PyExc_TypeError)) return r;
  PyErr_Clear();
  Py_RETURN_NOTIMPLEMENTED;
}

PyObject* missing(const char* name) {
  return PyErr_Format(PyExc_NotImplementedError, "Tensor.%s is not in Adjoint yet", name);
}

// x is no tensor, y is.
PyObject* reflected(int k, PyObject* x, PyObject* y) {
  return guarded([&]() -> PyObject* {
    if (overridden(x) || overridden(y)) {
      OpEntry* e = functions[k] ? functions[k] : methods[k];
      return e ? call_override(e->object, {x, y}) : missing(names[k]);
    }
    Scalar s;
    if (k == MatMul || !to_scalar(x, s)) Py_RETURN_NOTIMPLEMENTED;
    if (commutes(k)) return methods[k] ? call_method(*methods[k], y, {x}) : missing(names[k]);
    if (k == Div) return wrap_result(ops::mul(ops::reciprocal(unwrap(y)), s));
    if (k == Sub)
      if (OpEntry* rsub = find_function("rsub")) {
        PyObject* args[] = {y, x};
        return call_entry(*rsub, Call{nullptr, args, 2, nullptr});
      }
    if (functions[k]) {
      PyObject* args[] = {x, y};
      if (PyObject* r = call_entry(*functions[k], Call{nullptr, args, 2, nullptr})) return r;
      if (!PyErr_ExceptionMatches(PyExc_TypeError)) return nullptr;
      PyErr_Clear();
    }
    return wrap_result(pointwise(find_pointwise(names[k]), {Operand(s), Operand(unwrap(y))}));
  });
}

template <int K> [[gnu::cold]] PyObject* binary_slow(PyObject* x, PyObject* y) {
  if (!is_tensor(x)) return reflected(K, x, y);
  if (!methods[K]) return missing(names[K]);
  if (!operand_like(y)) {
    if (PyErr_Occurred()) return nullptr;
    Py_RETURN_NOTIMPLEMENTED;
  }
  return not_implemented_on_type_error(call_method(*methods[K], x, {y}));
}

// Two plain operands on the quick road; null without an exception where it does not take them.
[[gnu::always_inline]] inline PyObject* quick_binary(const PointwiseOp& op, PyObject* x, PyObject* y) {
  QuickArg xs[2];
  if (__builtin_expect(!is_plain(x), 0)) return nullptr;
  xs[0].tensor = unwrap(x).get();
  if (is_plain(y))
    xs[1].tensor = unwrap(y).get();
  else if (!quick_number(y, xs[1]))
    return nullptr;
  Tensor r = quick(op, xs, 2);
  return r ? wrap_result(std::move(r)) : nullptr;
}

template <int K> PyObject* binary(PyObject* x, PyObject* y) {
  return guarded_call(names[K], Call{x, &y, 1, nullptr}, [&]() -> PyObject* {
    if constexpr (K <= Div) {
      if (__builtin_expect(profiling, 0)) {  // the method's road writes the row
      } else if (__builtin_expect(is_plain(x), 1)) {
        if (PyObject* r = quick_binary(*formulas[K], x, y)) return r;
      } else if (commutes(K)) {  // number + x is x + number; number - x has a node of its own
        if (PyObject* r = quick_binary(*formulas[K], y, x)) return r;
      }
    } else if constexpr (K == MatMul) {
      if (!profiling && is_plain(x) && is_plain(y)) return wrap_result(ops::matmul(unwrap(x), unwrap(y)));
    } else if constexpr (K == Pow) {
      Scalar s;
      if (!profiling && is_plain(x) && quick_scalar(y, s)) return wrap_result(ops::pow(unwrap(x), s));
    }
    return binary_slow<K>(x, y);
  });
}

template <int K> PyObject* binary_inplace(PyObject* x, PyObject* y) {
  return guarded_call(inplace_names[K], Call{x, &y, 1, nullptr}, [&]() -> PyObject* {
    if constexpr (K <= Div) {
      QuickArg xs[2];
      if (!profiling && is_plain(x) &&
          (is_plain(y) ? (xs[1].tensor = unwrap(y).get(), true) : quick_number(y, xs[1]))) {
        xs[0].tensor = unwrap(x).get();
        if (quick_inplace(*formulas[K], xs, 2, unwrap(x), inplace_names[K])) return Py_NewRef(x);
      }
    }
    if (!inplace[K] || !operand_like(y)) Py_RETURN_NOTIMPLEMENTED;
    return not_implemented_on_type_error(call_method(*inplace[K], x, {y}));
  });
}
PyObject* power(PyObject* x, PyObject* y, PyObject* modulus) {
  if (modulus != Py_None) return PyErr_Format(PyExc_TypeError, "pow() of a tensor takes no modulus");
  return binary<Pow>(x, y);
}
PyObject* power_inplace(PyObject* x, PyObject* y, PyObject*) { return binary_inplace<Pow>(x, y); }

template <int K> PyObject* unary(PyObject* x) {
  return guarded_call(unary_names[K], Call{x, nullptr, 0, nullptr}, [&]() -> PyObject* {
    const Tensor& t = unwrap(x);
    if (K == Invert && t->dtype > Dtype::I64)
      raise(PyExc_TypeError, "~ (operator.invert) is only implemented on integer and Boolean-type tensors");
    return unary_methods[K] ? call_method(*unary_methods[K], x) : missing(unary_names[K]);
  });
}

PyObject* compare(PyObject* x, PyObject* y, int op) {
  return guarded_call(compare_names[op], Call{x, &y, 1, nullptr}, [&]() -> PyObject* {
    if (!profiling)
      if (PyObject* r = quick_binary(*comparisons[op], x, y)) return r;
    if (!operand_like(y)) Py_RETURN_NOTIMPLEMENTED;
    if (!compare_methods[op]) return missing(compare_names[op]);
    return not_implemented_on_type_error(call_method(*compare_methods[op], x, {y}));
  });
}

Py_hash_t hash(PyObject* o) { return reinterpret_cast<Py_hash_t>(o); }  // id(x): PyTorch's, too

Py_ssize_t length(PyObject* o) {
  return guarded([&]() -> Py_ssize_t {
    const Tensor& t = unwrap(o);
    if (t->ndim == 0) raise(PyExc_TypeError, "len() of a 0-d tensor");
    return Py_ssize_t(t->size(0));
  });
}

PyObject* iterate(PyObject* o) {
  return guarded([&]() -> PyObject* {
    const Tensor& t = unwrap(o);
    if (t->ndim == 0) raise(PyExc_TypeError, "iteration over a 0-d tensor");
    if (overridden(o))
      if (OpEntry* e = find_method("unbind")) {
        Ref parts = Ref::steal(must(call_method(*e, o)));
        return PyObject_GetIter(parts.get());
      }
    std::vector<Tensor> parts = ops::unbind(t, 0);
    Ref tuple = Ref::steal(must(PyTuple_New(Py_ssize_t(parts.size()))));
    for (size_t i = 0; i < parts.size(); ++i)
      PyTuple_SET_ITEM(tuple.get(), Py_ssize_t(i), wrap_result(std::move(parts[i])));
    return PyObject_GetIter(tuple.get());
  });
}

int contains(PyObject* o, PyObject* item) {
  return guarded([&]() -> int {
    const Tensor& x = unwrap(o);
    Scalar s;
    if (!is_tensor(item) && !to_scalar(item, s))
      raise(PyExc_RuntimeError, "Tensor.__contains__ only supports Tensor or scalar, but you passed in a %R.",
            Py_TYPE(item));
    Tensor same = is_tensor(item) ? ops::eq(x, unwrap(item)) : ops::eq(x, s);
    return adjoint::item(ops::any(same)).to_bool();
  });
}

// --- Python numbers out of tensors of one element ---
const Tensor& single(PyObject* o) {
  const Tensor& t = unwrap(o);
  if (t->numel != 1) raise(PyExc_ValueError, "only one element tensors can be converted to Python scalars");
  return t;
}
int truth(PyObject* o) {
  return guarded([&]() -> int {
    const Tensor& t = unwrap(o);
    check(t->numel != 0, "Boolean value of Tensor with no values is ambiguous");
    check(t->numel == 1, "Boolean value of Tensor with more than one value is ambiguous");
    return item(t).to_bool();
  });
}
PyObject* to_int_slot(PyObject* o) {
  return guarded([&]() -> PyObject* {
    Scalar s = item(single(o));
    if (s.is_integral()) return PyLong_FromLongLong(s.to_int());
    check(!s.is_complex() || s.to_complex().imag() == 0,
          "value cannot be converted to type int64_t without overflow");
    return PyLong_FromDouble(s.to_complex().real());
  });
}
PyObject* to_float_slot(PyObject* o) {
  return guarded([&]() -> PyObject* {
    Scalar s = item(single(o));
    check(!s.is_complex() || s.to_complex().imag() == 0,
          "value cannot be converted to type double without overflow");
    return PyFloat_FromDouble(s.to_complex().real());
  });
}
PyObject* to_index_slot(PyObject* o) {
  return guarded([&]() -> PyObject* {
    const Tensor& t = unwrap(o);
    if (t->numel != 1 || t->dtype > Dtype::I64)
      raise(PyExc_TypeError, "only integer tensors of a single element can be converted to an index");
    return PyLong_FromLongLong(item(t).to_int());
  });
}
}  // namespace

PyObject* number_of(const Scalar& s) {
  switch (s.category()) {
    case Category::Bool: return PyBool_FromLong(s.to_bool());
    case Category::Integer: return PyLong_FromLongLong(s.to_int());
    case Category::Float: return PyFloat_FromDouble(s.to_double());
    default: return PyComplex_FromDoubles(s.to_complex().real(), s.to_complex().imag());
  }
}

void add_slots(std::vector<PyType_Slot>& v) {
#define SLOT(name, f) v.push_back({Py_##name, (void*)(f)})
  SLOT(nb_add, binary<Add>), SLOT(nb_subtract, binary<Sub>), SLOT(nb_multiply, binary<Mul>),
      SLOT(nb_true_divide, binary<Div>);
  SLOT(nb_floor_divide, binary<FloorDiv>), SLOT(nb_remainder, binary<Mod>), SLOT(nb_power, power),
      SLOT(nb_matrix_multiply, binary<MatMul>);
  SLOT(nb_and, binary<And>), SLOT(nb_or, binary<Or>), SLOT(nb_xor, binary<Xor>), SLOT(nb_lshift, binary<Shl>),
      SLOT(nb_rshift, binary<Shr>);
  SLOT(nb_inplace_add, binary_inplace<Add>), SLOT(nb_inplace_subtract, binary_inplace<Sub>),
      SLOT(nb_inplace_multiply, binary_inplace<Mul>);
  SLOT(nb_inplace_true_divide, binary_inplace<Div>), SLOT(nb_inplace_floor_divide, binary_inplace<FloorDiv>);
  SLOT(nb_inplace_remainder, binary_inplace<Mod>), SLOT(nb_inplace_power, power_inplace),
      SLOT(nb_inplace_and, binary_inplace<And>);
  SLOT(nb_inplace_or, binary_inplace<Or>), SLOT(nb_inplace_xor, binary_inplace<Xor>),
      SLOT(nb_inplace_lshift, binary_inplace<Shl>);
  SLOT(nb_inplace_rshift, binary_inplace<Shr>);
  SLOT(nb_negative, unary<Negative>), SLOT(nb_positive, unary<Positive>), SLOT(nb_absolute, unary<Absolute>),
      SLOT(nb_invert, unary<Invert>);
  SLOT(nb_bool, truth), SLOT(nb_int, to_int_slot), SLOT(nb_float, to_float_slot),
      SLOT(nb_index, to_index_slot);
  SLOT(tp_richcompare, compare), SLOT(tp_hash, hash), SLOT(tp_iter, iterate), SLOT(mp_length, length),
      SLOT(sq_contains, contains);
  SLOT(mp_subscript, subscript), SLOT(mp_ass_subscript, assign_subscript);
#undef SLOT
}

void bind_slots() {
  for (int k = 0; k < kOps; ++k) {
    methods[k] = find_method(names[k]);
    inplace[k] = find_method(inplace_names[k]);
    if (!inplace[k]) inplace[k] = find_method(std::string(names[k]) + "_");
    functions[k] = find_function(names[k]);
  }
  for (int k = 0; k < kUnary; ++k) unary_methods[k] = find_method(unary_names[k]);
  for (int k = 0; k < 6; ++k) {
    compare_methods[k] = find_method(compare_names[k]);
    comparisons[k] = &find_pointwise(compare_names[k]);
  }
  for (int k = 0; k <= Div; ++k) formulas[k] = &find_pointwise(names[k]);
}

}  // namespace adjoint::python
