// mm, bmm, mv, dot, vdot: the products that a kernel computes. The others are made of them.
#include "ops/linalg/products.h"
#include "device/backend.h"

namespace adjoint {

namespace {
Matrix matrix(const Tensor& x, bool transpose = false) {
  int d = x->ndim - 2;
  Matrix m{*x, x->stride(d), x->stride(d + 1), d ? x->stride(0) : 0};
  return transpose ? m.transposed() : m;
}
void check_same(const Tensor& a, const Tensor& b) {
  check(a->dtype == b->dtype, "expected m1 and m2 to have the same dtype, but got: ", name_of(a->dtype),
        " != ", name_of(b->dtype));
}
}  // namespace

// What would make a product of a and b, whose inner sizes differ.
static std::string what_fits(const TensorImpl& a, const TensorImpl& b) {
  const int64_t inner = a.size(a.ndim - 1), rows = b.size(b.ndim > 1 ? b.ndim - 2 : 0);
  if (inner == rows) return "";
  std::string s = str("the inner sizes must agree: they are ", inner, " and ", rows);
  if (b.ndim < 2) return a.size(a.ndim - 2) == rows ? s + "; the first one transposed (.mT) would fit" : s;
  if (inner == b.size(b.ndim - 1)) return s + "; the second one transposed (.mT) would fit";
  if (a.size(a.ndim - 2) == rows) return s + "; the first one transposed (.mT) would fit";
  if (b.size(b.ndim - 1) == a.size(a.ndim - 2)) return s + "; in the other order they would fit";
  return s;
}

void check_inner_sizes(const Tensor& a, const Tensor& b) {
  if (a->size(1) == b->size(0)) [[likely]]
    return;
  fail_with(what_fits(*a, *b), ErrorKind::Runtime, "mat1 and mat2 shapes cannot be multiplied (", a->size(0),
            "x", a->size(1), " and ", b->size(0), "x", b->size(1), ")");
}
void check_batch_sizes(const Tensor& a, const Tensor& b) {
  if (a->size(0) == b->size(0) && a->size(2) == b->size(1)) [[likely]]
    return;
  fail_with(what_fits(*a, *b), ErrorKind::Runtime,
            "Expected size for first two dimensions of batch2 tensor to be: [", a->size(0), ", ", a->size(2),
            "] but got: [", b->size(0), ", ", b->size(1), "].");
}

void check_matrix_dtype(Dtype d, int64_t work) {
  if (d == Dtype::Bool && work > 0)
    fail(ErrorKind::NotImplemented, "\"addmm_impl_cpu_\" not implemented for 'Bool'");
}

Tensor mm_raw(const Tensor& a, const Tensor& b, bool ta, bool tb) {
  int64_t m = a->size(ta), k = a->size(!ta), n = b->size(!tb);
  const int64_t sizes[2] = {m, n};
  Tensor y = empty(Ints(sizes, 2), a->dtype, a->device);
  if (a->dtype == Dtype::Bool) return raw::zero(y), y;  // k is 0, or the caller would have refused
  backend(y).gemm(1, m, n, k, 1, matrix(a, ta), matrix(b, tb), 0, matrix(y));
  return y;
}

Tensor bmm_raw(const Tensor& a, const Tensor& b, bool ta, bool tb) {
  int64_t m = a->size(1 + ta), k = a->size(2 - ta), n = b->size(2 - tb), batch = a->size(0);
  const int64_t sizes[3] = {batch, m, n};
  Tensor y = empty(Ints(sizes, 3), a->dtype, a->device);
  if (a->dtype == Dtype::Bool) return raw::zero(y), y;
  backend(y).gemm(batch, m, n, k, 1, matrix(a, ta), matrix(b, tb), 0, matrix(y));
  return y;
}

void gemm_into(const Tensor& y, const Tensor& a, const Tensor& b, const Scalar& alpha, const Scalar& beta) {
  int d = a->ndim - 2;
  backend(y).gemm(d ? a->size(0) : 1, a->size(d), b->size(d + 1), a->size(d + 1), alpha, matrix(a), matrix(b),
                  beta, matrix(y));
}

// Complex operands are conjugated, which copies; recorded passes need the transposition in the graph.
Tensor mm_right_adjoint(const Tensor& g, const Tensor& b) {
  if (!grad_enabled()) return mm_raw(g, conj_of(b), false, true);
  return ops::mm(g, conj_of(ops::transpose(b, 0, 1)));
}
Tensor mm_left_adjoint(const Tensor& a, const Tensor& g) {
  if (!grad_enabled()) return mm_raw(conj_of(a), g, true, false);
  return ops::mm(conj_of(ops::transpose(a, 0, 1)), g);
}
Tensor bmm_right_adjoint(const Tensor& g, const Tensor& b) {
  if (!grad_enabled()) return bmm_raw(g, conj_of(b), false, true);
  return ops::bmm(g, conj_of(ops::transpose(b, 1, 2)));
}
Tensor bmm_left_adjoint(const Tensor& a, const Tensor& g) {
  if (!grad_enabled()) return bmm_raw(conj_of(a), g, true, false);
  return ops::bmm(conj_of(ops::transpose(a, 1, 2)), g);
}

namespace {

struct Mm {  // A B
  static constexpr const char *name = "mm", *node = "MmBackward0";
  SavedTensor a_ = {}, b_ = {};
  Tensor forward(const Tensor& a, const Tensor& b) { return mm_raw(a, b); }
  static constexpr const char* rule = "ga = g·bᵀ; gb = aᵀ·g";
  void vjp(Backward& w) {
    if (w.needs(0)) w.gx[0] = mm_right_adjoint(w.grad(), b_.get(w.node));
    if (w.needs(1)) w.gx[1] = mm_left_adjoint(a_.get(w.node), w.grad());
  }
  void fields(auto& f) {
    f("self", a_, input(0).if_edge(1));
    f("mat2", b_, input(1).if_edge(0));
  }
};

struct Bmm {
  static constexpr const char *name = "bmm", *node = "BmmBackward0";
  SavedTensor a_ = {}, b_ = {};
  Tensor forward(const Tensor& a, const Tensor& b) { return bmm_raw(a, b); }
  static constexpr const char* rule = "ga = g·bᵀ; gb = aᵀ·g";
  void vjp(Backward& w) {
    if (w.needs(0)) w.gx[0] = bmm_right_adjoint(w.grad(), b_.get(w.node));
    if (w.needs(1)) w.gx[1] = bmm_left_adjoint(a_.get(w.node), w.grad());
  }
  void fields(auto& f) {
    f("self", a_, input(0).if_edge(1));
    f("mat2", b_, input(1).if_edge(0));
  }
};

struct Mv {  // A v
  static constexpr const char *name = "mv", *node = "MvBackward0";
  SavedTensor a_ = {}, v_ = {};
  Tensor forward(const Tensor& a, const Tensor& v) {
    Tensor y = empty(a->sizes().first(1), a->dtype, a->device);
    backend(y).gemm(1, a->size(0), 1, a->size(1), 1, matrix(a), {*v, v->stride(0), 1}, 0, {*y, 1, 1});
    return y;
  }
  static constexpr const char* rule = "ga = outer(g, b); gb = aᵀ·g";
  void vjp(Backward& w) {
    const Tensor& g = w.grad();
    if (w.needs(0)) w.gx[0] = ops::outer(g, conj_of(v_.get(w.node)));
    if (w.needs(1)) w.gx[1] = ops::mv(conj_of(ops::transpose(a_.get(w.node), 0, 1)), g);
  }
  void fields(auto& f) {
    f("self", a_, input(0).if_edge(1));
    f("vec", v_, input(1).if_edge(0));
  }
};

Tensor dot_raw(const Tensor& a, const Tensor& b) {
  Tensor y = empty({}, a->dtype, a->device);
  backend(y).dot(*a, *b, *y);
  return y;
}

template <bool kConj> struct Dot {  // Σ a b, or Σ conj(a) b
  static constexpr const char *name = kConj ? "vdot" : "dot",
                              *node = kConj ? "VdotBackward0" : "DotBackward0";
  SavedTensor a_ = {}, b_ = {};
  Tensor forward(const Tensor& a, const Tensor& b) {
    NoGrad off;
    return dot_raw(kConj ? conj_of(a) : a, b);
  }
  static constexpr const char* rule = kConj ? "ga = conj(g)·b; gb = g·a" : "ga = g·b; gb = g·a";
  void vjp(Backward& w) {
    const Tensor& g = w.grad();
    if (w.needs(0))
      w.gx[0] = kConj ? ops::mul(conj_of(g), b_.get(w.node)) : ops::mul(g, conj_of(b_.get(w.node)));
    if (w.needs(1)) w.gx[1] = ops::mul(g, kConj ? a_.get(w.node) : conj_of(a_.get(w.node)));
  }
  void fields(auto& f) {
    f("self", a_, input(0).if_edge(1));
    f(kConj ? "other" : "tensor", b_, input(1).if_edge(0));
  }
};

template <bool kConj> Tensor dot_op(const Tensor& a, const Tensor& b) {
  check(a->ndim == 1 && b->ndim == 1, "1D tensors expected, but got ", int(a->ndim), "D and ", int(b->ndim),
        "D tensors");
  check(a->dtype == b->dtype, "dot : expected both vectors to have same dtype, but found ",
        label_of(a->dtype), " and ", label_of(b->dtype));
  check(a->numel == b->numel, "inconsistent tensor size, expected tensor ", a->sizes(), " and src ",
        b->sizes(), " to have the same number of elements, but got ", a->numel, " and ", b->numel,
        " elements respectively");
  if (a->dtype == Dtype::Bool) fail(ErrorKind::NotImplemented, "\"dot\" not implemented for 'Bool'");
  return apply(Dot<kConj>{}, a, b);
}

}  // namespace

namespace ops {

Tensor mm(const Tensor& a, const Tensor& b) {
  check(a->ndim == 2, "self must be a matrix");
  check(b->ndim == 2, "mat2 must be a matrix");
  check_inner_sizes(a, b);
  check_same(a, b);
  check_matrix_dtype(a->dtype, a->numel * b->size(1));
  return apply(Mm{}, a, b);
}

Tensor bmm(const Tensor& a, const Tensor& b) {
  check(a->ndim == 3, "batch1 must be a 3D tensor");
  check(b->ndim == 3, "batch2 must be a 3D tensor");
  check_batch_sizes(a, b);
  check(a->dtype == b->dtype, "expected scalar type ", label_of(a->dtype), " but found ", label_of(b->dtype));
  check_matrix_dtype(a->dtype, a->numel * b->size(2));
  return apply(Bmm{}, a, b);
}

Tensor mv(const Tensor& a, const Tensor& v) {
  check(a->ndim == 2 && v->ndim == 1, "vector + matrix @ vector expected, got 1, ", int(a->ndim), ", ",
        int(v->ndim));
  if (a->size(1) != v->size(0)) [[unlikely]]
    fail_with(what_fits(*a, *v), ErrorKind::Runtime, "size mismatch, got input (", a->size(0), "), mat (",
              a->size(0), "x", a->size(1), "), vec (", v->size(0), ")");
  check(a->dtype == v->dtype, "addmv input tensors must have the same dtype, but got ", label_of(v->dtype),
        ", ", label_of(a->dtype), ", and ", label_of(v->dtype));
  if (a->dtype == Dtype::Bool)
    fail(ErrorKind::NotImplemented, "\"addmv_impl_cpu\" not implemented for 'Bool'");
  return apply(Mv{}, a, v);
}

Tensor dot(const Tensor& a, const Tensor& b) { return dot_op<false>(a, b); }

}  // namespace ops

static const auto defs = {
    def<ops::mm>("mm(Tensor self, Tensor mat2) -> Tensor", kBoth | kOut,
                 "The product of two matrices: [n, k] and [k, m] to [n, m]."),
    def<ops::bmm>("bmm(Tensor self, Tensor mat2) -> Tensor", kBoth | kOut,
                  "Products of matrices, batch by batch: [b, n, k] and [b, k, m]."),
    def<ops::mv>("mv(Tensor self, Tensor vec) -> Tensor", kBoth | kOut,
                 "The product of a matrix and a vector."),
    def<dot_op<false>>("dot(Tensor self, Tensor tensor) -> Tensor", kBoth | kOut,
                       "The sum of products of two vectors."),
    def<dot_op<true>>("vdot(Tensor self, Tensor other) -> Tensor", kBoth | kOut,
                      "The dot product with the first vector conjugated."),
};

}  // namespace adjoint
