// The operations as C++ functions, for the rules of other operations: one line each, grouped by the folder
// that holds them. All are differentiable: each goes through the one door (autograd/door.h).
#pragma once
#include <optional>
#include <span>
#include <vector>
#include "ops/registry.h"
#include "tensor/tensor.h"

namespace adjoint::ops {

using Tensors = std::span<const Tensor>;

// --- pointwise (ops/pointwise/) ---
Tensor add(const Tensor& a, const Operand& b, const Scalar& alpha = 1);
Tensor sub(const Tensor& a, const Operand& b, const Scalar& alpha = 1);
Tensor mul(const Tensor& a, const Operand& b);
Tensor div(const Tensor& a, const Operand& b);
Tensor pow(const Tensor& a, const Operand& b);
Tensor neg(const Tensor& x);
Tensor conj(const Tensor& x);
Tensor abs(const Tensor& x);
Tensor exp(const Tensor& x);
Tensor log(const Tensor& x);
Tensor sqrt(const Tensor& x);
Tensor sign(const Tensor& x);
Tensor sgn(const Tensor& x);
Tensor reciprocal(const Tensor& x);
Tensor square(const Tensor& x);
Tensor where(const Tensor& condition, const Operand& a, const Operand& b);
Tensor eq(const Tensor& a, const Operand& b);
Tensor ne(const Tensor& a, const Operand& b);
Tensor lt(const Tensor& a, const Operand& b);
Tensor le(const Tensor& a, const Operand& b);
Tensor gt(const Tensor& a, const Operand& b);
Tensor ge(const Tensor& a, const Operand& b);
Tensor logical_and(const Tensor& a, const Operand& b);
Tensor logical_or(const Tensor& a, const Operand& b);
Tensor logical_not(const Tensor& a);
Tensor isnan(const Tensor& x);
Tensor maximum(const Tensor& a, const Operand& b);
Tensor minimum(const Tensor& a, const Operand& b);
Tensor clamp(const Tensor& x, const std::optional<Operand>& min, const std::optional<Operand>& max);
Tensor masked_fill(const Tensor& x, const Tensor& mask, const Operand& value);

// --- views (ops/view/): results share the input's storage ---
Tensor view(const Tensor& x, Ints sizes);
Tensor view_dtype(const Tensor& x, Dtype dtype);
Tensor reshape(const Tensor& x, Ints sizes);  // a view where one exists, else a copy
Tensor expand(const Tensor& x, Ints sizes);
Tensor permute(const Tensor& x, Ints dims);
Tensor transpose(const Tensor& x, int64_t dim0, int64_t dim1);
Tensor t(const Tensor& x);
Tensor numpy_T(const Tensor& x);   // the attribute T
Tensor matrix_H(const Tensor& x);  // the attribute H
Tensor mT(const Tensor& x);
Tensor mH(const Tensor& x);
Tensor movedim(const Tensor& x, Ints source, Ints destination);
Tensor squeeze(const Tensor& x);
Tensor squeeze(const Tensor& x, int64_t dim);
Tensor squeeze(const Tensor& x, Ints dims);
Tensor unsqueeze(const Tensor& x, int64_t dim);
Tensor flatten(const Tensor& x, int64_t start_dim = 0, int64_t end_dim = -1);
Tensor select(const Tensor& x, int64_t dim, int64_t index);
Tensor slice(const Tensor& x, int64_t dim, int64_t start, int64_t end, int64_t step = 1);
Tensor narrow(const Tensor& x, int64_t dim, int64_t start, int64_t length);
Tensor unfold(const Tensor& x, int64_t dim, int64_t size, int64_t step);
Tensor as_strided(const Tensor& x, Ints sizes, Ints strides, std::optional<int64_t> storage_offset = {});
Tensor diagonal(const Tensor& x, int64_t offset = 0, int64_t dim1 = 0, int64_t dim2 = 1);
Tensor real(const Tensor& x);
Tensor imag(const Tensor& x);
Tensor view_as_real(const Tensor& x);
Tensor view_as_complex(const Tensor& x);
Tensor alias_view(const Tensor& x);  // AliasBackward0
std::vector<Tensor> unbind(const Tensor& x, int64_t dim = 0);
std::vector<Tensor> split(const Tensor& x, int64_t size, int64_t dim = 0);
std::vector<Tensor> split_with_sizes(const Tensor& x, Ints sizes, int64_t dim = 0);
std::vector<Tensor> chunk(const Tensor& x, int64_t chunks, int64_t dim = 0);
std::vector<Tensor> broadcast_tensors(Tensors xs);
Tensor atleast_1d(const Tensor& x);
Tensor atleast_2d(const Tensor& x);
Tensor atleast_3d(const Tensor& x);

// --- copies (ops/copy.cpp) ---
Tensor contiguous(const Tensor& x);
Tensor clone(const Tensor& x, MemoryFormat format = MemoryFormat::Preserve);
Tensor copy_(const Tensor& dst, const Tensor& src);  // in place, casting and broadcasting
Tensor to(const Tensor& x, Dtype dtype);             // x itself when it has the type already
Tensor to(const Tensor& x, Dtype dtype, Device device);
Tensor fill_(const Tensor& x, const Operand& value);
Tensor zero_(const Tensor& x);

// --- shapes (ops/shape/) ---
Tensor cat(Tensors xs, int64_t dim = 0);
Tensor stack(Tensors xs, int64_t dim = 0);
Tensor flip(const Tensor& x, Ints dims);
Tensor roll(const Tensor& x, Ints shifts, Ints dims);
Tensor repeat(const Tensor& x, Ints repeats);
Tensor tril(const Tensor& x, int64_t diagonal = 0);
Tensor triu(const Tensor& x, int64_t diagonal = 0);
Tensor diag_embed(const Tensor& x, int64_t offset = 0, int64_t dim1 = -2, int64_t dim2 = -1);
Tensor constant_pad(const Tensor& x, Ints pad, const Scalar& value = 0);

// --- creation (ops/creation/) ---
Tensor zeros_like(const Tensor& x);  // keeps a dense layout, as PyTorch's preserve_format
Tensor ones_like(const Tensor& x);
Tensor full_like(const Tensor& x, const Scalar& value);
Tensor arange(const Scalar& start, const Scalar& end, const Scalar& step, Dtype dtype,
              Device device = Device::Cpu);

// --- random (ops/random/) ---
Tensor uniform_(const Tensor& x, double from, double to);
Tensor normal_(const Tensor& x, double mean, double std);
Tensor bernoulli_(const Tensor& x, double p, Generator* g = nullptr);

// --- reductions and scans (ops/reduce/) ---
Tensor sum_to(const Tensor& g, Ints sizes);  // undoes a broadcast
Tensor sum(const Tensor& x);
Tensor sum(const Tensor& x, Ints dims, bool keepdim = false, std::optional<Dtype> dtype = {});
Tensor mean(const Tensor& x);
Tensor mean(const Tensor& x, Ints dims, bool keepdim = false);
Tensor prod(const Tensor& x);
Tensor prod(const Tensor& x, int64_t dim, bool keepdim = false);
Tensor amax(const Tensor& x, Ints dims, bool keepdim = false);
Tensor amin(const Tensor& x, Ints dims, bool keepdim = false);
Tensor any(const Tensor& x);
Tensor all(const Tensor& x);
Tensor logsumexp(const Tensor& x, Ints dims, bool keepdim = false);
Tensor cumsum(const Tensor& x, int64_t dim);
Tensor cumprod(const Tensor& x, int64_t dim);
Tensor vector_norm(const Tensor& x, double p, Ints dims, bool keepdim = false);
std::pair<Tensor, Tensor> max(const Tensor& x, int64_t dim, bool keepdim = false);
std::pair<Tensor, Tensor> min(const Tensor& x, int64_t dim, bool keepdim = false);
std::pair<Tensor, Tensor> sort(const Tensor& x, int64_t dim = -1, bool descending = false);
Tensor argmax(const Tensor& x, int64_t dim, bool keepdim = false);
Tensor softmax(const Tensor& x, int64_t dim);
Tensor log_softmax(const Tensor& x, int64_t dim);

// --- products (ops/linalg/) ---
Tensor mm(const Tensor& a, const Tensor& b);
Tensor bmm(const Tensor& a, const Tensor& b);
Tensor mv(const Tensor& a, const Tensor& v);
Tensor dot(const Tensor& a, const Tensor& b);
Tensor outer(const Tensor& a, const Tensor& b);
Tensor matmul(const Tensor& a, const Tensor& b);
Tensor addmm(const Tensor& x, const Tensor& a, const Tensor& b, const Scalar& beta = 1,
             const Scalar& alpha = 1);
Tensor baddbmm(const Tensor& x, const Tensor& a, const Tensor& b, const Scalar& beta = 1,
               const Scalar& alpha = 1);
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias = {});
Tensor einsum(std::string_view equation, Tensors xs);
Tensor tensordot(const Tensor& a, const Tensor& b, Ints dims_a, Ints dims_b);

// --- indexing (ops/index/) ---
Tensor index_select(const Tensor& x, int64_t dim, const Tensor& index);
Tensor index_add(const Tensor& x, int64_t dim, const Tensor& index, const Tensor& source);
Tensor gather(const Tensor& x, int64_t dim, const Tensor& index);
Tensor scatter(const Tensor& x, int64_t dim, const Tensor& index, const Tensor& source);
Tensor scatter_add(const Tensor& x, int64_t dim, const Tensor& index, const Tensor& source);
Tensor index(const Tensor& x, Tensors indices);  // a null tensor stands for `:`
Tensor index_put_(const Tensor& x, Tensors indices, const Tensor& values, bool accumulate = false);
Tensor masked_select(const Tensor& x, const Tensor& mask);
Tensor nonzero(const Tensor& x);

}  // namespace adjoint::ops
