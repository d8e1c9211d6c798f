// The bindings of autograd, shared by autograd_*.cpp: Python's view of nodes, hooks and source lines.
#pragma once
#include <functional>
#include <memory>
#include "autograd/engine.h"
#include "autograd/grad_mode.h"
#include "autograd/door.h"
#include "python/object.h"

namespace adjoint::python {

// --- nodes (autograd_node.cpp) ---
// Note [Node objects]
// A node has at most one Python object. While Python holds that object ("awake") it owns a reference to the
// node and Node::pyobj points back weakly. When Python lets go of an object that must survive (a custom
// Function's ctx, a node with metadata) while the graph still holds the node, ownership turns round
// ("dormant"): the node owns the object, which Node::pyobj's low bit marks. Any other object is freed and
// made anew when asked for.
struct PyNode {
  PyObject_HEAD Node* node;  // awake: owned. dormant: borrowed. Null for AccumulateGrad and dead contexts
  TensorImpl* leaf;          // AccumulateGrad: owned
  PyObject* metadata;        // dict, made on demand
  PyObject* weak;
  bool awake;
};
extern PyTypeObject* node_type;
PyObject* wrap_node(Node* n);                 // new reference; None for null
PyObject* wrap_accumulate(TensorImpl& leaf);  // the AccumulateGrad node of a leaf
PyObject* wrap_edge(const Edge& e);           // (node, nr) or (None, 0)
inline bool is_node(PyObject* o) { return PyType_IsSubtype(Py_TYPE(o), node_type); }
// Slots that the type of contexts (autograd_function.cpp) shares.
int node_traverse(PyObject* self, visitproc visit, void* arg);
int node_clear(PyObject* self);
void node_dealloc(PyObject* self);
void node_finalize(PyObject* self);
void attach_node(PyNode* self, Node* n);  // makes the fresh object `self` n's, awake
PyObject* describe_output(Ints sizes, Dtype dtype, Device device);
void set_metadata(Node* n, const char* key, PyObject* value);

// --- saved tensors (autograd_saved.cpp) ---
PyObject* saved_attribute(PyNode* self, const char* name,
                          bool raw);                    // null without an exception: no such value
void list_saved(Node& n, PyObject* list);               // appends the attributes' names
PyObject* wrap_saved(PyObject* owner, SavedTensor& s);  // `owner`: the object that keeps it alive

// --- hooks (autograd_hooks.cpp) ---
PyObject* add_tensor_hook(const Tensor& x, PyObject* hook);  // RemovableHandle
PyObject* add_post_accumulate_hook(const Tensor& x, PyObject* hook);
PyObject* add_node_hook(PyNode* node, PyObject* hook, bool pre);
PyObject* tensor_hooks(const Tensor& x);  // the dict or None; new reference
void set_tensor_hooks(const Tensor& x, PyObject* dict);
PyObject* post_accumulate_hooks(const Tensor& x);
void set_post_accumulate_hooks(const Tensor& x, PyObject* dict);

// --- provenance.cpp ---
struct SourceLine {
  std::string file, text;
  int line = 0;
};
SourceLine source_of(const Where& w);
std::string describe_where(const Where& w);
void init_provenance(const std::string& package_prefix);
bool provenance_is_fast();

// --- gc.cpp ---
// Dicts of hooks and of metadata that the graph holds: cycles may run through them (Note [Cycles]).
void watch(PyObject* o);
void unwatch(PyObject* o);
int traverse_node(Node* n, visitproc visit, void* arg);  // what an awake object's reference to n leads to
void collect_if_many();                                  // before a backward pass: frees cycles that piled up

// --- arguments of our own methods ---
// Binds positional and keyword arguments to `names` (null-terminated) in `out`; borrowed; absent ones stay
// null.
void bind_args(const char* function, PyObject* const* args, Py_ssize_t nargs, PyObject* kwnames,
               const char* const* names, PyObject** out, int required = 0);
bool as_bool(PyObject* o, const char* function, const char* name, int position);
PyObject* package(const char* module);  // adjoint.<module>; new reference

void init_nodes(PyObject* module);
void init_saved(PyObject* module);
void init_engine(PyObject* module);
void init_modes(PyObject* module);
void init_functions(PyObject* module);
void init_host(PyObject* module);
void init_explain(PyObject* module);   // explain.cpp
void init_formulas(PyObject* module);  // formulas.cpp
void init_gc(PyObject* module);

}  // namespace adjoint::python
