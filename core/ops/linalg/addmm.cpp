// Products added to a tensor: beta · x + alpha · (a b), for matrices, vectors and batches.
#include "ops/linalg/products.h"

namespace adjoint {
namespace {

// beta · x, broadcast into fresh memory that a product is then added to. With beta = 0 x is not read: its
// NaNs vanish.
Tensor start(const Tensor& x, Ints sizes, const Scalar& beta) {
  if (!equal(x->sizes(), sizes)) ops::expand(alias(x), sizes);  // refuses in expand's words
  Tensor y = empty(sizes, x->dtype, x->device);
  if (!beta.equals(0)) raw::copy(y, x);
  return y;
}

void check_types(const Tensor& x, const Tensor& a, const Tensor& b) {
  check(a->dtype == b->dtype, "expected m1 and m2 to have the same dtype, but got: ", name_of(a->dtype),
        " != ", name_of(b->dtype));
  check(x->dtype == b->dtype, "self and mat2 must have the same dtype, but got ", label_of(x->dtype), " and ",
        label_of(b->dtype));
  check_matrix_dtype(a->dtype);
}
void check_numbers(Dtype d, const Scalar& beta, const Scalar& alpha) {
  bool whole = category_of(d) <= Category::Integer;
  check(!whole || beta.is_integral(),
        "For integral input tensors, argument beta must not be a floating point number.");
  check(!whole || alpha.is_integral(),
        "For integral input tensors, argument alpha must not be a floating point number.");
}
void check_shapes(const Tensor& a, const Tensor& b) {
  check(a->ndim == 2, "mat1 must be a matrix, got ", int(a->ndim), "-D tensor");
  check(b->ndim == 2, "mat2 must be a matrix, got ", int(b->ndim), "-D tensor");
  check_inner_sizes(a, b);
}
void check_batches(const Tensor& a, const Tensor& b) {
  check(a->ndim == 3, "batch1 must be a 3D tensor");
  check(b->ndim == 3, "batch2 must be a 3D tensor");
  check_batch_sizes(a, b);
}

// What all of them save: the factors, where the other one needs a gradient, and the two numbers.
struct AddProduct {
  Scalar beta, alpha;
  SavedTensor a_ = {}, b_ = {};
  Dims sizes = {};
  Tensor for_x(const Tensor& g) const { return ops::sum_to(scaled(g, beta.conj()), sizes); }
  Tensor for_factor(const Tensor& g) const { return scaled(g, alpha.conj()); }
  void keep(auto& f, const char* a, const char* b) {
    f(a, a_, input(1).if_edge(2));
    f(b, b_, input(2).if_edge(1));
    f("alpha", alpha);
    f("beta", beta);
    f(nullptr, sizes, input(0));
  }
};

struct Addmm : AddProduct {
  static constexpr const char *name = "addmm", *node = "AddmmBackward0";
  Tensor forward(const Tensor& x, const Tensor& a, const Tensor& b) {
    const int64_t sizes[2] = {a->size(0), b->size(1)};
    Tensor y = start(x, Ints(sizes, 2), beta);
    gemm_into(y, a, b, alpha, beta);
    return y;
  }
  static constexpr const char* rule = "gx = beta·g; ga = alpha·g·bᵀ; gb = alpha·aᵀ·g";
  void vjp(Backward& w) {
    const Tensor& g = w.grad();
    if (w.needs(0)) w.gx[0] = for_x(g);
    if (w.needs(1)) w.gx[1] = for_factor(mm_right_adjoint(g, b_.get(w.node)));
    if (w.needs(2)) w.gx[2] = for_factor(mm_left_adjoint(a_.get(w.node), g));
  }
  void fields(auto& f) { keep(f, "mat1", "mat2"); }
};

struct Baddbmm : AddProduct {
  static constexpr const char *name = "baddbmm", *node = "BaddbmmBackward0";
  Tensor forward(const Tensor& x, const Tensor& a, const Tensor& b) {
    const int64_t sizes[3] = {a->size(0), a->size(1), b->size(2)};
    Tensor y = start(x, Ints(sizes, 3), beta);
    gemm_into(y, a, b, alpha, beta);
    return y;
  }
  static constexpr const char* rule = "gx = beta·g; ga = alpha·g·bᵀ; gb = alpha·aᵀ·g";
  void vjp(Backward& w) {
    const Tensor& g = w.grad();
    if (w.needs(0)) w.gx[0] = for_x(g);
    if (w.needs(1)) w.gx[1] = for_factor(bmm_right_adjoint(g, b_.get(w.node)));
    if (w.needs(2)) w.gx[2] = for_factor(bmm_left_adjoint(a_.get(w.node), g));
  }
  void fields(auto& f) { keep(f, "batch1", "batch2"); }
};

Tensor matrix_of(const Tensor& x, int64_t batch) {
  const int64_t sizes[2] = {x->size(1), x->size(2)}, strides[2] = {x->stride(1), x->stride(2)};
  return alias(x, Ints(sizes, 2), Ints(strides, 2),
               x->byte_offset + batch * x->stride(0) * int64_t(x->itemsize()));
}

struct Addbmm : AddProduct {  // the batch is summed over
  static constexpr const char *name = "addbmm", *node = "AddbmmBackward0";
  Tensor forward(const Tensor& x, const Tensor& a, const Tensor& b) {
    const int64_t sizes[2] = {a->size(1), b->size(2)};
    Tensor y = start(x, Ints(sizes, 2), beta);
    if (a->size(0) == 0) {
      if (beta.equals(0))
        raw::zero(y);
      else if (!beta.equals(1))
        return ops::mul(y, beta);
      return y;
    }
    for (int64_t i = 0; i < a->size(0); ++i)
      gemm_into(y, matrix_of(a, i), matrix_of(b, i), alpha, i ? Scalar(1) : beta);
    return y;
  }
  static constexpr const char* rule = "gx = beta·g; ga[i] = alpha·g·b[i]ᵀ; gb[i] = alpha·a[i]ᵀ·g";
  void vjp(Backward& w) {
    const Tensor& g = w.grad();
    if (w.needs(0)) w.gx[0] = for_x(g);
    auto repeated = [&](const Tensor& batch) {
      return ops::expand(g, Dims{batch->size(0), g->size(0), g->size(1)});
    };
    if (w.needs(1)) {
      Tensor b = b_.get(w.node);
      w.gx[1] = for_factor(bmm_right_adjoint(repeated(b), b));
    }
    if (w.needs(2)) {
      Tensor a = a_.get(w.node);
      w.gx[2] = for_factor(bmm_left_adjoint(a, repeated(a)));
    }
  }
  void fields(auto& f) { keep(f, "batch1", "batch2"); }
};

struct Addmv : AddProduct {
  static constexpr const char *name = "addmv", *node = "AddmvBackward0";
  Tensor forward(const Tensor& x, const Tensor& a, const Tensor& v) {
    Tensor y = start(x, a->sizes().first(1), beta);
    const int64_t rows[2] = {a->size(0), 1}, cols[2] = {v->size(0), 1}, strides[2] = {v->stride(0), 1};
    Tensor column = alias(y, Ints(rows, 2), contiguous_strides(Ints(rows, 2)), y->byte_offset);
    gemm_into(column, a, alias(v, Ints(cols, 2), Ints(strides, 2), v->byte_offset), alpha, beta);
    return y;
  }
  static constexpr const char* rule = "gx = beta·g; ga = alpha·outer(g, b); gb = alpha·aᵀ·g";
  void vjp(Backward& w) {
    const Tensor& g = w.grad();
    if (w.needs(0)) w.gx[0] = for_x(g);
    if (w.needs(1)) w.gx[1] = for_factor(ops::outer(g, conj_of(b_.get(w.node))));
    if (w.needs(2)) w.gx[2] = for_factor(ops::mv(conj_of(ops::transpose(a_.get(w.node), 0, 1)), g));
  }
  void fields(auto& f) { keep(f, "mat", "vec"); }
};

struct Addr : AddProduct {
  static constexpr const char *name = "addr", *node = "AddrBackward0";
  Tensor forward(const Tensor& x, const Tensor& a, const Tensor& b) {
    const int64_t sizes[2] = {a->size(0), b->size(0)}, ra[2] = {a->size(0), 1}, sa[2] = {a->stride(0), 1},
                  rb[2] = {1, b->size(0)}, sb[2] = {1, b->stride(0)};
    if (alpha.equals(0)) {  // 0 · NaN stays NaN here, which a product kernel would skip
      NoGrad off;
      Tensor product = ops::mul(ops::mul(ops::unsqueeze(a, 1), b), alpha);
      return beta.equals(0) ? product : ops::add(product, scaled(x, beta));
    }
    Tensor y = start(x, Ints(sizes, 2), beta);
    gemm_into(y, alias(a, Ints(ra, 2), Ints(sa, 2), a->byte_offset),
              alias(b, Ints(rb, 2), Ints(sb, 2), b->byte_offset), alpha, beta);
    return y;
  }
  static constexpr const char* rule = "gx = beta·g; ga = alpha·g·b; gb = alpha·gᵀ·a";
  void vjp(Backward& w) {
    const Tensor& g = w.grad();
    if (w.needs(0)) w.gx[0] = for_x(g);
    if (w.needs(1)) w.gx[1] = for_factor(ops::mv(g, conj_of(b_.get(w.node))));
    if (w.needs(2)) w.gx[2] = for_factor(ops::mv(ops::transpose(g, 0, 1), conj_of(a_.get(w.node))));
  }
  void fields(auto& f) { keep(f, "vec1", "vec2"); }
};

Tensor addbmm(const Tensor& x, const Tensor& a, const Tensor& b, const Scalar& beta, const Scalar& alpha) {
  check_batches(a, b);
  check_types(x, a, b);
  return apply(Addbmm{{beta, alpha}}, x, a, b);
}

Tensor addmv(const Tensor& x, const Tensor& a, const Tensor& v, const Scalar& beta, const Scalar& alpha) {
  check(a->ndim == 2 && v->ndim == 1 && x->ndim <= 1, "vector + matrix @ vector expected, got ", int(x->ndim),
        ", ", int(a->ndim), ", ", int(v->ndim));
  check(a->size(1) == v->size(0) && (x->numel == a->size(0) || x->numel == 1), "size mismatch, got input (",
        x->numel, "), mat (", a->size(0), "x", a->size(1), "), vec (", v->size(0), ")");
  check(a->dtype == v->dtype && x->dtype == v->dtype,
        "addmv input tensors must have the same dtype, but got ", label_of(x->dtype), ", ",
        label_of(a->dtype), ", and ", label_of(v->dtype));
  return apply(Addmv{{beta, alpha}}, x, a, v);
}

Tensor addr(const Tensor& x, const Tensor& a, const Tensor& b, const Scalar& beta, const Scalar& alpha) {
  check(a->ndim == 1, "addr: Expected 1-D argument vec1, but got ", int(a->ndim), "-D");
  check(b->ndim == 1, "addr: Expected 1-D argument vec2, but got ", int(b->ndim), "-D");
  Dtype d = promote(promote(x->dtype, a->dtype), b->dtype);
  check_numbers(d, beta, alpha);
  if (d == Dtype::Bool) {  // logic: (x and beta) or (a and b and alpha)
    Tensor p = ops::logical_and(ops::logical_and(ops::unsqueeze(a, 1), b), alpha);
    return ops::logical_or(p, ops::logical_and(x, beta));
  }
  return apply(Addr{{beta, alpha}}, ops::to(x, d), ops::to(a, d), ops::to(b, d));
}

}  // namespace

namespace ops {
Tensor addmm(const Tensor& x, const Tensor& a, const Tensor& b, const Scalar& beta, const Scalar& alpha) {
  check_shapes(a, b);
  check_types(x, a, b);
  return apply(Addmm{{beta, alpha}}, x, a, b);
}
Tensor baddbmm(const Tensor& x, const Tensor& a, const Tensor& b, const Scalar& beta, const Scalar& alpha) {
  check_batches(a, b);
  check_types(x, a, b);
  return apply(Baddbmm{{beta, alpha}}, x, a, b);
}
}  // namespace ops

static const auto defs = {
    def<ops::addmm>(
        "addmm(Tensor self, Tensor mat1, Tensor mat2, *, Scalar beta=1, Scalar alpha=1) -> Tensor", kAll,
        "beta · self + alpha · (mat1 mat2)."),
    def<ops::baddbmm>(
        "baddbmm(Tensor self, Tensor batch1, Tensor batch2, *, Scalar beta=1, Scalar alpha=1) -> Tensor",
        kAll, "beta · self + alpha · (batch1 batch2), batch by batch."),
    def<addbmm>(
        "addbmm(Tensor self, Tensor batch1, Tensor batch2, *, Scalar beta=1, Scalar alpha=1) -> Tensor", kAll,
        "beta · self + alpha · Σ (batch1 batch2) over the batch."),
    def<addmv>("addmv(Tensor self, Tensor mat, Tensor vec, *, Scalar beta=1, Scalar alpha=1) -> Tensor",
               kAll | kInplaceFunction, "beta · self + alpha · (mat vec)."),
    def<addr>("addr(Tensor self, Tensor vec1, Tensor vec2, *, Scalar beta=1, Scalar alpha=1) -> Tensor", kAll,
              "beta · self + alpha · (vec1 vec2ᵀ)."),
};

}  // namespace adjoint
