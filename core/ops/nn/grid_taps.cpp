// The gradients of grid_sample, composed: along each axis the taps of all points are tensors of places, of weights and of
// the weights' slopes; products over the axes give what is added where. kernels/nn/grid.cpp does the same in one go where
// no further derivative is wanted.
#include "ops/nn/grid_taps.h"
#include <vector>
#include "autograd/grad_mode.h"
#include "ops/ops.h"
#include "ops/pointwise.h"

namespace adjoint {
namespace {

using namespace ops;

Tensor floored(const Tensor& x) { return pointwise(formula<"floor">, {x}); }
Tensor rounded(const Tensor& x) { return pointwise(formula<"round">, {x}); }
Tensor number(const Tensor& mask, const Tensor& like) { return to(mask, like->dtype); }
Tensor rest_of(double n, const Tensor& x) { return add(neg(x), n); }

// One tap of all points along an axis, [N, points].
struct Tap {
  Tensor place, inside;  // int64, 0 outside of the image; 1 inside
  Tensor weight, slope;  // by the grid's coordinate
};

// Padding moves a coordinate by a map that is linear piece by piece: u -> factor · u + shift. No derivative is taken of
// its pieces.
struct Moved {
  Tensor factor, shift;
};
Moved mirrored(const Tensor& u, double low, double span) {
  if (span == 0) return {zeros_like(u), zeros_like(u)};
  Tensor side = where(lt(u, low), full_like(u, -1), full_like(u, 1)), distance = abs(sub(u, low));
  Tensor flips = floored(div(distance, span)), odd = sub(flips, mul(floored(div(flips, 2)), 2));
  // distance − flips · span + low, or (flips + 1) · span − distance + low, where distance = side · (u − low)
  Tensor turn = rest_of(1, mul(odd, 2)), factor = mul(turn, side);
  Tensor shift = sub(add(mul(neg(turn), mul(add(flips, odd), span)), low), mul(factor, low));
  return {factor, shift};
}
Moved moved(const Tensor& u, const GridPlan& p, int64_t size) {
  Moved m{ones_like(u), zeros_like(u)};
  if (p.padding == GridPlan::Zeros) return m;
  if (p.padding == GridPlan::Reflection)
    m = mirrored(u, p.align_corners ? 0 : -0.5, double(p.align_corners ? size - 1 : size));
  const Tensor v = add(mul(u, m.factor), m.shift);
  const double last = double(size - 1);
  const Tensor free = logical_and(gt(v, 0), lt(v, last));
  return {mul(m.factor, number(free, u)), where(free, m.shift, clamp(v, Operand(0.0), Operand(last)))};
}

class Axis {
 public:
  Axis(const GridPlan& p, const Tensor& grid, int64_t size) : p_(p), size_(size) {
    const double factor = p.align_corners ? double(size - 1) / 2 : double(size) / 2;
    Tensor nan, g;
    {
      NoGrad off;
      nan = isnan(grid);
      far_ = gt(abs(masked_fill(grid, nan, 0)), kGridFar);
    }
    g = masked_fill(masked_fill(grid, nan, -1), far_, 0);
    u_ = p.align_corners ? mul(add(g, 1), factor) : sub(mul(add(g, 1), factor), 0.5);
    NoGrad off;
    ends_ =
        p.padding == GridPlan::Border ? mul(number(gt(grid, 0), grid), double(size - 1)) : zeros_like(grid);
    slope_ = masked_fill(full_like(u_, factor), logical_or(nan, far_), 0);
  }
  std::vector<Tap> taps() const {
    if (p_.mode == GridPlan::Cubic) return cubic();
    Moved m;
    Tensor slope;
    {
      NoGrad off;
      m = moved(u_, p_, size_);
      m = {masked_fill(m.factor, far_, 0), where(far_, ends_, m.shift)};
      slope = mul(slope_, m.factor);
    }
    const Tensor v = add(mul(u_, m.factor), m.shift), base = constant(floored, v), t = sub(v, base);
    if (p_.mode == GridPlan::Nearest) return {tap(constant(rounded, v), ones_like(v), zeros_like(v))};
    return {tap(base, rest_of(1, t), neg(slope)), tap(add(base, 1), t, slope)};
  }

 private:
  template <class F> static Tensor constant(F f, const Tensor& x) {
    NoGrad off;
    return f(x);
  }
  std::vector<Tap> cubic() const {
    const Tensor base = constant(floored, u_), t = sub(u_, base);
    const double a = -0.75;
    std::vector<Tap> found;
    for (int k = 0; k < 4; ++k) {
      const Tensor d = k == 0 ? add(t, 1) : k == 1 ? t : rest_of(k - 1, t);
      const bool far = k == 0 || k == 3;
      const Tensor w = far ? sub(mul(add(mul(sub(mul(d, a), 5 * a), d), 8 * a), d), 4 * a)
                           : add(mul(mul(sub(mul(d, a + 2), a + 3), d), d), 1);
      const Tensor dw = far ? add(mul(sub(mul(d, 3 * a), 10 * a), d), 8 * a)
                            : mul(sub(mul(d, 3 * (a + 2)), 2 * (a + 3)), d);
      const Tensor place = constant(
          [&](const Tensor& b) {
            const Tensor at = add(b, k - 1);
            const Moved m = moved(at, p_, size_);
            return where(far_, ends_, rounded(add(mul(at, m.factor), m.shift)));
          },
          base);
      found.push_back(tap(place, w, mul(k < 2 ? dw : neg(dw), slope_)));
    }
    return found;
  }
  Tap tap(const Tensor& at, const Tensor& weight, const Tensor& slope) const {
    NoGrad off;
    Tensor inside = logical_and(ge(at, 0), lt(at, double(size_)));
    if (p_.padding == GridPlan::Zeros) inside = logical_and(inside, logical_not(far_));
    return {to(masked_fill(at, logical_not(inside), 0), Dtype::I64), number(inside, at), weight, slope};
  }
  const GridPlan& p_;
  int64_t size_;
  Tensor u_, slope_;   // the coordinate among the elements, and what the grid's changes by
  Tensor far_, ends_;  // infinite, as good as; where such a one comes to lie
};

// All taps of a point are the products of its axes' taps: f(one of each axis, width first).
template <class F> void each_product(const std::vector<std::vector<Tap>>& axes, F f) {
  std::vector<const Tap*> chosen(axes.size());
  const auto go = [&](auto&& self, size_t i) -> void {
    if (i == axes.size()) return f(chosen);
    for (const Tap& t : axes[i]) {
      chosen[i] = &t;
      self(self, i + 1);
    }
  };
  go(go, 0);
}

}  // namespace

std::array<Tensor, 2> grid_backward(const Tensor& g, const Tensor& x, const Tensor& grid, const GridPlan& p,
                                    bool want_x, bool want_grid) {
  const int64_t n = p.batch, c = p.channels, points = p.points;
  const Tensor flat_x = reshape(x, Dims{n, c, p.plane()}), flat_g = reshape(g, Dims{n, c, points});
  const Tensor at = reshape(grid, Dims{n, points, p.spatial});
  std::vector<std::vector<Tap>> axes;
  for (int i = 0; i < p.spatial; ++i) axes.push_back(Axis(p, select(at, 2, i), p.size[2 - i]).taps());

  Tensor gx = adjoint::zeros(flat_x->sizes(), x->dtype, x->device);
  std::vector<Tensor> sums(size_t(p.spatial));
  const auto per_channel = [&](const Tensor& t) { return expand(unsqueeze(t, 1), Dims{n, c, points}); };
  each_product(axes, [&](const std::vector<const Tap*>& taps) {
    Tensor place, inside;
    for (size_t i = taps.size(); i-- > 0;) {  // depth first
      place = place ? add(mul(place, double(p.size[2 - i])), taps[i]->place) : taps[i]->place;
      inside = inside ? mul(inside, taps[i]->inside) : taps[i]->inside;
    }
    place = to(place, Dtype::I64);
    const auto weight = [&](size_t sloped) {
      Tensor w = inside;
      for (size_t i = 0; i < taps.size(); ++i) w = mul(w, i == sloped ? taps[i]->slope : taps[i]->weight);
      return w;
    };
    if (want_x) gx = scatter_add(gx, 2, per_channel(place), mul(flat_g, unsqueeze(weight(taps.size()), 1)));
    if (!want_grid) return;
    // An element that is outside is not to be multiplied: it may be infinite.
    const Tensor seen = where(per_channel(gt(inside, 0)), gather(flat_x, 2, per_channel(place)), 0),
                 share = sum(mul(seen, flat_g), Dims{1});
    for (size_t i = 0; i < taps.size(); ++i) {
      const Tensor part = mul(share, weight(i));
      sums[i] = sums[i] ? add(sums[i], part) : part;
    }
  });
  std::array<Tensor, 2> found;
  if (want_x) found[0] = reshape(gx, x->sizes());
  if (want_grid) found[1] = reshape(stack(sums, 2), grid->sizes());
  return found;
}

}  // namespace adjoint
