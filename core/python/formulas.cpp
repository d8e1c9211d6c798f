// Pointwise formulas by their own names, those behind public functions too: what a test needs that goes through all of
// them on every road of the driver.
#include "ops/pointwise_record.h"
#include "python/args.h"
#include "python/autograd.h"

namespace adjoint::python {
namespace {

// _formulas(): (name, arity, takes, promoting, truth first, gradients) of every pointwise operation. `takes` has a letter
// for each kind of numbers: f(loat), i(nteger), b(ool), c(omplex); `gradients` a truth value for each operand.
PyObject* formulas(PyObject*, PyObject*) {
  return guarded([] {
    Ref list = Ref::steal(must(PyList_New(0)));
    for (const PointwiseOp* op : all_pointwise()) {
      std::string takes;
      for (auto [bits, letter] :
           {std::pair{kFloats, 'f'}, {kInts, 'i'}, {kBools | kBoolAsInt, 'b'}, {kComplex, 'c'}})
        if (op->types & bits) takes += letter;
      Ref gradients = Ref::steal(must(PyTuple_New(op->arity)));
      for (int k = 0; k < op->arity; ++k)
        PyTuple_SET_ITEM(gradients.get(), k, PyBool_FromLong(op->pull[k].exists));
      Ref row =
          Ref::steal(must(Py_BuildValue("(sisiOO)", op->name.c_str(), op->arity, takes.c_str(), op->promoting,
                                        op->cond_first ? Py_True : Py_False, gradients.get())));
      if (PyList_Append(list.get(), row.get()) < 0) raise_set();
    }
    return list.take();
  });
}

// _formula(name, operands, out=None, in_place=False): the driver's own call.
PyObject* formula(PyObject*, PyObject* args) {
  return guarded([&] {
    const char* name;
    PyObject *operands, *out = Py_None;
    int in_place = 0;
    if (!PyArg_ParseTuple(args, "sO!|Op", &name, &PyTuple_Type, &operands, &out, &in_place)) raise_set();
    const PointwiseOp& op = find_pointwise(name);
    std::vector<Operand> xs;
    for (Py_ssize_t k = 0; k < PyTuple_GET_SIZE(operands); ++k) {
      PyObject* x = PyTuple_GET_ITEM(operands, k);
      Scalar s;
      if (is_tensor(x))
        xs.emplace_back(unwrap(x));
      else if (to_scalar(x, s))
        xs.emplace_back(s);
      else
        raise(PyExc_TypeError, "an operand is a tensor or a number, not %s", Py_TYPE(x)->tp_name);
    }
    if (int(xs.size()) != op.arity) raise(PyExc_TypeError, "%s takes %d operands", name, op.arity);
    Dest dest;
    if (in_place)
      dest = {xs[0].tensor, true, name};
    else if (is_tensor(out))
      dest.tensor = &unwrap(out);
    return wrap(pointwise(op, xs, dest));
  });
}

PyMethodDef functions[] = {
    {"_formulas", formulas, METH_NOARGS, nullptr}, {"_formula", formula, METH_VARARGS, nullptr}, {}};

}  // namespace

void init_formulas(PyObject* module) {
  if (PyModule_AddFunctions(module, functions) < 0) raise_set();
}

}  // namespace adjoint::python
