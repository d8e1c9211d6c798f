// histogram and histogramdd: how many points lie in each bin of a grid. The edges are there already: functional.py gives
// them, or works them out of the number of bins.
#include "autograd/door.h"
#include "device/groups.h"
#include "ops/not_differentiable.h"
#include "ops/ops.h"
#include "ops/raw.h"
#include "tensor/checked.h"

namespace adjoint {
namespace {

void check_points(const Tensor& x, const Tensor& weight) {
  check(x->ndim >= 2, "torch.histogramdd: input tensor should have at least 2 dimensions, but got ",
        int(x->ndim));
  if (x->dtype != Dtype::F32 && x->dtype != Dtype::F64) fail_dtype("histogramdd", x->dtype);
  if (!weight) return;
  check(
      weight->dtype == x->dtype,
      "torch.histogramdd: if weight tensor is provided, input tensor and weight tensor should have the same dtype, "
      "but got input(",
      name_of(x->dtype), "), and weight(", name_of(weight->dtype), ")");
  Dims expected(x->sizes());
  expected.erase(x->ndim - 1);
  const Dims given = weight->ndim ? Dims(weight->sizes()) : Dims{1};
  check(
      equal(expected, given),
      "torch.histogramdd: if weight tensor is provided it should have the same shape as the input tensor excluding "
      "its innermost dimension, but got input with shape ",
      x->sizes(), " and weight with shape ", weight->sizes());
}

Dims checked_bins(const Tensor& x, ops::Tensors edges) {
  Dims bins;
  int64_t all = 1;
  for (size_t d = 0; d < edges.size(); ++d) {
    const Tensor& e = edges[d];
    check(
        e->dtype == x->dtype,
        "torch.histogramdd: input tensor and bins tensors should have the same dtype, but got input with dtype ",
        name_of(x->dtype), " and bins for dimension ", d, " with dtype ", name_of(e->dtype));
    check(e->ndim == 1, "torch.histogramdd: bins tensor should have one dimension, but got ", int(e->ndim),
          " dimensions in the bins tensor for dimension ", d);
    check(
        e->numel > 0,
        "torch.histogramdd: bins tensor should have at least 1 element, but got 0 elements in the bins tensor for "
        "dimension ",
        d);
    check(e->numel > 1, "torch.histogram(): bins must be > 0, but got ", e->numel - 1, " for dimension ", d);
    bins.push_back(e->numel - 1);
    all = checked_mul(all, e->numel - 1);
  }
  return bins;
}

// Counts of each bin become shares of all, for each unit of volume.
Tensor density_of(const Tensor& counts, ops::Tensors edges) {
  Tensor y = ops::div(counts, Operand(ops::sum(counts)));
  for (size_t d = 0; d < edges.size(); ++d) {
    const int64_t n = edges[d]->numel;
    Dims sizes(int64_t(edges.size()), 1);
    sizes[int64_t(d)] = n - 1;
    Tensor e = ops::to(edges[d], Dtype::F64);
    y = ops::div(y, Operand(ops::reshape(
                        ops::sub(ops::slice(e, 0, 1, n), Operand(ops::slice(e, 0, 0, n - 1))), sizes)));
  }
  return y;
}

Tensor counted(const Tensor& x, ops::Tensors edges, const Tensor& weight, bool even, bool density) {
  check_points(x, weight);
  check(int64_t(edges.size()) == x->size(x->ndim - 1), "torch.histogramdd: expected ", x->size(x->ndim - 1),
        " sequences of bin edges for a ", x->size(x->ndim - 1), "-dimensional histogram but got ",
        edges.size());
  const Dims bins = checked_bins(x, edges);
  Tensor y;
  {
    NoGrad off;
    std::vector<Tensor> dense;
    for (const Tensor& e : edges) dense.push_back(raw::contiguous(e));
    const Tensor w = weight ? raw::contiguous(weight) : weight;
    if (edges.empty()) {
      y = zeros(bins, Dtype::F64, x->device);
    } else {
      y = empty(bins, Dtype::F64, x->device);
      group_kernels(y).histogram(*raw::contiguous(x), {dense, even}, w.get(), *y);
    }
    if (density) y = density_of(y, edges);
    y = raw::cast(y, x->dtype);
  }
  return apply_from(NoDerivative{"histogramdd"}, std::move(y), x, weight);
}

std::tuple<Tensor, Tensor> histogram(const Tensor& x, const Tensor& edges, const Tensor& weight, bool even,
                                     bool density) {
  const Tensor points = ops::reshape(x, Dims{x->numel, 1});
  const Tensor w = weight ? ops::reshape(weight, Dims{weight->numel}) : weight;
  return {counted(points, std::span(&edges, 1), w, even, density), ops::clone(edges)};
}

[[maybe_unused]] const auto defs = {
    def<counted>("histogramdd(Tensor self, Tensor[] edges, Tensor? weight=None, bool even=False, bool "
                 "density=False) -> Tensor",
                 kHidden, "How many rows of self, or what weight of them, lie in each bin of a grid."),
    def<histogram>(
        "histogram(Tensor self, Tensor edges, Tensor? weight=None, bool even=False, bool density=False) "
        "-> (Tensor hist, Tensor bin_edges)",
        kHidden | kOut, "How many elements, or what weight of them, lie between each two edges."),
};

}  // namespace
}  // namespace adjoint
