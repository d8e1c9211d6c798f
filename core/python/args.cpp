// The argument parser: positions first, then keywords by interned pointer, then defaults.
#include <cstring>
#include <forward_list>
#include <memory>
#include "python/complaints.h"
#include "python/types.h"
#include "python/values.h"

namespace adjoint::python {

struct Scratch::More {
  // Addresses stay, and an empty list allocates nothing.
  std::forward_list<std::unique_ptr<int64_t[]>> ints;
  std::forward_list<std::vector<Tensor>> lists;
  std::forward_list<Tensor> tensors;
};
int64_t* Scratch::more_ints(size_t n) {
  if (!more_) more_ = new More;
  return more_->ints.emplace_front(new int64_t[n]).get();
}
// Lists keep their memory between calls.
namespace {
constexpr size_t kPooledLists = 8, kLargestPooled = 256;
std::vector<std::vector<Tensor>*>& list_pool() {
  static auto* pool = new std::vector<std::vector<Tensor>*>;
  return *pool;
}
}  // namespace
std::vector<Tensor>& Scratch::tensors() {
  if (list_) {
    if (!more_) more_ = new More;
    return more_->lists.emplace_front();
  }
  auto& pool = list_pool();
  if (pool.empty()) return *(list_ = new std::vector<Tensor>);
  list_ = pool.back();
  pool.pop_back();
  return *list_;
}
void Scratch::give_list_back() {
  list_->clear();  // may run any code: the list is not in the pool yet
  auto& pool = list_pool();
  if (pool.size() >= kPooledLists || list_->capacity() > kLargestPooled)
    delete list_;
  else
    pool.push_back(list_);
}
Tensor& Scratch::tensor(Tensor t) {
  if (!more_) more_ = new More;
  return more_->tensors.emplace_front(std::move(t));
}
void Scratch::free_more() { delete more_; }

namespace {
const Tensor no_tensor;

// An element that is no int fails the whole call, as in PyTorch, once the first element looked like one.
int bad_element(PyObject* const* items, Py_ssize_t n) {
  int64_t ignored;
  for (Py_ssize_t i = 0; i < n; ++i)
    if (!to_int(items[i], ignored)) return int(i);
  return -1;
}
bool unpack_ints(PyObject* const* items, Py_ssize_t n, Scratch& s, Ints& out, const Param* p,
                 const char* name) {
  int64_t* values = s.ints(size_t(n));
  for (Py_ssize_t i = 0; i < n; ++i) {
    try {
      if (__builtin_expect(to_int(items[i], values[i]), 1)) continue;
    } catch (const PythonError& e) {  // too large
      if (!p) throw;
      raise(PyExc_TypeError, "%s(): argument '%s' failed to unpack the object at pos %zd with error \"%S\"",
            name, PyUnicode_AsUTF8(p->name), i + 1, e.value());
    }
    if (i == 0 || !p) return false;
    raise(PyExc_TypeError,
          "%s(): argument '%s' failed to unpack the object at pos %d with error \"type must be tuple of "
          "ints,but got %s\"",
          name, PyUnicode_AsUTF8(p->name), bad_element(items, n) + 1, type_name(items[i]));
  }
  out = {values, size_t(n)};
  return true;
}
bool to_ints_named(PyObject* o, bool lone_int, Scratch& s, Ints& out, const Param* p, const char* name) {
  if (PyTuple_Check(o) || PyList_Check(o))
    return unpack_ints(PySequence_Fast_ITEMS(o), PySequence_Fast_GET_SIZE(o), s, out, p, name);
  if (!lone_int) return false;
  int64_t i;
  if (!to_int(o, i)) return false;
  int64_t* value = s.ints(1);
  *value = i;
  out = {value, 1};
  return true;
}

bool convert(const Param& p, PyObject* o, Value& v, Scratch& s, const char* name) {
  switch (p.kind) {
    case Kind::Tensor:
      if (!tensor_like(o, s)) break;
      v.kind = Value::TensorK;
      v.tensor = __builtin_expect(is_tensor(o), 1) ? &unwrap(o) : &no_tensor;
      return true;
    case Kind::Number:
      if (is_exact_tensor(o) || (is_tensor(o) && tensor_like(o, s))) {
        v.kind = Value::TensorK;
        v.tensor = &unwrap(o);
        return true;
      }
      if (to_scalar(o, v.scalar)) {
        v.kind = Value::Number;
        return true;
      }
      if (o == Py_None || !tensor_like(o, s)) break;
      v.kind = Value::TensorK;
      v.tensor = &no_tensor;
      return true;
    case Kind::Int:
      v.kind = Value::Int;
      if (to_int(o, v.i)) return true;
      break;
    case Kind::Bool:
      if (bool_argument(o, v)) return true;
      break;
    case Kind::IntList: {
      Ints ints;
      if (!to_ints_named(o, p.lone_int, s, ints, &p, name)) break;
      v.kind = Value::IntList;
      v.ints = {ints.data(), ints.size()};
      return true;
    }
    case Kind::Float:
      if (float_argument(o, v)) return true;
      break;
    case Kind::Scalar:
      if (scalar_argument(o, v)) return true;
      break;
    case Kind::TensorList:
      if (tensor_list(p, o, v, s)) return true;
      break;
    default:
      if (other_kinds(p, o, v)) return true;
      break;
  }
  if (o == Py_None && p.optional) {
    v.kind = Value::None;
    return true;
  }
  return false;
}

// What the binding keeps for itself.
bool take_role(const Param& p, PyObject* o, Scratch& s) {
  Value v;
  switch (p.role) {
    case Role::Out:
      if (o == Py_None) return true;
      if (!is_tensor(o) && !PyTuple_Check(o) && !PyList_Check(o)) return false;
      if (is_tensor(o)) tensor_like(o, s);
      s.out = o;
      return true;
    case Role::RequiresGrad: return bool_argument(o, v) ? (s.requires_grad = v.b, true) : o == Py_None;
    case Role::PinMemory:
      if (o == Py_True)
        fail(
            "pin_memory=True requires a CUDA or other accelerator backend; no pinned memory allocator is "
            "available "
            "on this system.");
      return o == Py_None || o == Py_False;
    case Role::Ignored:
      if (p.kind == Kind::Layout && o != Py_None && o != strided)
        raise(PyExc_RuntimeError,
              "layout %s is not available: Adjoint has dense (torch.strided) tensors only",
              Py_TYPE(o) == layout_type ? "other than torch.strided" : type_name(o));
      return true;
    default: return true;
  }
}
}  // namespace

// --- keywords ---
PyObject* find_keyword(const Param& p, const Call& c, bool self_as_input) {
  Py_ssize_t n = PyTuple_GET_SIZE(c.keywords);
  for (Py_ssize_t k = 0; k < n; ++k)
    if (PyTuple_GET_ITEM(c.keywords, k) == p.name) return c.args[c.n + k];
  for (Py_ssize_t k = 0; k < n; ++k) {
    PyObject* key = PyTuple_GET_ITEM(c.keywords, k);
    if (same_name(key, p.name)) return c.args[c.n + k];
    for (PyObject* alias : p.alias)
      if (alias && same_name(key, alias)) return c.args[c.n + k];
    if (self_as_input && p.text == "self" && PyUnicode_CompareWithASCIIString(key, "self") == 0)
      return c.args[c.n + k];
  }
  return nullptr;
}

const Param* param_named(const Overload& o, PyObject* key) {
  for (const Param& p : o.params) {
    if (same_name(key, p.name)) return &p;
    for (PyObject* alias : p.alias)
      if (alias && same_name(key, alias)) return &p;
  }
  return nullptr;
}

namespace {
bool takes_many_ints(const Overload& o, const Call& c) {
  if (o.positional - (c.self ? 1 : 0) != 1) return false;
  int first = c.self && o.self == 0 ? 1 : 0;
  return o.params[size_t(first)].kind == Kind::IntList;
}
}  // namespace

bool to_ints(PyObject* o, bool lone_int, Scratch& s, Ints& out) {
  return to_ints_named(o, lone_int, s, out, nullptr, "");
}

bool parse(const Overload& o, const Call& c, Value* v, Scratch& s, const char* name, std::string* why) {
  Py_ssize_t position = 0, keywords = c.keywords ? PyTuple_GET_SIZE(c.keywords) : 0, matched = 0;
  const int self = c.self ? o.self : -1;
  if (__builtin_expect(c.n > o.positional - (self >= 0), 0)) {
    int64_t i;
    if (!takes_many_ints(o, c) || !to_int(c.args[0], i)) {
      if (why) *why = Complaint{o, c, name}.extra_positional();
      return false;
    }
  }
  const int n = int(o.params.size());
  for (int i = 0; i < n; ++i) {
    const Param& p = o.params[size_t(i)];
    PyObject* given = nullptr;
    Py_ssize_t at = -1;
    if (i == self) {
      given = c.self;
    } else if (!p.keyword_only && position < c.n) {
      at = position++;
      given = c.args[at];
    } else if (matched < keywords) {
      given = find_keyword(p, c, !c.self);
      if (given) ++matched;
    }
    if (given && i >= o.arguments) {
      if (c.self && p.role == Role::Out) {
        --matched;
        continue;
      }
      if (take_role(p, given, s)) continue;
      if (why) *why = Complaint{o, c, name}.wrong_type(p, given, at);
      return false;
    }
    if (!given) {
      if (__builtin_expect(!p.has_default, 0)) {
        if (why) *why = Complaint{o, c, name}.missing(c.n);
        return false;
      }
      if (i >= o.arguments) continue;
      std::memcpy(static_cast<void*>(&v[i]), &p.value, sizeof(Value));
      if (p.kind == Kind::Device && default_device != Device::Cpu && !o.any_tensor) {
        v[i].kind = Value::DeviceK;
        v[i].device = default_device;
      }
      continue;
    }
    new (&v[i]) Value();
    if (__builtin_expect(convert(p, given, v[i], s, name), 1)) continue;
    int64_t first;
    if (p.kind == Kind::IntList && at == 0 && takes_many_ints(o, c) && to_int(given, first)) {
      Ints ints;
      unpack_ints(c.args, c.n, s, ints, &p, name);
      v[i].kind = Value::IntList;
      v[i].ints = {ints.data(), ints.size()};
      position = c.n;
      continue;
    }
    if (why) *why = Complaint{o, c, name}.wrong_type(p, given, at);
    return false;
  }
  if (__builtin_expect(matched != keywords, 0)) {
    if (why) *why = Complaint{o, c, name}.keywords();
    return false;
  }
  return true;
}

}  // namespace adjoint::python
