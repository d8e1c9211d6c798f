// What normalisations share: types, the fused passes, and the composition that a recorded backward pass makes of them.
#include "ops/nn/norm.h"

#include <cmath>
#include <limits>
#include "device/host_values.h"

namespace adjoint {

namespace {

Tensor in_format(const Tensor& x, MemoryFormat f) {
  if (has_format(*x, f)) return x;
  Tensor y = empty_format(x, x->dtype, x->device, f);
  raw::copy(y, x);
  return y;
}
Tensor parameter(const Tensor& w, Dtype dtype) { return w ? raw::contiguous(raw::cast(w, dtype)) : Tensor(); }

// Four dimensions that show a plan's rows: [outer, groups, segments, length]; a row's own are `over`.
struct Grid {
  Dims sizes, weights, over;
};
Grid grid_of(const NormLayout& l, const TensorImpl& x) {
  const NormPlan& p = l.plan;
  if (p.weight == WeightOf::Row) {
    const int64_t channels = p.rows, outer = x.ndim > 0 ? x.size(0) : 1;
    return {Dims{outer, channels, 1, x.numel / std::max<int64_t>(1, outer * channels)},
            Dims{1, channels, 1, 1}, Dims{0, 2, 3}};
  }
  const bool own = p.weight == WeightOf::Segment;
  return {Dims{p.rows / p.groups, p.groups, p.segments, p.length},
          Dims{1, p.groups, own ? p.segments : 1, own ? 1 : p.length}, Dims{2, 3}};
}

// The largest size in each row, or `least`: a number that no derivative knows of.
Tensor unit_of(const Tensor& h, Ints over, double least) {
  NoGrad off;
  return ops::clamp(ops::amax(ops::abs(h), over, true), Operand(least), std::nullopt);
}

// The rule in differentiable operations. Weights that are null count as ones.
void composed_vjp(const NormLayout& l, Backward& b, const Tensor& x, const Tensor& w,
                  const Tensor& statistics, Dtype bias) {
  const NormPlan& p = l.plan;
  const Dtype type = norm_dtype(x->dtype);
  const Grid grid = grid_of(l, *x);
  auto shown = [&](const Tensor& t, Ints sizes) { return ops::reshape(ops::to(t, type), sizes); };
  Tensor g = shown(b.grad(), grid.sizes), h = shown(x, grid.sizes), scale;
  auto mean = [&](const Tensor& t) { return ops::mean(t, grid.over, true); };
  if (p.given) {
    h = ops::sub(h, statistic(statistics, 0, grid.weights, type));
    scale = statistic(statistics, 1, grid.weights, type);
    h = ops::mul(h, scale);
  } else {
    if (p.centred) {  // twice: the second time takes away what the mean's rounding left
      h = ops::sub(h, mean(h));
      h = ops::sub(h, mean(h));
    }
    // In units of the largest, whose squares stay in the type's range.
    const double root = std::sqrt(std::abs(p.eps));
    Tensor unit = unit_of(h, grid.over, root), u = ops::div(h, unit),
           least = ops::square(ops::div(full(unit->sizes(), root, type, unit->device), unit));
    if (p.eps < 0) least = ops::neg(least);
    Tensor own = ops::pow(ops::add(mean(ops::square(u)), least), -0.5);
    h = ops::mul(u, own);
    scale = ops::div(own, unit);
  }
  if (b.needs(0)) {
    Tensor weighted = w ? ops::mul(g, shown(w, grid.weights)) : g, gx = weighted;
    if (!p.given) {
      if (p.centred) gx = ops::sub(gx, mean(weighted));
      gx = ops::sub(gx, ops::mul(h, mean(ops::mul(weighted, h))));
    }
    b.gx[0] = ops::to(ops::reshape(ops::mul(gx, scale), x->sizes()), x->dtype);
  }
  if (b.needs(1))
    b.gx[1] = ops::to(ops::reshape(ops::sum_to(ops::mul(g, h), grid.weights), l.shape), w->dtype);
  if (b.needs(2)) b.gx[2] = ops::to(ops::reshape(ops::sum_to(g, grid.weights), l.shape), bias);
}

}  // namespace

void check_norm_types(const Tensor& x, std::initializer_list<const Tensor*> parameters, const char* kernel) {
  if (!is_floating(x->dtype)) fail_dtype(kernel, x->dtype);
  Dtype first = x->dtype;
  for (const Tensor* t : parameters)
    if (*t) {
      first = (*t)->dtype;
      break;
    }
  for (const Tensor* t : parameters) {
    if (!*t) continue;
    if (first == x->dtype)
      check((*t)->dtype == x->dtype, "expected scalar type ", label_of(x->dtype), " but found ",
            label_of((*t)->dtype));
    else
      check((*t)->dtype == Dtype::F32, "mixed dtype (CPU): expect parameter to have scalar type of Float");
  }
  check(first == x->dtype || is_reduced(x->dtype), "mixed dtype (CPU): all inputs must share same datatype.");
}

NormResult norm_raw(const NormLayout& l, const Tensor& x, const Tensor& w, const Tensor& b,
                    Tensor statistics) {
  const Dtype type = norm_dtype(x->dtype);
  Tensor from = in_format(x, l.format), weight = parameter(w, type), bias = parameter(b, type),
         y = empty_format(x, x->dtype, x->device, l.format);
  if (x->numel == 0)
    raw::fill(statistics, std::numeric_limits<double>::quiet_NaN());
  else
    backend(x).norm->forward(l.plan, *from, weight.get(), bias.get(), *y, *statistics);
  return {y, statistics};
}

Tensor statistic(const Tensor& statistics, int which, Ints sizes, Dtype dtype) {
  NoGrad off;
  return raw::cast(ops::reshape(ops::select(statistics, 0, which), sizes), dtype);
}

void norm_vjp(const NormLayout& l, Backward& b, const Tensor& x, const Tensor& w, const Tensor& statistics,
              Dtype bias) {
  if (grad_enabled() && x->numel) return composed_vjp(l, b, x, w, statistics, bias);
  const Dtype type = norm_dtype(x->dtype);
  Tensor g = in_format(raw::cast(b.grad(), x->dtype), l.format), from = in_format(x, l.format),
         weight = parameter(w, type), gx, gw, gb;
  if (b.needs(0)) gx = empty_format(x, x->dtype, x->device, l.format);
  if (b.needs(1)) gw = empty(l.shape, type, x->device);
  if (b.needs(2)) gb = empty(l.shape, type, x->device);
  if (x->numel) {
    backend(x).norm->backward(l.plan, *g, *from, weight.get(), *statistics, gx.get(), gw.get(), gb.get());
  } else {
    if (gw) raw::zero(gw);
    if (gb) raw::zero(gb);
  }
  b.gx[0] = gx;
  if (gw) b.gx[1] = raw::cast(gw, w->dtype);
  if (gb) b.gx[2] = raw::cast(gb, bias);
}

}  // namespace adjoint
