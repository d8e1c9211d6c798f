// The registry of operations: from a record's schema come the Python binding, the stub, the documentation
// page.
//
//   static const auto defs = {
//       def<narrow>("narrow(Tensor self, int dim, int start, int length) -> Tensor", kBoth, "doc"),
//       def<[](const Tensor& x) { return x->ndim; }>("dim(Tensor self) -> int", kMethod, "doc"),
//   };
// Schema types and their C++ parameter types:
//   Tensor → const Tensor&           Tensor? → const Tensor& (null)       Tensor[] → std::span<const Tensor>
//   Number → Operand (tensor or Python number)      Scalar → const Scalar&     Scalar? →
//   std::optional<Scalar> int → int64_t   float → double   bool → bool   str → std::string_view   dtype →
//   Dtype   device → Device Generator? → Generator* (null: the default one) int[] → Ints (int[1] takes a lone
//   int, too)     T? → std::optional<T>      memory_format? → std::optional<MemoryFormat>
// A last C++ parameter `Dest` gives the function the in-place or out= target, to write straight into it;
// without it the binding copies the result into the target (assign_inplace / write_out), which is always
// right. Results: Tensor, std::vector<Tensor>, std::array/tuple of Tensors (named in the schema: "-> (Tensor
// values, Tensor indices)" gives a named tuple), bool, int64_t, double, Scalar, void, Dims. Overloads:
// several defs of one name are tried in order of registration priority, then order in the file.
#pragma once
#include <array>
#include <optional>
#include <string_view>
#include <tuple>
#include <vector>
#include "ops/flags.h"
#include "tensor/devices.h"
#include "tensor/tensor.h"

namespace adjoint {

// A tensor or a number: the operand of a pointwise operation. Borrows the tensor.
struct Operand {
  const Tensor* tensor = nullptr;
  Scalar scalar;
  Operand(const Tensor& t) : tensor(&t) {}
  Operand(const Scalar& s) : scalar(s) {}
  Operand(double v) : scalar(v) {}
  Operand(int v) : scalar(int64_t(v)) {}
  bool is_tensor() const { return tensor != nullptr; }
};

// Where a result goes: nowhere given, out= , or in place (then it is the first operand).
struct Dest {
  const Tensor* tensor = nullptr;
  bool inplace = false;
  const char* name = nullptr;  // "add_", for messages
};

enum class MemoryFormat : uint8_t { Contiguous, Preserve, ChannelsLast, ChannelsLast3d };

struct Generator;  // device/generator.h

struct Value {  // one parsed argument
  enum Kind : uint8_t {
    None,
    TensorK,
    Number,
    Int,
    Float,
    Bool,
    IntList,
    TensorList,
    Str,
    DtypeK,
    DeviceK,
    Format,
    Absent,
    GeneratorK
  };
  Kind kind = None;
  union {
    const Tensor* tensor;
    const std::vector<Tensor>* tensors;
    int64_t i;
    double d;
    bool b;
    Dtype dtype;
    Device device;
    MemoryFormat format;
    Generator* generator;
    struct {
      const int64_t* p;
      size_t n;
    } ints;
    struct {
      const char* p;
      size_t n;
    } str;
  };
  Scalar scalar;
  Value() : i(0) {}
};

struct Returned {
  enum Kind : uint8_t { Void, One, List, Tuple, Number, Int, Float, Bool, IntList };
  Kind kind = Void;
  Tensor tensor;
  std::vector<Tensor> tensors;
  Scalar scalar;
  Dims dims;
};

class Formula;
struct PointwiseOp;
struct Schema;
struct OpRecord {
  const char* schema = nullptr;
  uint32_t flags = 0;
  const char* doc = nullptr;
  void (*invoke)(const Value* args, const Dest& dest, Returned& out) = nullptr;
  int tensors =
      0;  // parameters that are tensors; a list counts as two. Of pointwise operations, which check alone: 0
  const PointwiseOp* pointwise = nullptr;  // its formula, where it is pointwise
  const Formula* plain =
      nullptr;  // the formula that a call with plain arguments comes to, where there is one
  OpRecord* next = nullptr;
  mutable const Schema* parsed = nullptr;  // ask schema_of(): ops/schema.h
};
std::vector<const OpRecord*> all_records();  // in registration order
void register_op(OpRecord* r);

// See Note [Devices of a call].
void check_devices(const Value* args, int n);
// Every call of a record from outside passes here; n of its parameters were given.
inline void invoke(const OpRecord& r, const Value* args, int n, const Dest& dest, Returned& out) {
  bool here = r.tensors < 2;
  if (!here) {
    here = true;
    for (int i = 0; i < n; ++i)
      here &= args[i].kind == Value::TensorK ? !*args[i].tensor || (*args[i].tensor)->device == Device::Cpu
                                             : args[i].kind != Value::TensorList;
  }
  if (!here) check_devices(args, n);
  r.invoke(args, dest, out);
}

namespace detail {
template <class T> struct Unpack;
template <> struct Unpack<const Tensor&> {
  static const Tensor& get(const Value& v) {
    static const Tensor none;
    return v.kind == Value::None ? none : *v.tensor;
  }
};
template <> struct Unpack<Operand> {
  static Operand get(const Value& v) {
    return v.kind == Value::TensorK ? Operand(*v.tensor) : Operand(v.scalar);
  }
};
template <> struct Unpack<const Operand&> : Unpack<Operand> {};
template <> struct Unpack<const Scalar&> {
  static const Scalar& get(const Value& v) { return v.scalar; }
};
template <> struct Unpack<Scalar> {
  static Scalar get(const Value& v) { return v.scalar; }
};
template <> struct Unpack<int64_t> {
  static int64_t get(const Value& v) { return v.i; }
};
template <> struct Unpack<double> {
  static double get(const Value& v) { return v.d; }
};
template <> struct Unpack<bool> {
  static bool get(const Value& v) { return v.b; }
};
template <> struct Unpack<Dtype> {
  static Dtype get(const Value& v) { return v.dtype; }
};
template <> struct Unpack<Device> {
  static Device get(const Value& v) { return v.device; }
};
template <> struct Unpack<MemoryFormat> {
  static MemoryFormat get(const Value& v) { return v.format; }
};
template <> struct Unpack<Generator*> {
  static Generator* get(const Value& v) { return v.kind == Value::None ? nullptr : v.generator; }
};
template <> struct Unpack<Ints> {
  static Ints get(const Value& v) { return {v.ints.p, v.ints.n}; }
};
template <> struct Unpack<std::string_view> {
  static std::string_view get(const Value& v) { return {v.str.p, v.str.n}; }
};
template <> struct Unpack<std::span<const Tensor>> {
  static std::span<const Tensor> get(const Value& v) { return *v.tensors; }
};
template <class T> struct Unpack<std::optional<T>> {
  static std::optional<T> get(const Value& v) {
    return v.kind == Value::None ? std::optional<T>() : std::optional<T>(Unpack<T>::get(v));
  }
};

inline void give(Returned& r, Tensor t) {
  r.kind = Returned::One;
  r.tensor = std::move(t);
}
inline void give(Returned& r, std::vector<Tensor> v) {
  r.kind = Returned::List;
  r.tensors = std::move(v);
}
inline void give(Returned& r, bool b) {
  r.kind = Returned::Bool;
  r.scalar = Scalar(b);
}
inline void give(Returned& r, int64_t i) {
  r.kind = Returned::Int;
  r.scalar = Scalar(i);
}
inline void give(Returned& r, double d) {
  r.kind = Returned::Float;
  r.scalar = Scalar(d);
}
inline void give(Returned& r, const Scalar& s) {
  r.kind = Returned::Number;
  r.scalar = s;
}
inline void give(Returned& r, Dims d) {
  r.kind = Returned::IntList;
  r.dims = std::move(d);
}
template <class... T> void give(Returned& r, std::tuple<T...> t) {
  r.kind = Returned::Tuple;
  std::apply([&](auto&... x) { (r.tensors.push_back(std::move(x)), ...); }, t);
}
template <size_t N> void give(Returned& r, std::array<Tensor, N> a) {
  r.kind = Returned::Tuple;
  for (auto& x : a) r.tensors.push_back(std::move(x));
}

template <class F> struct Signature;
template <class R, class... A> struct Signature<R (*)(A...)> {
  using Args = std::tuple<A...>;
  using Result = R;
};
template <class R, class... A> struct Signature<R (*)(A...) noexcept> {
  using Args = std::tuple<A...>;
  using Result = R;
};
template <class F>
  requires requires { &F::operator(); }
struct Signature<F> {
  template <class C, class R, class... A> static Signature<R (*)(A...)> of(R (C::*)(A...) const);
  using S = decltype(of(&F::operator()));
  using Args = typename S::Args;
  using Result = typename S::Result;
};

template <auto Fn, size_t... I>
void call(const Value* v, const Dest& dest, Returned& out, std::index_sequence<I...>) {
  using S = Signature<std::decay_t<decltype(Fn)>>;
  using Args = typename S::Args;
  auto arg = [&]<size_t K>() -> decltype(auto) {
    using A = std::tuple_element_t<K, Args>;
    if constexpr (std::is_same_v<std::decay_t<A>, Dest>)
      return Dest(dest);
    else
      return Unpack<A>::get(v[K]);
  };
  if constexpr (std::is_void_v<typename S::Result>)
    Fn(arg.template operator()<I>()...);
  else
    give(out, Fn(arg.template operator()<I>()...));
}
template <auto Fn> void invoke(const Value* v, const Dest& dest, Returned& out) {
  using Args = typename Signature<std::decay_t<decltype(Fn)>>::Args;
  call<Fn>(v, dest, out, std::make_index_sequence<std::tuple_size_v<Args>>());
}
template <class Args> constexpr bool takes_dest() {
  if constexpr (std::tuple_size_v<Args> == 0)
    return false;
  else
    return std::is_same_v<std::decay_t<std::tuple_element_t<std::tuple_size_v<Args> - 1, Args>>, Dest>;
}
}  // namespace detail

namespace detail {
template <class T> constexpr int tensors_of() {
  using A = std::decay_t<T>;
  if (std::is_same_v<A, Tensor> || std::is_same_v<A, Operand> || std::is_same_v<A, std::optional<Operand>>)
    return 1;
  return std::is_same_v<A, std::span<const Tensor>> ? 2 : 0;
}
template <class... A> constexpr int count_tensors(std::tuple<A...>*) { return (0 + ... + tensors_of<A>()); }
}  // namespace detail

template <auto Fn> OpRecord* def(const char* schema, uint32_t flags, const char* doc = "") {
  using Args = typename detail::Signature<std::decay_t<decltype(Fn)>>::Args;
  auto* r = new OpRecord;
  r->schema = schema;
  r->flags = flags | (detail::takes_dest<Args>() ? kTakesDest : Flags(0));
  r->doc = doc;
  r->invoke = detail::invoke<Fn>;
  if (!(flags & kAcrossDevices)) r->tensors = detail::count_tensors(static_cast<Args*>(nullptr));
  register_op(r);
  return r;
}

// Tells which pointwise formula a call comes to when its operands are given by position and nothing else is:
// such calls may go straight to it.
inline OpRecord* plain(const Formula& formula, OpRecord* r) {
  r->plain = &formula;
  return r;
}

// out= for operations that do not write it themselves: checks, resizes, copies. Returns out.
Tensor write_out(const Tensor& out, const Tensor& value, const char* name);

}  // namespace adjoint
