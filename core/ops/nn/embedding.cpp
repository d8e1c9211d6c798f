// Rows of a table by index, their gradient, renorming of the rows that are used, and one_hot.
#include "ops/nn/embedding.h"
#include <algorithm>
#include <unordered_map>
#include "autograd/door.h"
#include "device/host_values.h"
#include "ops/nn/reduction.h"
#include "ops/raw.h"

namespace adjoint {

Tensor checked_rows(const Tensor& index, int64_t rows, const char* op, ErrorKind kind) {
  check(
      index->dtype == Dtype::I64 || index->dtype == Dtype::I32,
      "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got "
      "torch.",
      label_of(index->dtype), "Tensor instead (while checking arguments for ", op, ")");
  const Tensor i = raw::contiguous(raw::cast(index, Dtype::I64));
  if (const auto at = backend(i).embedding->outside(*i, rows)) [[unlikely]] {
    const Dims place = place_of(*i, *at);
    const int64_t bad = item_at(*i, i->byte_offset + *at * 8).to_int();
    const std::string help = str("index ", bad, " at ", place, " is outside of a table of ", rows, " rows",
                                 bad < 0 ? "; negative ones are not taken here" : "");
    if (kind == ErrorKind::Index) fail_with(help, kind, "index out of range in self");
    fail_with(help, kind, "Index ", *at, " of input takes value ", bad,
              " which is not in the valid range [0, ", rows, ")");
  }
  return i;
}

void refuse_sparse(bool sparse, const char* op) {
  if (sparse)
    fail(
        ErrorKind::NotImplemented, op,
        ": sparse=True asks for a gradient in a sparse tensor, which Adjoint does not have; with sparse=False the "
        "gradient has the same values in a dense one");
}

Tensor inverse_frequencies(const Tensor& index, Dtype dtype) {
  if (!has_values(index)) return empty(index->sizes(), dtype, index->device);
  HostElements<int64_t> at(index);
  std::unordered_map<int64_t, int64_t> counts;
  for (int64_t i : at) ++counts[i];
  HostTensor<double> inverse(index->sizes());
  for (int64_t k = 0; k < at.size(); ++k) inverse[k] = 1 / double(counts[at[k]]);
  return raw::cast(inverse.on(index->device), dtype);
}

Tensor summed_rows(const Tensor& g, const RowSums& r, int64_t rows, int64_t width) {
  // Halves are summed as floats; of complex numbers, whose parts lie side by side, twice as many reals are.
  if (is_complex(g->dtype)) {
    const Tensor parts = ops::view_as_real(raw::contiguous(g));
    return ops::view_as_complex(ops::view(summed_rows(parts, r, rows, 2 * width), Dims{rows, width, 2}));
  }
  const Dtype d = g->dtype == Dtype::F64 ? Dtype::F64 : Dtype::F32;
  const Tensor from = raw::contiguous(raw::cast(g, d));
  Tensor gx = empty(Dims{rows, width}, d, g->device);
  backend(gx).embedding->sum_rows(r, *from, *gx);
  return raw::cast(gx, g->dtype);
}

namespace {

Tensor embedded(const Tensor& weight, const Tensor& index, int64_t padding_idx, bool by_frequency);

// The gradient of a table: each row the sum of the cotangents of its uses. Linear in them.
struct EmbeddingDense {
  static constexpr const char *name = "embedding_dense_backward", *node = "EmbeddingDenseBackwardBackward0";
  SavedTensor indices;
  int64_t num_weights, padding_idx;
  bool scale_grad_by_freq;
  Tensor forward(const Tensor& g) {
    NoGrad off;
    const Tensor i = raw::contiguous(raw::cast(indices.raw(), Dtype::I64));
    Tensor scale;
    if (scale_grad_by_freq) scale = inverse_frequencies(i, g->dtype == Dtype::F64 ? Dtype::F64 : Dtype::F32);
    return summed_rows(g, {*i, nullptr, scale.get(), padding_idx}, num_weights, g->size(g->ndim - 1));
  }
  static constexpr const char* rule = "gg = g[indices], 0 at padding_idx";
  void vjp(Backward& b) {
    const Tensor i = indices.get(b.node);
    Tensor g = embedded(b.grad(), i, padding_idx, scale_grad_by_freq);
    if (scale_grad_by_freq) g = ops::mul(g, ops::unsqueeze(inverse_frequencies(i, g->dtype), -1));
    b.gx[0] =
        padding_idx < 0 ? g : ops::masked_fill(g, ops::unsqueeze(ops::eq(i, double(padding_idx)), -1), 0);
  }
  void fields(auto& f) {
    f("indices", indices);
    f("padding_idx", padding_idx);
    f("scale_grad_by_freq", scale_grad_by_freq);
  }
};

struct Embedding {
  static constexpr const char *name = "embedding", *node = "EmbeddingBackward0";
  SavedTensor indices;
  int64_t padding_idx;
  bool scale_grad_by_freq;
  Dims sizes = {};
  Tensor forward(const Tensor& weight) {
    const Tensor& index = indices.raw();
    const Tensor i = checked_rows(index, weight->size(0), name, ErrorKind::Index),
                 w = raw::contiguous(weight);
    Dims shape(index->sizes());
    shape.push_back(weight->size(1));
    Tensor y = empty(shape, weight->dtype, weight->device);
    if (y->numel) backend(y).select(*w, 0, *i, *y);
    return y;
  }
  static constexpr const char* rule = "gweight[i] = sum of g over the uses of row i, 0 for padding_idx";
  void vjp(Backward& b) {
    b.gx[0] = apply(EmbeddingDense{indices.get(b.node), sizes[0], padding_idx, scale_grad_by_freq}, b.grad());
  }
  void fields(auto& f) {
    f("indices", indices);
    f("padding_idx", padding_idx);
    f("scale_grad_by_freq", scale_grad_by_freq);
    f("sparse", false);
    f("weight_sym_argsize_0", [&] { return sizes[0]; });
    f(nullptr, sizes, input(0));
  }
};

Tensor embedded(const Tensor& weight, const Tensor& index, int64_t padding_idx, bool by_frequency) {
  CommonDevice device;
  device.add(*weight);
  device.add(*index);
  return apply(Embedding{index, padding_idx, by_frequency}, weight);
}

Tensor embedding(const Tensor& weight, const Tensor& index, int64_t padding_idx, bool by_frequency,
                 bool sparse) {
  check(weight->ndim == 2, "'weight' must be 2-D");
  refuse_sparse(sparse && needs_record(weight), "embedding");
  return embedded(weight, index, padding_idx, by_frequency);
}

struct Renorm {
  static constexpr const char *name = "embedding_renorm_", *node = "EmbeddingRenormBackward0";
  static constexpr const char* rule = "not implemented";
  void vjp(Backward&) {
    fail(ErrorKind::NotImplemented, "the derivative for 'embedding_renorm_' is not implemented");
  }
};
// Rows that are used and longer than max_norm are scaled down to it, once each.
Tensor embedding_renorm_(const Tensor& weight, const Tensor& index, double max_norm, double norm_type) {
  check(weight->ndim == 2, "'self' must be 2-D");
  if (!is_floating(weight->dtype)) fail_dtype("embedding_renorm_cpu_", weight->dtype);
  const Tensor i = checked_rows(index, weight->size(0), "embedding_renorm_", ErrorKind::Index);
  return apply_inplace(Renorm{}, weight, "embedding_renorm_", [&] {
    if (!has_values(i) || weight->numel == 0) return;
    NoGrad off;
    const HostElements<int64_t> used(i);
    std::vector<int64_t> distinct(used.begin(), used.end());
    std::sort(distinct.begin(), distinct.end());
    distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
    HostTensor<int64_t> host(Dims{int64_t(distinct.size())});
    std::copy(distinct.begin(), distinct.end(), host.data());
    const Tensor at = host.on(weight->device), w = adjoint::detach(weight),
                 rows = ops::index_select(w, 0, at);
    const int64_t dim = 1;
    const Tensor norm = ops::vector_norm(rows, norm_type, Ints(&dim, 1), true);
    const Tensor scaled = ops::mul(rows, ops::div(ops::full_like(norm, max_norm), ops::add(norm, 1e-7)));
    ops::index_put_(w, std::span(&at, 1), ops::where(ops::gt(norm, max_norm), scaled, rows));
  });
}

// nn.functional's order of arguments, checks, and max_norm.
Tensor nn_embedding(const Tensor& index, const Tensor& weight, std::optional<int64_t> padding_idx,
                    std::optional<double> max_norm, double norm_type, bool by_frequency, bool sparse) {
  check(weight->ndim == 2, "'weight' must be 2-D");
  const int64_t rows = weight->size(0), padding = padding_idx.value_or(-1);
  if (padding_idx)
    check_as(padding < rows && padding >= -rows, ErrorKind::Value,
             "Padding_idx must be within num_embeddings");
  if (max_norm) embedding_renorm_(adjoint::detach(weight), index, *max_norm, norm_type);
  return embedding(weight, index, padding_idx && padding < 0 ? padding + rows : padding, by_frequency,
                   sparse);
}

Tensor one_hot(const Tensor& index, int64_t classes) {
  check(index->dtype == Dtype::I64, "one_hot is only applicable to index tensor of type LongTensor.");
  Dims sizes(index->sizes());
  if (index->numel == 0) {
    check(classes > 0, "Can not infer total number of classes from empty tensor.");
    sizes.push_back(classes);
    return zeros(sizes, Dtype::I64, index->device);
  }
  check(classes != -1 || has_values(index), "Tensor.item() cannot be called on meta tensors");
  const Tensor i = raw::contiguous(index);
  if (classes == -1) classes = item(ops::add(ops::amax(i, Ints()), 1)).to_int();
  if (has_values(i)) {
    if (const auto at = backend(i).embedding->outside(*i, std::max<int64_t>(classes, 0))) {
      const int64_t bad = item_at(*i, i->byte_offset + *at * 8).to_int();
      fail_with(
          str("class ", bad, " at ", place_of(*i, *at), " of ", classes, " classes"), ErrorKind::Runtime,
          bad < 0 ? "Class values must be non-negative." : "Class values must be smaller than num_classes.");
    }
  }
  sizes.push_back(classes);
  const Tensor places = ops::unsqueeze(i, -1);
  return ops::scatter(zeros(sizes, Dtype::I64, index->device), -1, places, ops::ones_like(places));
}

[[maybe_unused]] const auto definitions = {
    def<nn_embedding>(
        "embedding(Tensor input, Tensor weight, int? padding_idx=None, float? max_norm=None, float "
        "norm_type=2.0, bool scale_grad_by_freq=False, bool sparse=False) -> Tensor",
        kNN, "The rows of weight that input names."),
    def<embedding>(
        "embedding(Tensor weight, Tensor indices, int padding_idx=-1, bool scale_grad_by_freq=False, bool "
        "sparse=False) -> Tensor",
        kFunction),
    def<embedding_renorm_>(
        "embedding_renorm_(Tensor self, Tensor indices, float max_norm, float norm_type) -> Tensor",
        kFunction, "Scales rows that indices name down to max_norm where they are longer, in place."),
    def<one_hot>("one_hot(Tensor self, int num_classes=-1) -> Tensor", kNN,
                 "A vector for each class number: 1 at its place, 0 elsewhere."),
};

}  // namespace
}  // namespace adjoint
