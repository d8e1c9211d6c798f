// What an operation keeps for its rule, said once: saving, releasing, the `_saved_*` attributes and what the cycle
// collector sees follow from it.
//
//   void fields(auto& f) {
//     f("self", x_, input(0));                 // SavedTensor: an input,
//     f("mat2", b_, input(1).if_edge(0));      //   kept where input 0 gets a gradient,
//     f("result", y_, output(0));              //   a result,
//     f("index", index_);                      //   or what the operation was made with: SavedTensor(index)
//     f("self_sym_sizes", sizes, input(0));    // Dims: an input's sizes
//     f(nullptr, dtype, input(0));             // Dtype: an input's. A field without a name is not shown
//     f("dim", dim);                           // a number or sizes that are there already; only shown.
//     f("dim", [&] { return dims_of(mask); });     // What must be computed: as a function
//   }
//
// Names are those of the schema's parameters, `result`, or end in _sym_sizes (tests/test_laws.py holds them to it).
// Only what is named here is saved, so that a SavedTensor forgotten here is missing in the first backward pass. Bare
// Tensor members, which hooks would not see and which no backward pass would free, do not compile (NodeOf).
#pragma once
#include <optional>
#include <ranges>
#include "autograd/saved.h"

namespace adjoint {

// Where a field comes from when its operation is recorded.
struct Source {
  enum Kind : uint8_t { Given, Input, Output } kind = Given;
  uint8_t nr = 0;
  int8_t edge = -1;
  constexpr Source if_edge(int i) const { return {kind, nr, int8_t(i)}; }
};
constexpr Source input(int i) { return {Source::Input, uint8_t(i)}; }
constexpr Source output(int i) { return {Source::Output, uint8_t(i)}; }
inline constexpr Source kGiven{};

namespace door {

template <class In> struct Keep {  // In: an input's number -> the input
  Node& node;
  std::span<const Tensor> results;
  In in;
  void operator()(const char*, SavedTensor& s, Source from = kGiven) {
    if (from.edge >= 0 && !node.edges[from.edge]) return s.reset();
    if (from.kind == Source::Given) return s.save_given();
    if (from.kind == Source::Input) return s.save(in(from.nr));
    const Tensor& y = results[from.nr];
    is_differentiable(y->dtype) ? s.save_output(y, node)
                                : s.save(y);  // an index has no history that could be a cycle
  }
  void operator()(const char*, SavedTensors& s) { s.save_given(); }
  void operator()(const char*, Dims& sizes, Source from) { sizes = in(from.nr)->sizes(); }
  void operator()(const char*, Dtype& dtype, Source from) { dtype = in(from.nr)->dtype; }
  void operator()(NodeRef&) {}
  template <class V> void operator()(const char*, const V&) {}
};

struct Release {
  void operator()(const char*, SavedTensor& s, Source = kGiven) { s.reset(); }
  void operator()(const char*, SavedTensors& s) { s.reset(); }
  void operator()(NodeRef& n) { n->release_saved(); }
  template <class V> void operator()(const char*, const V&, Source = kGiven) {}
};

struct Show {
  SavedVisitor& to;
  void operator()(const char* name, SavedTensor& s, Source = kGiven) { to.tensor(name, s); }
  void operator()(const char* name, SavedTensors& s) { s.visit(name, to); }
  void operator()(NodeRef& n) { n->visit_saved(to); }
  template <class V> void operator()(const char* name, const V& v, Source = kGiven) {
    if (!name) return;
    if constexpr (requires { v(); })
      operator()(name, v());
    else if constexpr (std::is_convertible_v<const V&, Ints>)
      to.ints(name, v);
    else if constexpr (!std::is_same_v<V, Dtype>)
      to.value(name, Scalar(v));
  }
};
// An operation made of another's node (a view's, for its copy) names that: f(node).

template <class Op> constexpr bool has_fields = requires(Op& op, Release& r) { op.fields(r); };

// --- no bare tensors ---
template <class T> constexpr bool holds_tensor = std::is_same_v<T, Tensor>;
template <class T> constexpr bool holds_tensor<std::optional<T>> = holds_tensor<T>;
template <std::ranges::range T> constexpr bool holds_tensor<T> =
    std::is_same_v<std::remove_cvref_t<std::ranges::range_reference_t<T>>, Tensor>;

struct Anything {
  template <class T> operator T() const;
};
template <class Op, size_t... I> constexpr bool takes(std::index_sequence<I...>) {
  return requires { Op{(void(I), Anything())...}; };
}
template <class Op, size_t N = 12> constexpr size_t count_members() {  // of an aggregate
  if constexpr (N == 0 || takes<Op>(std::make_index_sequence<N>()))
    return N;
  else
    return count_members<Op, N - 1>();
}
template <class Op, bool kFields> constexpr bool check_members();
template <bool kFields> struct Member {  // converts to each member's type, and looks at it
  template <class T> operator T() const {
    static_assert(!holds_tensor<T>, "an operation keeps tensors as SavedTensor, named in fields()");
    static_assert(kFields || !(std::is_same_v<T, SavedTensor> || std::is_same_v<T, SavedTensors>),
                  "an operation names what it saves in fields()");
    if constexpr (std::is_aggregate_v<T> && std::is_class_v<T>) static_assert(check_members<T, kFields>());
    __builtin_unreachable();
  }
};
template <class Op, bool kFields, size_t... I>
void make_of_members(std::index_sequence<I...>) {  // never called
  (void)Op{(void(I), Member<kFields>())...};
}
template <class Op, bool kFields> constexpr bool check_members() {
  static_assert(std::is_aggregate_v<Op>);
  using Members = std::make_index_sequence<count_members<Op>()>;
  [[maybe_unused]] constexpr void (*made)(Members) =
      make_of_members<Op, kFields>;  // makes its body be looked at
  return true;
}

}  // namespace door

}  // namespace adjoint
