// Views that pick each element at most once: select, slice, diagonal. A picker is a small struct that makes
// the view of raw memory; from it come the view operation, its vjp (the cotangent placed into zeros) and the
// vjp's vjp (the view again), so that derivatives of any order exist.
//
//   struct Select {
//     static constexpr const char *name = "select", *node = "SelectBackward0", *embed_node = "...";
//     static constexpr const char *rule = "...", *embed_rule = "...", *scatter_rule = "...";
//     int64_t dim, index;
//     Tensor operator()(const Tensor& x) const;  // alias of x, no autograd
//     void fields(auto& f);
//   };
//
// The vjp's node is `embed_node`, with `embed_rule`. `scatter_rule` and a ScatterName are for pickers that
// view/scatter.cpp writes through; those stand below, others in the file of their view.
#pragma once
#include "autograd/door.h"
#include "ops/raw.h"

namespace adjoint {

template <class Picker> struct PickView;

template <class Picker> struct Embed {  // zeros of `shape` that show g through the picker
  static constexpr const char *name = Picker::name, *node = Picker::embed_node;
  Picker picker;
  Dims shape;
  Tensor forward(const Tensor& g) {
    Tensor gx = zeros(shape, g->dtype, g->device);
    raw::copy(picker(gx), g);
    return gx;
  }
  static constexpr const char* rule = Picker::embed_rule;
  void vjp(Backward& b) { b.gx[0] = apply_view(PickView<Picker>{picker}, b.grad()); }
};

template <class Picker> struct PickView {
  static constexpr const char *name = Picker::name, *node = Picker::node;
  Picker picker;
  Dims shape = {};
  Tensor forward(const Tensor& x) { return picker(x); }
  static constexpr const char* rule = Picker::rule;
  void vjp(Backward& b) { b.gx[0] = apply(Embed<Picker>{picker, shape}, b.grad()); }
  void fields(auto& f) {
    picker.fields(f);
    f("self_sym_sizes", shape, input(0));
  }
};

// The pickers themselves, for the operations that write through them (view/scatter.cpp).
struct SelectPick {
  static constexpr const char *name = "select", *node = "SelectBackward0",
                              *embed_node = "SelectBackwardBackward0";
  static constexpr const char *rule = "gx = zeros with g at index", *embed_rule = "gx = select(g)",
                              *scatter_rule = "gx = g with 0 at index; gsrc = select(g)";
  int64_t dim, index;
  Tensor operator()(const Tensor& x) const;
  void fields(auto& f) {
    f("dim", dim);
    f("index", index);
  }
};
struct SlicePick {
  static constexpr const char *name = "slice", *node = "SliceBackward0",
                              *embed_node = "SliceBackwardBackward0";
  static constexpr const char *rule = "gx = zeros with g in the slice", *embed_rule = "gx = slice(g)",
                              *scatter_rule = "gx = g with 0 in the slice; gsrc = slice(g)";
  int64_t dim, start, end, step;  // 0 <= start <= end <= size
  Tensor operator()(const Tensor& x) const;
  void fields(auto& f) {
    f("dim", dim);
    f("start", start);
    f("end", end);
    f("step", step);
  }
};
struct DiagonalPick {
  static constexpr const char *name = "diagonal", *node = "DiagonalBackward0",
                              *embed_node = "DiagonalBackwardBackward0";
  static constexpr const char *rule = "gx = zeros with g on the diagonal", *embed_rule = "gx = diagonal(g)",
                              *scatter_rule = "gx = g with 0 on the diagonal; gsrc = diagonal(g)";
  int64_t offset, dim1, dim2;  // wrapped, different
  Tensor operator()(const Tensor& x) const;
  void fields(auto& f) {
    f("offset", offset);
    f("dim1", dim1);
    f("dim2", dim2);
  }
};
// Checked pickers from a user's arguments.
SelectPick select_pick(const Tensor& x, int64_t dim, int64_t index);
SlicePick slice_pick(const Tensor& x, int64_t dim, std::optional<int64_t> start, std::optional<int64_t> end,
                     int64_t step);
DiagonalPick diagonal_pick(const Tensor& x, int64_t offset, int64_t dim1, int64_t dim2);

}  // namespace adjoint
