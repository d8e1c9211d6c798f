// Recurrent layers as a composition of differentiable operations, one step after the other.
#include "ops/nn/recurrent.h"
#include "ops/pointwise_record.h"

namespace adjoint {
namespace {

Tensor tanh(const Tensor& x) { return pointwise(formula<"tanh">, {x}); }
Tensor sigmoid(const Tensor& x) { return pointwise(formula<"sigmoid">, {x}); }
Tensor relu(const Tensor& x) { return pointwise(formula<"relu">, {x}); }

// `gates` are the input's products, with their bias.
CellState step(Cell cell, const Tensor& gates, const CellState& s, const CellParams& p) {
  const Tensor inner = ops::linear(s.h, p.w_hh, p.b_hh);
  switch (cell) {
    case Cell::Tanh: return {tanh(ops::add(gates, inner)), {}};
    case Cell::Relu: return {relu(ops::add(gates, inner)), {}};
    case Cell::Gru: {
      const std::vector<Tensor> a = ops::chunk(gates, 3, 1), b = ops::chunk(inner, 3, 1);
      const Tensor r = sigmoid(ops::add(a[0], b[0])), z = sigmoid(ops::add(a[1], b[1]));
      const Tensor n = tanh(ops::add(a[2], ops::mul(r, b[2])));
      return {ops::add(ops::mul(ops::sub(s.h, n), z), n), {}};
    }
    case Cell::Lstm: break;
  }
  const std::vector<Tensor> g = ops::chunk(ops::add(gates, inner), 4, 1);
  const Tensor c = ops::add(ops::mul(sigmoid(g[1]), s.c), ops::mul(sigmoid(g[0]), tanh(g[2])));
  const Tensor h = ops::mul(sigmoid(g[3]), tanh(c));
  return {p.w_hr ? ops::linear(h, p.w_hr) : h, c};
}

Tensor rows(const Tensor& x, int64_t begin, int64_t end) {
  return !x || (begin == 0 && end == x->size(0)) ? x : ops::narrow(x, 0, begin, end - begin);
}
CellState rows(const CellState& s, int64_t begin, int64_t end) {
  return {rows(s.h, begin, end), rows(s.c, begin, end)};
}
Tensor joined(const Tensor& a, const Tensor& b) {
  if (!a || !b) return a ? a : b;
  const Tensor both[2] = {a, b};
  return ops::cat(both, 0);
}
CellState joined(const CellState& a, const CellState& b) { return {joined(a.h, b.h), joined(a.c, b.c)}; }

}  // namespace

LayerResult layer_by_steps(const LayerPlan& plan, const Tensor& input, const CellState& start,
                           const CellParams& p) {
  const Tensor x = input->ndim == 2 ? input : ops::flatten(input, 0, -2);
  const int64_t steps = int64_t(plan.batch_sizes.size());
  const std::vector<Tensor> gates =
      ops::split_with_sizes(ops::linear(x, p.w_ih, p.b_ih), plan.batch_sizes, 0);
  std::vector<Tensor> ys(static_cast<size_t>(steps));
  CellState now, done;
  int64_t known = 0;
  for (int64_t k = 0; k < steps; ++k) {
    const size_t t = size_t(plan.reverse ? steps - 1 - k : k);
    const int64_t size = plan.batch_sizes[t];
    if (size < known) {  // the last ones' sequences have ended
      done = joined(rows(now, size, known), done);
      now = rows(now, 0, size);
    } else if (size > known || k == 0) {
      now = joined(now, rows(start, known, size));
    }
    known = size;
    now = step(plan.cell, gates[t], now, p);
    ys[t] = now.h;
  }
  Dims sizes(input->sizes());
  sizes[input->ndim - 1] = ys[0]->size(1);
  return {ops::reshape(ops::cat(ys, 0), sizes), joined(now, done)};
}

}  // namespace adjoint
