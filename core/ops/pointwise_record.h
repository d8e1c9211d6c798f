// A pointwise operation as data: its loops for the processor at hand, its formula read with tensors (for
// recorded backward passes) and with symbols (for explanations). The driver (ops/pointwise.cpp) is one for
// all.
#pragma once
#include <initializer_list>
#include <string>
#include "ops/formula.h"
#include "ops/pointwise_loops.h"
#include "ops/registry.h"

namespace adjoint {

struct PointwiseOp {
  std::string name;  // "tanh"
  std::string node;  // "TanhBackward0"
  const char* schema = nullptr;
  int arity = 1;
  Promotion promotion = Promotion::Same;
  unsigned types = 0;
  bool cond_first = false;
  int promoting = kMaxOperands;      // the first so many operands decide the type
  const char* kernel = nullptr;      // PyTorch's name of the loop, for messages; null: name + "_cpu"
  const char* aliases = "";          // further names, separated by spaces, with the same forms
  const char* special_aliases = "";  // names in adjoint.special only
  Refusal no_bool, no_complex;
  Whole whole = Whole::No;
  ReducedLoop reduced = nullptr;
  PointwiseKernels kernels;  // the best for this processor
  struct Pull {
    bool exists = false;
    bool identity = false;  // the cotangent itself (add)
    unsigned reads = 0;     // bit i: operand i; bit arity: the result
    V (*tensors)(const V& g, const V& y, const V* x) = nullptr;
    std::string (*text)(const char* g) = nullptr;  // as a formula in g, x (or a, b, c) and y
  } pull[kMaxOperands];
  TailRange tail;  // Note [Tails] in ops/tails.h
  V (*tail_pull)(const V& g, const V& x) = nullptr;
  std::string (*text)() = nullptr;  // the value
  OpRecord record;
};

// Runs op over broadcast operands with type promotion, records it, returns the result (dest.tensor where
// given).
Tensor pointwise(const PointwiseOp& op, std::span<const Operand> operands, const Dest& dest = {});
inline Tensor pointwise(const PointwiseOp& op, std::initializer_list<Operand> x, const Dest& dest = {}) {
  return pointwise(op, std::span<const Operand>(x.begin(), x.size()), dest);
}

// The road for the common call (ops/pointwise_quick.cpp): operands that are dense float tensors of one type
// and shape, 0-d tensors, and real numbers. Null, or false, where the call is not of this kind: then
// pointwise() takes it.
struct QuickArg {
  const TensorImpl* tensor = nullptr;
  double number = 0;
  bool integer = false;  // the number came as an int
};
Tensor quick(const PointwiseOp& op, const QuickArg* xs, int n);
// A pull of dense tensors and numbers, all of the loop's type; xs[0] is the cotangent.
bool quick_pull(Loop loop, Dtype kernel, std::span<const Operand> xs, Tensor& out);
bool quick_inplace(const PointwiseOp& op, const QuickArg* xs, int n, const Tensor& out, const char* name);

void invoke_pointwise(const PointwiseOp& op, const Value* args, const Dest& dest, Returned& out);
const PointwiseOp& find_pointwise(std::string_view name);  // an internal error if absent: see Formula
std::vector<const PointwiseOp*> all_pointwise();           // by name
void register_pointwise(PointwiseOp* op, const char* doc, uint32_t flags,
                        const PointwiseKernels* const* by_isa);

inline namespace ADJOINT_ISA {
namespace loops {
template <class Op> constexpr uint32_t flags_of() {
  if constexpr (requires { Op::flags; })
    return Op::flags;
  else
    return kAll;
}
// How an explanation calls operand k.
template <class Op> Symbol symbol_of(size_t k) {
  const char name[] = {arity<Op> == 1 ? 'x' : char('a' + k), 0};
  return Symbol(name);
}
template <class Op, int I, size_t... K> void fill_pull(PointwiseOp& p, std::index_sequence<K...>) {
  if constexpr (slope_kind<Op, I>() != 0) {
    p.pull[I].exists = true;
    p.pull[I].reads = pull_reads<Op, I>();
    p.pull[I].identity = pull_is_identity<Op, I>();
    p.pull[I].tensors = [](const V& g, const V& y, const V* x) -> V { return pull_of<Op, I>(g, y, x[K]...); };
    p.pull[I].text = [](const char* g) {
      return pull_of<Op, I>(Symbol(g), Symbol("y"), symbol_of<Op>(K)...).text;
    };
  }
}
template <class Op, size_t... K> void fill_pulls(PointwiseOp& p, std::index_sequence<K...> operands) {
  (fill_pull<Op, int(K)>(p, operands), ...);
}
template <class Op, size_t... K> std::string text_of_value(std::index_sequence<K...>) {
  // A formula for integers only (bitwise ones, gcd) is written as a call.
  if constexpr (requires(Symbol x) { Op::value((void(K), x)...); })
    return Op::value(symbol_of<Op>(K)...).text;
  else
    return symbol_call(std::string(schema_name(Op::schema)).c_str(), {symbol_of<Op>(K)...}).text;
}
}  // namespace loops

// Options of an Op: `node` ("PowBackward0", where it does not follow from the name), `kernel`, `flags`,
// `aliases` ("arcsin"), `special_aliases`, `tail` with `tail_slope`.
template <class Op> const PointwiseOp& make_record(const PointwiseKernels& base, const PointwiseKernels* v3,
                                                   const PointwiseKernels* v4) {
  static const PointwiseOp* self;  // the record's invoke has no closure: one variable for each operation
  auto* p = new PointwiseOp;
  self = p;
  p->record.invoke = [](const Value* args, const Dest& dest, Returned& out) {
    invoke_pointwise(*self, args, dest, out);
  };
  p->schema = Op::schema;
  p->arity = loops::arity<Op>;
  p->promotion = Op::promotion;
  p->types = Op::types;
  p->cond_first = Op::cond_first;
  p->promoting = Op::promoting;
  p->no_bool = Op::no_bool;
  p->no_complex = Op::no_complex;
  if constexpr (requires { Op::kernel; }) p->kernel = Op::kernel;
  if constexpr (requires { Op::aliases; }) p->aliases = Op::aliases;
  if constexpr (requires { Op::special_aliases; }) p->special_aliases = Op::special_aliases;
  if constexpr (requires { Op::node; }) p->node = Op::node;
  if constexpr (loops::has_tails<Op>) {
    p->tail = Op::tail;
    p->tail_pull = [](const V& g, const V& x) -> V { return g * conj_of(Op::tail_slope(x)); };
  }
  p->whole = Op::whole;
  p->reduced = Op::reduced;
  loops::fill_pulls<Op>(*p, loops::Operands<Op>());
  p->text = [] { return loops::text_of_value<Op>(loops::Operands<Op>()); };
  const PointwiseKernels* sets[3] = {&base, v3, Op::half_vectors ? v3 : v4};
  register_pointwise(p, Op::doc, loops::flags_of<Op>(), sets);
  return *p;
}
}  // namespace ADJOINT_ISA

// After POINTWISE(Tanh), C++ code calls the operation as pointwise(Tanh_op(), {x}).
#if defined(__x86_64__)
#define ADJOINT_RECORD(Op)                                                 \
  }                                                                        \
  namespace v3 {                                                           \
  extern const PointwiseKernels Op##_kernels;                              \
  }                                                                        \
  namespace v4 {                                                           \
  extern const PointwiseKernels Op##_kernels;                              \
  }                                                                        \
  inline namespace ADJOINT_ISA {                                           \
  static const PointwiseOp& Op##_record =                                  \
      make_record<Op>(Op##_kernels, &v3::Op##_kernels, &v4::Op##_kernels); \
  [[maybe_unused]] static const PointwiseOp& Op##_op() { return Op##_record; }
#else
#define ADJOINT_RECORD(Op)                                                                 \
  static const PointwiseOp& Op##_record = make_record<Op>(Op##_kernels, nullptr, nullptr); \
  [[maybe_unused]] static const PointwiseOp& Op##_op() { return Op##_record; }
#endif

}  // namespace adjoint
