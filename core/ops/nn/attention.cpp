// scaled_dot_product_attention: softmax(scale · Q Kᵀ + mask) V, fused (kernels/attention.h). Where its gradient is itself
// differentiated, it is composed of products and a softmax.
#include <cmath>
#include "autograd/door.h"
#include "device/nn/attention.h"
#include "ops/ops.h"
#include "ops/raw.h"
#include "tensor/geometry.h"

namespace adjoint {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// What an attention is made with, besides its operands.
struct Settings {
  bool causal;
  double scale, dropout_p;
  int64_t sharing;  // heads of queries to one of keys
  double keep_scale() const { return dropout_p < 1 ? 1 / (1 - dropout_p) : 0; }
};

Dims leading(const Tensor& x, int cut = 2) { return Ints(x->sizes()).first(size_t(x->ndim - cut)); }
Dims with(Dims lead, int64_t rows, int64_t cols) {
  lead.push_back(rows);
  lead.push_back(cols);
  return lead;
}

// --- without a graph ---

Dtype computed_in(Dtype d) { return d == Dtype::F64 ? d : Dtype::F32; }

// In the kernel's type, elements of a row side by side.
Tensor operand(const Tensor& x) {
  Tensor y = raw::cast(x, computed_in(x->dtype));
  return y->stride(y->ndim - 1) == 1 ? y : raw::contiguous(y);
}
// A result of the given rows: its dimensions lie as the operand's do, but for those of a row, which come last.
Tensor result_like(const Tensor& x, int64_t cols) {
  Dims sizes = leading(x, 1), order(x->strides());
  sizes.push_back(cols);
  order.back() = 0;
  const bool last = x->stride(x->ndim - 1) == 1;
  return last ? empty_strided(sizes, strides_in_order(sizes, {&order, 1}), x->dtype, x->device)
              : empty(sizes, x->dtype, x->device);
}
// x as it is seen with more sizes.
Tensor spread(const Tensor& x, Ints sizes) {
  if (!x) return x;
  Dims strides(int64_t(sizes.size()), 0);
  const int more = int(sizes.size()) - x->ndim;
  for (int d = 0; d < x->ndim; ++d)
    if (x->size(d) != 1) strides[more + d] = x->stride(d);
  return alias(x, sizes, strides, x->byte_offset);
}

// The operands as the kernels take them.
struct Prepared {
  Tensor q, k, v, mask, keep;
  Settings s;
  Prepared(const Tensor& q_, const Tensor& k_, const Tensor& v_, const Tensor& mask_, const Tensor& keep_,
           const Settings& s_)
      : q(operand(q_)), k(operand(k_)), v(operand(v_)), s(s_) {
    const Dims scores = with(leading(q), q->size(q->ndim - 2), k->size(k->ndim - 2));
    if (mask_) mask = spread(mask_->dtype == Dtype::Bool ? mask_ : raw::cast(mask_, q->dtype), scores);
    keep = spread(keep_, scores);
  }
  AttentionOperands operands() const {
    return {*q, *k, *v, mask.get(), keep.get(), s.keep_scale(), s.scale, s.causal, s.sharing};
  }
};

struct Forward {
  Tensor out, log_sums;
};
Forward run_forward(const Prepared& p, bool recorded) {
  Forward f{result_like(p.q, p.v->size(p.v->ndim - 1)), {}};
  if (recorded) f.log_sums = empty(leading(p.q, 1), p.q->dtype, p.q->device);
  if (f.out->numel == 0 || p.k->size(p.k->ndim - 2) == 0)
    raw::zero(f.out);
  else
    backend(p.q).attention->forward(p.operands(), *f.out, f.log_sums.get());
  return f;
}

struct Gradients {
  Tensor q, k, v, mask;
};
Gradients run_backward(const Prepared& p, const Tensor& g, const Tensor& out, const Tensor& log_sums,
                       const Tensor& mask) {
  auto like = [](const Tensor& x) { return result_like(x, x->size(x->ndim - 1)); };
  Gradients r{like(p.q), like(p.k), like(p.v), {}};
  if (mask) r.mask = zeros(mask->sizes(), p.q->dtype, mask->device);
  if (out->numel == 0 || p.k->size(p.k->ndim - 2) == 0) {
    for (const Tensor& x : {r.q, r.k, r.v}) raw::zero(x);
    return r;
  }
  const Tensor seen = mask ? spread(r.mask, p.mask->sizes()) : Tensor();
  backend(p.q).attention->backward(p.operands(), *operand(g), *operand(out), *log_sums, *r.q, *r.k, *r.v,
                                   seen.get());
  return r;
}

// --- with a graph ---

// One head of keys for each of queries.
Tensor shared_out(const Tensor& x, int64_t sharing) {
  if (sharing == 1) return x;
  Dims sizes(x->sizes()), wide = sizes;
  const int64_t at = sizes.size() - 2;
  wide.insert(at, sharing);
  sizes[at - 1] *= sharing;
  return ops::reshape(ops::expand(ops::unsqueeze(x, at), wide), sizes);
}
Tensor gathered(const Tensor& g, int64_t sharing) {  // shared_out's vjp
  if (sharing == 1) return g;
  Dims sizes(g->sizes());
  const int64_t at = sizes.size() - 3;
  sizes[at] /= sharing;
  sizes.insert(at + 1, sharing);
  const int64_t dim = at + 1;
  return ops::sum(ops::reshape(g, sizes), Ints(&dim, 1));
}

// The weights before dropout. A query that sees no key has none: its scores become 0, so that softmax has a slope there.
Tensor weights(const Tensor& q, const Tensor& k, const Tensor& mask, const Settings& s) {
  Tensor scores = ops::matmul(ops::mul(q, s.scale), ops::mT(k));
  if (!mask && !s.causal) return ops::softmax(scores, -1);
  if (mask && mask->dtype != Dtype::Bool) scores = ops::add(scores, mask);
  if (mask) {
    const Tensor hidden = mask->dtype == Dtype::Bool ? ops::logical_not(mask) : ops::eq(mask, -kInfinity);
    scores = ops::masked_fill(scores, hidden, -kInfinity);
  }
  if (s.causal) {
    const Dims tile{q->size(q->ndim - 2), k->size(k->ndim - 2)};
    scores = ops::masked_fill(scores, ops::triu(full(tile, true, Dtype::Bool, q->device), 1), -kInfinity);
  }
  if (k->size(k->ndim - 2) == 0) return scores;
  const int64_t last = -1;
  const Tensor blind = ops::eq(ops::amax(alias(scores), Ints(&last, 1), true), -kInfinity);
  return ops::masked_fill(ops::softmax(ops::masked_fill(scores, blind, 0), -1), blind, 0);
}

struct ScaledDotProductAttention {
  static constexpr const char *name = "scaled_dot_product_attention",
                              *node = "ScaledDotProductFlashAttentionForCpuBackward0";
  Settings s;
  SavedTensor log_sums_ = {}, keep_ = {};
  SavedTensor q_ = {}, k_ = {}, v_ = {}, mask_ = {}, out_ = {};
  // p: the weights, s: the scores' gradient
  static constexpr const char* rule =
      "gquery = scale·s·key; gkey = scale·sᵀ·query; gvalue = pᵀ·g; gmask = s = p·(g·valueᵀ − sum(g·y))";

  void vjp(Backward& b) {
    const Tensor q = q_.get(b.node), k = k_.get(b.node), v = v_.get(b.node), mask = mask_.get(b.node);
    grad_enabled() ? composed(b, q, k, v, mask) : fused(b, q, k, v, mask);
  }
  void fused(Backward& b, const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask) {
    const Prepared p(q, k, v, mask, keep_.get(b.node), s);
    Gradients r =
        run_backward(p, b.grad(), out_.get(b.node), log_sums_.get(b.node), b.needs(3) ? mask : Tensor());
    if (b.needs(0)) b.gx[0] = raw::cast(r.q, q->dtype);
    if (b.needs(1)) b.gx[1] = raw::cast(r.k, k->dtype);
    if (b.needs(2)) b.gx[2] = raw::cast(r.v, v->dtype);
    if (b.needs(3)) b.gx[3] = raw::cast(r.mask, mask->dtype);
  }
  void composed(Backward& b, const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask) {
    const Dtype dtype = computed_in(q->dtype);
    const Tensor wq = ops::to(q, dtype), wk = shared_out(ops::to(k, dtype), s.sharing),
                 wv = shared_out(ops::to(v, dtype), s.sharing), g = ops::to(b.grad(), dtype);
    const Tensor p = weights(wq, wk, mask, s);
    Tensor used = p, dp = ops::matmul(g, ops::mT(wv));
    if (const Tensor keep = keep_.get(b.node)) {
      const Tensor by = ops::mul(ops::to(keep, dtype), s.keep_scale());
      used = ops::mul(p, by);
      dp = ops::mul(dp, by);
    }
    const int64_t last = -1;
    const Tensor slopes = ops::mul(p, ops::sub(dp, ops::sum(ops::mul(dp, p), Ints(&last, 1), true)));
    auto scaled = [&](const Tensor& x) { return ops::mul(x, s.scale); };
    if (b.needs(0)) b.gx[0] = ops::to(scaled(ops::matmul(slopes, wk)), q->dtype);
    if (b.needs(1))
      b.gx[1] = ops::to(gathered(scaled(ops::matmul(ops::mT(slopes), wq)), s.sharing), k->dtype);
    if (b.needs(2)) b.gx[2] = ops::to(gathered(ops::matmul(ops::mT(used), g), s.sharing), v->dtype);
    if (b.needs(3)) b.gx[3] = ops::to(ops::sum_to(slopes, mask->sizes()), mask->dtype);
  }
  void fields(auto& f) {
    f("attn_mask", mask_, input(3));
    f("dropout_p", s.dropout_p);
    f("is_causal", s.causal);
    f("key", k_, input(1));
    f("logsumexp", log_sums_);
    f("dropout_mask", keep_);
    f("output", out_, output(0));
    f("query", q_, input(0));
    f("scale", s.scale);
    f("value", v_, input(2));
  }
};

// --- arguments ---

void check_operands(const Tensor& q, const Tensor& k, const Tensor& v) {
  check(q->ndim >= 2 && k->ndim >= 2 && v->ndim >= 2,
        "Expected query, key, and value to all be  at least 2 dimensional, but got query.dim: ", int(q->ndim),
        " key.dim: ", int(k->ndim), " and value.dim: ", int(v->ndim), " instead.");
  check(q->dtype == k->dtype && k->dtype == v->dtype,
        "Expected query, key, and value to have the same dtype, but got query.dtype: ", name_of(q->dtype),
        " key.dtype: ", name_of(k->dtype), " and value.dtype: ", name_of(v->dtype), " instead.");
  if (is_complex(q->dtype)) fail_dtype("softmax_lastdim_kernel_impl", q->dtype);
  check(is_floating(q->dtype), "expected scalar type Float but found ", label_of(q->dtype));
  const int64_t depth = q->size(q->ndim - 1), keys = k->size(k->ndim - 2);
  auto help = [&] {
    return str("query [..., queries, depth], key [..., keys, depth], value [..., keys, any]; got ", *q, ", ",
               *k, " and ", *v);
  };
  const int64_t heads = numel_of(leading(q)), wide = k->size(k->ndim - 1);
  if (wide != depth)
    fail_with(help(), ErrorKind::Runtime, "Expected size for first two dimensions of batch2 tensor to be: [",
              heads, ", ", depth, "] but got: [", heads, ", ", wide, "].");
  if (v->size(v->ndim - 2) != keys)
    fail_with(help(), ErrorKind::Runtime, "Expected key and value to have the same number of rows, but got ",
              keys, " and ", v->size(v->ndim - 2));
}
void check_mask(const Tensor& mask, Dtype dtype, const Dims& scores) {
  check(mask->dtype == Dtype::Bool || mask->dtype == Dtype::F32 || mask->dtype == dtype,
        "Expected attn_mask dtype to be bool or float or to match query dtype, but got attn_mask.dtype: ",
        name_of(mask->dtype), " and  query.dtype: ", name_of(dtype), " instead.");
  if (broadcast_shapes(mask->sizes(), scores) != scores)
    fail_with("a mask has the scores' shape [..., queries, keys], or one that is broadcast to it",
              ErrorKind::Runtime, "output with shape ", Ints(scores), " doesn't match the broadcast shape ",
              Ints(broadcast_shapes(mask->sizes(), scores)));
}

// How many heads of queries have one of keys and values between them.
int64_t sharing_of(const Tensor& q, const Tensor& k, const Tensor& v) {
  check_as(q->ndim >= 3 && k->ndim >= 3 && v->ndim >= 3, ErrorKind::Index,
           "Dimension out of range: enable_gqa=True takes heads, [..., heads, rows, depth]; got ", *q, ", ",
           *k, " and ", *v);
  const int64_t heads = q->size(q->ndim - 3), keys = k->size(k->ndim - 3), values = v->size(v->ndim - 3);
  if (keys == 0 || values == 0 || heads % keys != 0 || heads % values != 0)
    fail_with(str("query has ", heads, " heads, key ", keys, " and value ", values), ErrorKind::Runtime,
              "Number of heads in key and value must divide the number of heads in query");
  return keys == values && heads > 0 ? heads / keys : 1;
}

// x with the leading dimensions `lead`, its heads counted in `sharing`.
Tensor expanded(const Tensor& x, Dims lead, int64_t sharing = 1) {
  if (sharing > 1) lead.back() /= sharing;
  const Dims sizes = with(lead, x->size(x->ndim - 2), x->size(x->ndim - 1));
  return equal(sizes, x->sizes()) ? x : ops::expand(x, sizes);
}

// --- the operation ---

Tensor attend(Tensor q, Tensor k, Tensor v, const Tensor& mask, const Tensor& keep, Settings s) {
  Dims lead = leading(q);
  if (s.sharing > 1) {  // batches alone are broadcast
    Dims batch = broadcast_shapes(broadcast_shapes(leading(q, 3), leading(k, 3)), leading(v, 3));
    batch.push_back(q->size(q->ndim - 3));
    lead = batch;
  } else {
    lead = broadcast_shapes(broadcast_shapes(lead, leading(k)), leading(v));
  }
  q = expanded(q, lead);
  k = expanded(k, lead, s.sharing);
  v = expanded(v, lead, s.sharing);
  if (mask) check_mask(mask, q->dtype, with(lead, q->size(q->ndim - 2), k->size(k->ndim - 2)));
  if (q->size(q->ndim - 1) == 0) s.scale = 0;  // 1/√0 times an empty sum
  const bool recorded = needs_record(q, k, v, mask);
  Forward f = run_forward(Prepared(q, k, v, mask, keep, s), recorded);
  Tensor out = raw::cast(f.out, q->dtype);
  return apply_from(ScaledDotProductAttention{s, f.log_sums, keep}, std::move(out), q, k, v, mask);
}

double scale_of(const Tensor& q, std::optional<double> scale) {
  return scale.value_or(1 / std::sqrt(double(q->size(q->ndim - 1))));
}

Tensor attention_op(const Tensor& query, const Tensor& key, const Tensor& value, const Tensor& mask,
                    double dropout_p, bool causal, std::optional<double> scale, bool grouped) {
  check_operands(query, key, value);
  check(dropout_p >= 0 && dropout_p <= 1, "dropout probability has to be between 0 and 1, but got ",
        dropout_p);
  // PyTorch's fused kernel for four dimensions takes both, the composition that it has for all else does not.
  check(!mask || !causal || (query->ndim == 4 && dropout_p == 0),
        "_scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True");
  Tensor k = key, v = value;
  int64_t sharing = grouped ? sharing_of(query, key, value) : 1;
  if (grouped && sharing == 1) {  // as many heads in all, or keys and values shared each in their own way
    const int64_t heads = query->size(query->ndim - 3);
    k = shared_out(key, heads / key->size(key->ndim - 3));
    v = shared_out(value, heads / value->size(value->ndim - 3));
  }
  Tensor keep;
  if (dropout_p > 0) {  // one number a weight, row by row: PyTorch's stream
    Dims lead = sharing > 1 ? leading(query)
                            : broadcast_shapes(broadcast_shapes(leading(query), leading(k)), leading(v));
    NoGrad off;
    keep = empty(with(lead, query->size(query->ndim - 2), k->size(k->ndim - 2)), Dtype::U8, query->device);
    ops::bernoulli_(keep, 1 - dropout_p);
  }
  return attend(query, k, v, mask, keep, {causal, scale_of(query, scale), dropout_p, sharing});
}

// For who needs the weights, too: they, and attention with what dropout keeps of them given.
Tensor attention_weights(const Tensor& query, const Tensor& key, const Tensor& mask) {
  const Dtype dtype = computed_in(query->dtype);
  const Settings s{false, scale_of(query, {}), 0, 1};
  return ops::to(weights(ops::to(query, dtype), ops::to(key, dtype), mask, s), query->dtype);
}
Tensor attend_kept(const Tensor& query, const Tensor& key, const Tensor& value, const Tensor& mask,
                   const Tensor& keep, double dropout_p) {
  check_operands(query, key, value);
  return attend(query, key, value, mask, keep, {false, scale_of(query, {}), dropout_p, 1});
}

}  // namespace

static const auto defs = {
    def<attention_op>(
        "scaled_dot_product_attention(Tensor query, Tensor key, Tensor value, Tensor? attn_mask=None, float "
        "dropout_p=0.0, bool is_causal=False, *, float? scale=None, bool enable_gqa=False) -> Tensor",
        kNN,
        "softmax(scale · query keyᵀ + attn_mask) value; scale: 1/√depth. A truth value of the mask says whether the key "
        "is seen; a query that sees none gives zeros."),
    def<attention_weights>("_attention_weights(Tensor query, Tensor key, Tensor? attn_mask) -> Tensor",
                           kHidden,
                           "softmax(query keyᵀ / √depth + attn_mask), zeros where a query sees no key."),
    def<attend_kept>("_attend(Tensor query, Tensor key, Tensor value, Tensor? attn_mask, Tensor? keep, float "
                     "dropout_p) -> Tensor",
                     kHidden, "Attention with the uint8 tensor of what dropout keeps."),
};

}  // namespace adjoint
