// Bags of rows: sums, means or maxima over runs of indices, without the rows in memory.
#include "autograd/door.h"
#include "device/host_values.h"
#include "ops/nn/embedding.h"
#include "ops/raw.h"

namespace adjoint {
namespace {

constexpr const char* kName = "embedding_bag";

// Where each bag begins, and where the last one ends: int64, one more than there are bags.
Tensor checked_starts(const Tensor& offsets, int64_t count, bool include_last) {
  check(
      offsets->dtype == Dtype::I64 || offsets->dtype == Dtype::I32,
      "Expected tensor for argument #1 'offsets' to have one of the following scalar types: Long, Int; but got torch.",
      label_of(offsets->dtype), "Tensor instead (while checking arguments for embedding_bag)");
  check(offsets->ndim == 1, "offsets has to be a 1D Tensor, but got Tensor of dimension ",
        int(offsets->ndim));
  const int64_t given = offsets->numel;
  check(!include_last || given >= 1, "include_last_offset: number of offset should be at least 1");
  const int64_t bags = include_last ? given - 1 : given;
  if (!has_values(offsets)) return empty(Dims{bags + 1}, Dtype::I64, offsets->device);
  const Tensor as_int64 = raw::cast(offsets, Dtype::I64);
  const HostElements<int64_t> at(as_int64);
  HostTensor<int64_t> starts(Dims{bags + 1});
  if (given)
    check(
        at[0] == 0,
        "offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position 0. However, "
        "got ",
        at[0]);
  if (given)
    check(at[given - 1] <= count, "offsets[-1] can not be greater than input's length ", count,
          " but got offsets[-1] of ", at[given - 1]);
  for (int64_t b = 0; b < given; ++b) {
    check(b == 0 || at[b] >= at[b - 1], "offsets have to ascend, but offsets[", b, "] is ", at[b],
          " and the one before it ", b ? at[b - 1] : 0);
    if (b < bags) starts[b] = at[b];
  }
  starts[bags] = include_last ? at[given - 1] : count;
  return starts.on(offsets->device);
}

// The bag of each index.
Tensor bags_of(const Tensor& starts, int64_t count) {
  if (!has_values(starts)) return empty(Dims{count}, Dtype::I64, starts->device);
  const HostElements<int64_t> at(starts);
  HostTensor<int64_t> bag(Dims{count});
  for (int64_t b = 0; b + 1 < at.size(); ++b)
    for (int64_t k = at[b]; k < at[b + 1]; ++k) bag[k] = b;
  // Indices behind the last bag, which include_last_offset may leave, belong to none: to the last, with no weight.
  for (int64_t k = at[at.size() - 1]; k < count; ++k) bag[k] = std::max<int64_t>(at.size() - 2, 0);
  return bag.on(starts->device);
}

// Out, the bag of each index, how many rows each bag has, and of maxima the row of each. Inputs: weight and, or null,
// per_sample_weights.
struct EmbeddingBag {
  static constexpr const char *name = kName, *node = "EmbeddingBagBackward0";
  Bag mode;
  int64_t padding_idx;
  bool scale_grad_by_freq;
  SavedTensor indices, offsets;
  SavedTensor weight_ = {}, scale_ = {}, bag_ = {}, count_ = {}, largest_ = {};
  Dims sizes = {};
  static constexpr const char* rule =
      "gweight[i] = sum of g of the bags of row i; gscale[k] = g[bag]·weight[i]";
  void vjp(Backward& b);
  Tensor weight_rule(const Tensor& g, const Tensor& index, const Tensor& bag, const Tensor& scale,
                     Backward& b);
  void fields(auto& f) {
    f("indices", indices);
    f("mode", int64_t(mode));
    f("offsets", offsets);
    f("padding_idx", padding_idx);
    f("per_sample_weights", scale_, input(1));
    f("result1", bag_, output(1));
    f("result2", count_, output(2));
    f("result3", largest_, output(3));
    f("scale_grad_by_freq", scale_grad_by_freq);
    f("sparse", false);
    f("weight", weight_, input(0).if_edge(1));
    f("weight_sym_argsize_0", [&] { return sizes[0]; });
    f(nullptr, sizes, input(0));
  }
};

// What each index's row has of its bag's cotangent, as a factor; null: 1.
Tensor factors(const Tensor& index, const Tensor& bag, const Tensor& count, const Tensor& scale, Bag mode,
               bool by_frequency, Dtype dtype) {
  Tensor f = scale;
  auto times = [&](const Tensor& t) { f = f ? ops::mul(f, t) : t; };
  if (mode == Bag::Mean)
    times(ops::reciprocal(ops::index_select(ops::to(ops::clamp(count, Operand(1), {}), dtype), 0, bag)));
  if (by_frequency) times(inverse_frequencies(index, dtype));
  return f;
}

Tensor EmbeddingBag::weight_rule(const Tensor& g, const Tensor& index, const Tensor& bag, const Tensor& scale,
                                 Backward& b) {
  const int64_t rows = sizes[0], width = sizes[1];
  if (mode == Bag::Max) {
    const Tensor largest = largest_.get(b.node), count = count_.get(b.node);
    const Tensor filled = ops::masked_fill(g, ops::unsqueeze(ops::eq(count, 0), -1), 0);
    return ops::scatter_add(zeros(sizes, g->dtype, g->device), 0, largest, filled);
  }
  const Tensor factor = factors(index, bag, count_.get(b.node), scale, mode, scale_grad_by_freq, g->dtype);
  if (!grad_enabled()) {
    const Dtype d = g->dtype == Dtype::F64 ? Dtype::F64 : Dtype::F32;
    const Tensor wide = factor ? raw::contiguous(raw::cast(factor, d)) : factor;
    return summed_rows(g, {*index, bag.get(), wide.get(), padding_idx}, rows, width);
  }
  Tensor each = ops::index_select(g, 0, bag);
  if (factor) each = ops::mul(each, ops::unsqueeze(factor, -1));
  if (padding_idx >= 0)
    each = ops::masked_fill(each, ops::unsqueeze(ops::eq(index, double(padding_idx)), -1), 0);
  return ops::index_add(zeros(sizes, g->dtype, g->device), 0, index, each);
}

void EmbeddingBag::vjp(Backward& b) {
  const Tensor& g = b.g[0];
  if (!g) return;
  const Tensor index = indices.get(b.node), bag = bag_.get(b.node), scale = scale_.get(b.node);
  if (b.needs(0)) b.gx[0] = weight_rule(g, index, bag, scale, b);
  if (!b.needs(1)) return;
  const int64_t dim = 1;
  const Tensor rows = ops::index_select(weight_.get(b.node), 0, index);
  const Tensor each = ops::sum(ops::mul(rows, ops::index_select(g, 0, bag)), Ints(&dim, 1));
  b.gx[1] = padding_idx < 0 ? each : ops::masked_fill(each, ops::eq(index, double(padding_idx)), 0);
}

using Four = std::tuple<Tensor, Tensor, Tensor, Tensor>;

// Halves are computed as floats.
Tensor fill(const Tensor& weight, const Tensor& index, const Tensor& starts, const Tensor& scale, Bag mode,
            int64_t padding, const Tensor& counts, const Tensor& largest) {
  const int64_t bags = starts->numel - 1, width = weight->size(1);
  const Dtype d = weight->dtype == Dtype::F64 ? Dtype::F64 : Dtype::F32;
  const Tensor w = raw::contiguous(raw::cast(weight, d));
  const Tensor s = scale ? raw::contiguous(raw::cast(scale, d)) : scale;
  Tensor y = empty(Dims{bags, width}, d, weight->device);
  if (bags)
    backend(y).embedding->fill_bags({*index, *starts, s.get(), padding, mode}, *w, *y, *counts,
                                    largest.get());
  return raw::cast(y, weight->dtype);
}

Four embedding_bag(const Tensor& weight, const Tensor& indices, const Tensor& offsets, bool by_frequency,
                   int64_t mode, bool sparse, const Tensor& scale, bool include_last,
                   std::optional<int64_t> padding_idx) {
  check(mode >= 0 && mode <= 2, "embedding_bag: mode has to be 0 (sum), 1 (mean) or 2 (max), got ", mode);
  check(
      is_floating(weight->dtype),
      "Expected tensor for argument #1 'weight' to have one of the following scalar types: Half, BFloat16, Float, "
      "Double; but got torch.",
      label_of(weight->dtype), "Tensor instead (while checking arguments for embedding_bag)");
  check(weight->ndim == 2, "weight has to be a 2D Tensor, but got Tensor of dimension ", int(weight->ndim));
  check(indices->ndim == 1, "input has to be a 1D Tensor, but got Tensor of dimension ", int(indices->ndim));
  refuse_sparse(sparse && needs_record(weight), kName);
  const int64_t rows = weight->size(0), given = padding_idx.value_or(-1);
  check(!padding_idx || (given >= -rows && given < rows),
        "padding_idx must be within the number of embeddings, ", -rows, " through ", rows - 1, ", but got ",
        given);
  const int64_t padding = padding_idx && given < 0 ? given + rows : given;
  if (scale) {
    check(mode == 0,
          "embedding_bag: per_sample_weights was not None. per_sample_weights is only supported for "
          "mode='sum' (got mode=",
          mode, ")");
    check(scale->dtype == weight->dtype,
          "Expected tensor for argument #1 'weight' to have the same type as tensor for argument #1 "
          "'per_sample_weights'; but type ",
          label_of(weight->dtype), " does not equal ", label_of(scale->dtype),
          " (while checking arguments for embedding_bag)");
    check(scale->ndim == 1 && scale->numel == indices->numel,
          "embedding_bag: per_sample_weights has to have the shape of input, ", indices->sizes(), ", got ",
          scale->sizes());
  }
  const Tensor index = checked_rows(indices, rows, kName, ErrorKind::Runtime);
  const Tensor starts = checked_starts(offsets, index->numel, include_last);
  const int64_t bags = starts->numel - 1;
  const Bag how = Bag(mode);
  Tensor counts = empty(Dims{bags}, Dtype::I64, weight->device), largest = counts;
  if (how == Bag::Max) largest = empty(Dims{bags, weight->size(1)}, Dtype::I64, weight->device);
  const Tensor y =
      fill(weight, index, starts, scale, how, padding, counts, how == Bag::Max ? largest : Tensor());
  const Tensor bag = bags_of(starts, index->numel);
  const Tensor inputs[] = {weight, scale};
  auto made = apply_multi(EmbeddingBag{how, padding, by_frequency, index, starts}, inputs,
                          std::array{y, bag, counts, how == Bag::Max ? largest : raw::clone(counts)}, 1);
  return {made[0], made[1], made[2], made[3]};
}

[[maybe_unused]] const auto definitions = {
    def<embedding_bag>(
        "embedding_bag(Tensor weight, Tensor indices, Tensor offsets, bool scale_grad_by_freq=False, int mode=0, bool "
        "sparse=False, Tensor? per_sample_weights=None, bool include_last_offset=False, int? padding_idx=None) -> "
        "(Tensor, Tensor, Tensor, Tensor)",
        kFunction,
        "Sums, means or maxima of the rows in each bag; the bag of each index, the bags' sizes, and the rows of maxima."),
};

}  // namespace
}  // namespace adjoint
