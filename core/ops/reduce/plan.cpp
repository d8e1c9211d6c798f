// Planning of reductions: dimension masks, kernel views, multi-group reductions, and errors in PyTorch's
// words.
#include "ops/reduce/plan.h"

namespace adjoint {

Mask mask_of(Ints dims, int64_t ndim) {
  if (dims.empty()) return Mask::all(ndim);
  Mask m;
  for (int64_t d : dims) {
    int64_t w = wrap_dim(d, ndim);
    check(!m.has(w), "dim ", w, " appears multiple times in the list of dims");
    m.bits |= Mask::one(w).bits;
  }
  return m;
}
Mask mask_of(const std::optional<Ints>& dims, int64_t ndim) {
  return dims ? mask_of(*dims, ndim) : Mask::all(ndim);
}

Dims dims_of(Mask m, int64_t ndim) {
  Dims d;
  for (int64_t i = 0; i < ndim; ++i)
    if (m.has(i)) d.push_back(i);
  return d;
}

Dims reduced_sizes(const TensorImpl& x, Mask m, bool keepdim) {
  Dims s;
  for (int i = 0; i < x.ndim; ++i) {
    if (!m.has(i))
      s.push_back(x.size(i));
    else if (keepdim)
      s.push_back(1);
  }
  return s;
}

int64_t reduced_count(const TensorImpl& x, Mask m) {
  int64_t n = 1;
  for (int i = 0; i < x.ndim; ++i)
    if (m.has(i)) n *= x.size(i);
  return n;
}

namespace {
// Several dimensions as one, if their strides allow.
struct Axis {
  int64_t size = 1, stride = 1;
  bool ok = true;
  void push(int64_t n, int64_t s) {
    if (n == 1) return;
    if (size == 1)
      stride = s;
    else if (stride == s * n)
      stride = s;
    else
      ok = false;
    size *= n;
  }
};

struct Span {
  int first = 0, last = -1;  // the reduced dimensions lie in [first, last]
  bool adjacent = true;
};
Span span_of(const TensorImpl& x, Mask m) {
  Span s;
  bool any = false, gap = false;
  for (int i = 0; i < x.ndim; ++i) {
    if (m.has(i)) {
      if (!any) s.first = i;
      any = true;
      s.last = i;
      if (gap) s.adjacent = false;
    } else if (any && x.size(i) != 1) {
      gap = true;
    }
  }
  return s;
}

Layout packed(const Tensor& x, Mask m) {
  Dims sizes, strides;
  int64_t outer = 1, n = 1;
  for (int pass = 0; pass < 2; ++pass)
    for (int i = 0; i < x->ndim; ++i)
      if (m.has(i) == (pass == 1)) {
        sizes.push_back(x->size(i));
        strides.push_back(x->stride(i));
        (pass ? n : outer) *= x->size(i);
      }
  Tensor p = raw::contiguous(alias(x, sizes, strides, x->byte_offset));
  return {std::move(p), contiguous_view(outer, n, 1)};
}

Layout strided(const Tensor& x, Mask m, const Span& s) {
  Axis a[3];
  for (int i = 0; i < x->ndim; ++i) {
    // A kept dimension between reduced ones has size 1 here: it changes nothing.
    int which = i < s.first ? 0 : i <= s.last ? (m.has(i) ? 1 : 2) : 2;
    a[which].push(x->size(i), x->stride(i));
  }
  if (!a[0].ok || !a[1].ok || !a[2].ok) return packed(x, m);
  return {x, {a[0].size, a[1].size, a[2].size, a[0].stride, a[1].stride, a[2].stride}};
}
}  // namespace

Layout layout_of(const Tensor& x, Mask m, bool any_order) {
  int nd = x->ndim;
  if (x->contiguous() && nd <= 1) {
    if (m.bits || nd == 0) return {x, {1, x->numel, 1, x->numel, 1, 1}};
  }
  if (any_order && m.bits == Mask::all(nd).bits && (x->contiguous() || is_dense(*x)))
    return {x, {1, x->numel, 1, x->numel, 1, 1}};
  Span s = span_of(*x, m);
  if (s.last < 0) {  // nothing reduced: every element is a row of one
    Tensor c = raw::contiguous(x);
    int64_t n = c->numel;
    return {std::move(c), {n, 1, 1, 1, 1, 1}};
  }
  return s.adjacent ? strided(x, m, s) : packed(x, m);
}

namespace {
// What combines partial results of `op`.
Reduction combiner(Reduction op) {
  switch (op) {
    case Reduction::CountNonzero:
    case Reduction::SumAbs:
    case Reduction::SumSquares:
    case Reduction::SumPow: return Reduction::Sum;
    case Reduction::MaxAbs: return Reduction::Max;
    case Reduction::MinAbs: return Reduction::Min;
    default: return op;
  }
}

Tensor finish(Tensor y, const std::optional<Dtype>& out, bool all_of_none = false) {
  if (all_of_none) raw::fill(y, true);
  return out && *out != y->dtype ? raw::cast(y, *out) : y;
}
}  // namespace

Tensor reduce_all_raw(Reduction op, const Tensor& x, std::optional<Dtype> out, double p) {
  Dtype d = reduced_dtype(op, x->dtype);
  Tensor y = empty({}, d, x->device);
  if (x->contiguous()) {
    backend(y).reduce(op, *x, {1, x->numel, 1, x->numel, 1, 1}, *y, p);
  } else {
    Layout l = layout_of(x, Mask::all(x->ndim), true);
    backend(y).reduce(op, *l.x, l.view, *y, p);
  }
  return finish(std::move(y), out, op == Reduction::All && x->numel == 0);
}

namespace {
constexpr int64_t kSmall = 1 << 16;  // elements

// The road of small work: one dimension of a small contiguous tensor, without planning.
Tensor reduce_small(Reduction op, const Tensor& x, int dim, bool keepdim, Dtype d, double p) {
  int64_t sizes[8], outer = 1, inner = 1, n = x->size(dim);
  int k = 0;
  for (int i = 0; i < x->ndim; ++i) {
    int64_t s = x->size(i);
    if (i != dim) {
      (i < dim ? outer : inner) *= s;
      sizes[k++] = s;
    } else if (keepdim) {
      sizes[k++] = 1;
    }
  }
  Tensor y = empty(Ints(sizes, size_t(k)), d, x->device);
  backend(y).reduce(op, *x, {outer, n, inner, n * inner, inner, 1}, *y, p);
  return y;
}
bool small_and_plain(const TensorImpl& x, Mask m) {
  return x.contiguous() && x.ndim <= 8 && x.numel > 0 && x.numel < kSmall && m.bits &&
         !(m.bits & (m.bits - 1)) && m.bits < uint64_t(1) << x.ndim;
}
}  // namespace

Tensor reduce_raw(Reduction op, const Tensor& x, Mask m, bool keepdim, std::optional<Dtype> out, double p) {
  Dtype d = reduced_dtype(op, x->dtype);
  if (small_and_plain(*x, m)) return finish(reduce_small(op, x, __builtin_ctzll(m.bits), keepdim, d, p), out);
  Dims sizes = reduced_sizes(*x, m, keepdim);
  Span s = span_of(*x, m);
  bool whole = m.bits == Mask::all(x->ndim).bits;
  if (!s.adjacent && !whole && x->numel > 0) {
    // Two groups or more: the innermost first, the others on its (small) result. Saves copying x.
    int i = s.last;
    Mask inner;
    while (i >= 0 && (m.has(i) || x->size(i) == 1)) inner.bits |= m.bits & Mask::one(i).bits, --i;
    Tensor part = reduce_raw(op, x, inner, true, {}, p);
    Tensor y = reduce_raw(combiner(op), part, Mask{m.bits & ~inner.bits}, true);
    y = alias(y, sizes, contiguous_strides(sizes), y->byte_offset);
    return finish(std::move(y), out);
  }
  Layout l = layout_of(x, m, true);
  Tensor y = empty(sizes, d, x->device);
  backend(y).reduce(op, *l.x, l.view, *y, p);
  return finish(std::move(y), out, op == Reduction::All && x->numel == 0);
}

Tensor operand_of(Reduction op, const Tensor& x, Dtype out) {
  if (x->dtype == out) return x;
  if (!is_integral(x->dtype)) return raw::cast(x, out);
  if (is_integral(out) || (op == Reduction::Sum && x->dtype != Dtype::I64)) return x;
  return raw::cast(x, is_complex(out) ? out : Dtype::F64);
}

Tensor restore_dims(const Tensor& y, Mask m, int64_t ndim, bool keepdim) {
  if (keepdim || y->ndim == ndim) return y;
  Dims sizes;
  int k = 0;
  for (int64_t i = 0; i < ndim; ++i) sizes.push_back(m.has(i) ? 1 : y->size(k++));
  return ops::reshape(y, sizes);
}

Tensor spread(const Tensor& g, Mask m, Ints sizes, bool keepdim) {
  return ops::expand(restore_dims(g, m, int64_t(sizes.size()), keepdim), sizes);
}

void check_not_empty(const TensorImpl& x, const char* name) {
  check(x.numel > 0, name,
        "(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with "
        "the 'dim' argument.");
}
void check_not_empty_dim(const TensorImpl& x, int64_t dim, const char* name) {
  check_as(x.ndim == 0 || x.size(int(dim)) > 0, ErrorKind::Index, name, "(): Expected reduction dim ", dim,
           " to have non-zero size.");
}
void check_not_empty(const TensorImpl& x, Mask m, const char* name) {
  if (x.numel) return;
  for (int i = 0; i < x.ndim; ++i)
    if (m.has(i)) check_not_empty_dim(x, i, name);
}
void refuse_complex(const TensorImpl& x, const char* name) {
  check(!is_complex(x.dtype), name, "(): does not support complex input, got ", x, "; not implemented for '",
        label_of(x.dtype), "'");
}

Tensor scatter_selected(const Tensor& g, const Tensor& index, int64_t dim, Ints sizes, bool keepdim) {
  if (sizes.empty()) return g;
  Tensor zero = zeros(sizes, g->dtype, g->device);
  if (keepdim) return ops::scatter(zero, dim, index, g);
  return ops::scatter(zero, dim, ops::unsqueeze(index, dim), ops::unsqueeze(g, dim));
}

Dims rows_sizes(const TensorImpl& x, int64_t dim, int64_t n) {
  Dims s;
  for (int i = 0; i < x.ndim; ++i)
    if (i != dim) s.push_back(x.size(i));
  if (x.ndim) s.push_back(n);
  return s;
}

Rows rows_of(const Tensor& x, int64_t dim) {
  if (x->ndim == 0) return {raw::contiguous(x), 1, 1};
  int64_t n = x->size(int(dim));
  if (dim == x->ndim - 1) return {raw::contiguous(x), n ? x->numel / n : 0, n};
  Dims strides;
  for (int i = 0; i < x->ndim; ++i)
    if (i != dim) strides.push_back(x->stride(i));
  strides.push_back(x->stride(int(dim)));
  return {raw::contiguous(alias(x, rows_sizes(*x, dim, n), strides, x->byte_offset)), n ? x->numel / n : 0,
          n};
}

Tensor from_rows(const Tensor& y, int64_t dim, bool drop) {
  int nd = y->ndim;
  if (nd == 0) return y;
  if (drop) {
    check(y->size(nd - 1) == 1, "from_rows: a row of more than one element cannot be dropped");
    Dims s(y->sizes().first(size_t(nd) - 1)), t(y->strides().first(size_t(nd) - 1));
    return alias(y, s, t, y->byte_offset);
  }
  if (dim == nd - 1) return y;
  Dims s(y->sizes().first(size_t(nd) - 1)), t(y->strides().first(size_t(nd) - 1));
  s.insert(dim, y->size(nd - 1));
  t.insert(dim, y->stride(nd - 1));
  if (s[dim] == 1) t = contiguous_strides(s);
  return raw::contiguous(alias(y, s, t, y->byte_offset));
}

}  // namespace adjoint
