// What adjoint.explain asks of the core: a node with all its inputs, saved values and formulas in one go, and
// the cuts (autograd/cuts.h).
#include "autograd/cuts.h"
#include "autograd/leaf.h"
#include "ops/pointwise_record.h"
#include "ops/schema.h"
#include "python/autograd.h"
#include "python/slots.h"

namespace adjoint::python {
namespace {

PyObject* text_or_none(const char* s) { return s ? PyUnicode_FromString(s) : Py_NewRef(Py_None); }
PyObject* line_of(const Where& w) {
  if (!w.code) return Py_NewRef(Py_None);
  SourceLine s = source_of(w);
  return Py_BuildValue("(sis)", s.file.c_str(), s.line, s.text.c_str());
}

// Saved values as (name, value): tensors with the history they had, numbers, tuples of ints. A value that was
// changed or freed is left out, and its name is listed under "lost".
struct List final : SavedVisitor {
  Node& node;
  Ref saved = Ref::steal(must(PyList_New(0))), lost = Ref::steal(must(PyList_New(0)));
  explicit List(Node& n) : node(n) {}
  void add(const char* name, PyObject* value) {
    Ref v = Ref::steal(must(value));
    append(saved.get(), Py_BuildValue("(sO)", name, v.get()));
  }
  void tensor(const char* name, SavedTensor& s) override {
    if (!s.was_set()) return;
    try {
      if (Tensor t = s.get(node)) return add(name, wrap(std::move(t)));
    } catch (const Error&) {
    } catch (const PythonError&) {  // an unpack hook of the user's
    }
    append(lost.get(), PyUnicode_FromString(name));
  }
  void value(const char* name, const Scalar& v) override { add(name, number_of(v)); }
  void ints(const char* name, Ints v) override {
    Ref t = Ref::steal(must(PyTuple_New(Py_ssize_t(v.size()))));
    for (size_t i = 0; i < v.size(); ++i)
      PyTuple_SET_ITEM(t.get(), Py_ssize_t(i), must(PyLong_FromLongLong(v[i])));
    add(name, t.take());
  }
};

PyObject* parameters(const OpRecord& record) {
  Ref list = Ref::steal(must(PyList_New(0)));
  for (const Parameter& p : schema_of(record).parameters)
    append(list.get(), PyUnicode_FromStringAndSize(p.text.data(), Py_ssize_t(p.text.size())));
  return list.take();
}

void describe_formulas(PyObject* d, const Node& n) {
  const PointwiseOp* op = n.record() ? n.record()->pointwise : nullptr;
  put(d, "rule", text_or_none(n.rule()));
  if (!op) return;
  put(d, "value", PyUnicode_FromString(op->text().c_str()));
  Ref slopes = Ref::steal(must(PyList_New(0))), pulls = Ref::steal(must(PyList_New(0)));
  for (int i = 0; i < op->arity; ++i) {
    const auto& pull = op->pull[i];
    append(slopes.get(), pull.exists ? PyUnicode_FromString(pull.text("1").c_str()) : Py_NewRef(Py_None));
    append(pulls.get(), pull.exists ? PyUnicode_FromString(pull.text("g").c_str()) : Py_NewRef(Py_None));
  }
  put(d, "slopes", slopes.take());
  put(d, "pulls", pulls.take());
  put(d, "parameters", parameters(op->record));
}

// _describe_node(node) -> dict
PyObject* describe_node(PyObject*, PyObject* o) {
  return guarded([&]() -> PyObject* {
    if (!is_node(o)) raise(PyExc_TypeError, "expected a node of the graph, got %s", Py_TYPE(o)->tp_name);
    Ref d = Ref::steal(must(PyDict_New()));
    auto* self = reinterpret_cast<PyNode*>(o);
    if (!self->node) {
      if (!self->leaf) raise(PyExc_ValueError, "this node is no longer part of a graph");
      put(d.get(), "leaf", wrap(Tensor::share(self->leaf)));
      return d.take();
    }
    Node& n = *self->node;
    NodeRef keep = NodeRef::share(&n);
    put(d.get(), "operation", text_or_none(n.operation()));
    put(d.get(), "where", line_of(n.where));
    put(d.get(), "released", PyBool_FromLong(n.released));
    put(d.get(), "sequence", PyLong_FromUnsignedLongLong(n.seq));
    Ref edges = Ref::steal(must(PyList_New(0)));
    for (int i = 0; i < int(n.inputs); ++i) append(edges.get(), wrap_edge(n.edges[i]));
    put(d.get(), "edges", edges.take());
    List saved(n);
    if (!n.released) n.visit_saved(saved);
    put(d.get(), "saved", saved.saved.take());
    put(d.get(), "lost", saved.lost.take());
    describe_formulas(d.get(), n);
    return d.take();
  });
}

PyObject* cut_dict(const CutEntry& e) {
  static constexpr const char* kinds[] = {"detach", "data", "no_grad", "inference_mode", "not_differentiable",
                                          "copy",   "item", "tolist",  "numpy"};
  Ref d = Ref::steal(must(PyDict_New()));
  put(d.get(), "id", PyLong_FromUnsignedLong(e.id));
  put(d.get(), "before", PyLong_FromUnsignedLong(e.before));
  put(d.get(), "kind", PyUnicode_FromString(kinds[int(e.kind)]));
  put(d.get(), "operation", text_or_none(e.operation));
  put(d.get(), "where", line_of(e.where));
  // Of a leaf: a number that _leaf_state() gives, too; only to be compared.
  put(d.get(), "source", PyLong_FromUnsignedLongLong(e.source));
  return d.take();
}
// _cut_of(tensor) -> dict or None: why it has no history though its inputs had.
PyObject* cut_of(PyObject*, PyObject* o) {
  return guarded([&]() -> PyObject* {
    const CutEntry* e = find_cut(unwrap_checked(o, "_cut_of(): argument")->cut);
    return e ? cut_dict(*e) : Py_NewRef(Py_None);
  });
}
// _cuts(after=0) -> list: those that are remembered, the oldest first.
PyObject* cuts(PyObject*, PyObject* args) {
  return guarded([&]() -> PyObject* {
    unsigned long after = 0;
    if (!PyArg_ParseTuple(args, "|k:_cuts", &after)) raise_set();
    Ref list = Ref::steal(must(PyList_New(0)));
    uint32_t last = last_cut();
    for (uint32_t id = last > 4096 ? last - 4095 : 1; id <= last && last; ++id) {
      const CutEntry* e = id > after ? find_cut(id) : nullptr;
      if (!e) continue;
      append(list.get(), cut_dict(*e));
    }
    return list.take();
  });
}

// _plain(tensor): without history, unlike detach() leaving no trace among the cuts: explaining is no cut.
PyObject* plain(PyObject*, PyObject* o) {
  return guarded([&]() -> PyObject* {
    const Tensor& x = unwrap_checked(o, "_plain(): argument");
    Tensor y = detach(x);
    y->cut = x->cut;
    return wrap(std::move(y));
  });
}

// _leaf_state(tensor) -> dict: what backward passes did to it.
PyObject* leaf_state(PyObject*, PyObject* o) {
  return guarded([&]() -> PyObject* {
    const Tensor& x = unwrap_checked(o, "_leaf_state(): argument");
    Ref d = Ref::steal(must(PyDict_New()));
    put(d.get(), "last_pass", PyLong_FromUnsignedLong(x->meta ? x->meta->last_pass : 0));
    put(d.get(), "passes", PyLong_FromUnsignedLong(engine_passes()));
    put(d.get(), "source", PyLong_FromUnsignedLongLong(cut_source(*x)));
    return d.take();
  });
}

// A hook stays behind when its callables were removed: its dict is empty then.
template <class H> bool any_callable(const HookList<H>& list) {
  for (const auto& entry : list.entries) {
    auto* dict = static_cast<PyObject*>(entry.fn->python());
    if (!dict || PyObject_Size(dict) != 0) return true;
  }
  return false;
}
// _has_hooks(node) -> bool: would a backward pass run something of the user's here, or keep a .grad?
PyObject* has_hooks(PyObject*, PyObject* o) {
  return guarded([&]() -> PyObject* {
    if (!is_node(o)) raise(PyExc_TypeError, "expected a node of the graph, got %s", Py_TYPE(o)->tp_name);
    auto* self = reinterpret_cast<PyNode*>(o);
    bool any = false;
    if (self->leaf) {
      any = self->leaf->meta && any_callable(self->leaf->meta->hooks);
    } else if (self->node && self->node->hooks) {
      const NodeHooks& h = *self->node->hooks;
      any = any_callable(h.tensor_pre) || !h.retain.empty() || any_callable(h.pre) || any_callable(h.post);
    }
    return PyBool_FromLong(any);
  });
}

PyMethodDef functions[] = {
    {"_describe_node", describe_node, METH_O, "All that is known of a node, as a dict."},
    {"_has_hooks", has_hooks, METH_O, "Do hooks run at a node in a backward pass, or does it keep a .grad?"},
    {"_cut_of", cut_of, METH_O, "Where a tensor without history lost it: a dict, or None."},
    {"_cuts", cuts, METH_VARARGS, "The places where values left the graph, the oldest first."},
    {"_plain", plain, METH_O, "The tensor without its history; not noted as a cut."},
    {"_leaf_state", leaf_state, METH_O, "Which backward passes came to a leaf."},
    {nullptr, nullptr, 0, nullptr}};

}  // namespace

void init_explain(PyObject* module) {
  if (PyModule_AddFunctions(module, functions) < 0) raise_set();
}

}  // namespace adjoint::python
