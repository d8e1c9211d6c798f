// A recurrent layer in one direction: one node for the whole sequence.
//
// With G = [∂/∂gates of all steps], which one sweep back through the sequence gives, all else are products of all steps
// at once: gx = G W_ih, gW_ih = Gᵀ x, gW_hh = Gᵀ [h before], gb = Σ G.
#include "autograd/door.h"
#include "autograd/engine.h"
#include "ops/nn/recurrent.h"
#include "ops/pointwise_record.h"
#include "ops/raw.h"

namespace adjoint {
namespace {

enum Slot { kX, kH0, kC0, kWih, kWhh, kBih, kBhh, kWhr, kSlots };  // of the node's inputs

// --- matrices in memory ---
Tensor columns(const Tensor& x, int64_t begin, int64_t n) {
  const int64_t sizes[2] = {x->size(0), n};
  return alias(x, sizes, x->strides(), x->byte_offset + begin * x->stride(1) * int64_t(x->itemsize()));
}
Tensor rows(const Tensor& x, int64_t begin, int64_t n) {
  const int64_t sizes[2] = {n, x->size(1)};
  return alias(x, sizes, x->strides(), x->byte_offset + begin * x->stride(0) * int64_t(x->itemsize()));
}
// The rows of [..., n], side by side.
Tensor flat(const Tensor& x) {
  if (x->ndim == 2) return x;
  int64_t sizes[2] = {1, x->size(x->ndim - 1)};
  for (int i = 0; i + 1 < x->ndim; ++i) sizes[0] *= x->size(i);
  return alias_contiguous(raw::contiguous(x), sizes);
}
// Such rows as [..., n] again, where `model` has the other sizes.
Tensor shaped(const Tensor& rows, const Tensor& model) {
  Dims sizes(model->sizes());
  sizes[model->ndim - 1] = rows->size(1);
  return alias_contiguous(rows, sizes);
}
Matrix matrix(const Tensor& x) { return {*x, x->stride(0), x->stride(1)}; }

// c = a b, or c += a b
void multiply(const Tensor& c, const Matrix& a, const Matrix& b, int64_t depth, bool accumulate) {
  backend(c).gemm(1, c->size(0), c->size(1), depth, Scalar(1), a, b, Scalar(accumulate ? 1 : 0),
                  {*c, c->stride(0), 1});
}
void plus_transposed(const Tensor& c, const Tensor& a, const Tensor& b, bool accumulate) {  // aᵀ b
  multiply(c, matrix(a).transposed(), matrix(b), a->size(0), accumulate);
}

// --- the layer ---
struct Operands {
  Tensor x;
  CellState start;
  CellParams p;
};

Sweep sweep_of(Cell cell, bool reverse, Ints batch_sizes, const CellParams& p) {
  return {cell, reverse, batch_sizes, p.w_hh->size(0) / gates_of(cell), p.w_hh->size(1)};
}

struct Saved {  // what the forward pass leaves beside its results
  Tensor gates, cells;
};

LayerResult run_forward(const Sweep& s, const Operands& in, bool recorded, Saved& saved) {
  const Dtype dtype = in.x->dtype;
  const Device device = in.x->device;
  const int64_t n = in.x->size(0);
  auto fresh = [&](int64_t a, int64_t b) { return empty(Dims{a, b}, dtype, device); };
  const bool lstm = s.cell == Cell::Lstm;
  saved.gates = fresh(n, s.row_width());
  const Tensor products = columns(saved.gates, 0, gates_of(s.cell) * s.hidden);
  multiply(products, matrix(in.x), matrix(in.p.w_ih).transposed(), in.x->size(1), false);
  if (lstm && recorded) saved.cells = fresh(n, s.hidden);
  const bool plain = s.row_width() == s.hidden;  // the gate is the result
  LayerResult r{plain ? saved.gates : fresh(n, s.state),
                {fresh(s.batch(), s.state), lstm ? fresh(s.batch(), s.hidden) : Tensor()}};
  backend(in.x).recurrent->forward(
      s, {in.start.h.get(), in.start.c.get(), in.p.w_hh.get(), in.p.b_ih.get(), in.p.b_hh.get(),
          in.p.w_hr.get(), saved.gates.get(), saved.cells.get(), r.y.get(), r.last.h.get(), r.last.c.get()});
  return r;
}

// The states before each row: for products with all of them at once.
Tensor states_before(const Sweep& s, const Tensor& h0, const Tensor& y) {
  Tensor before = empty_like(y);
  const int64_t steps = int64_t(s.batch_sizes.size());
  int64_t row = s.reverse ? s.rows() : 0, row_before = 0, known = 0;
  for (int64_t k = 0; k < steps; ++k) {
    const int64_t size = s.batch_sizes[size_t(s.reverse ? steps - 1 - k : k)], both = std::min(known, size);
    if (s.reverse) row -= size;
    if (both > 0) raw::copy(rows(before, row, both), rows(y, row_before, both));
    if (size > both) raw::copy(rows(before, row + both, size - both), rows(h0, both, size - both));
    row_before = row;
    known = size;
    if (!s.reverse) row += size;
  }
  return before;
}

// Gᵀ [h before]
Tensor state_weights_gradient(const Sweep& s, const Tensor& g, const Tensor& h0, const Tensor& y) {
  const int64_t n = y->size(0), batch = s.batch();
  Tensor gw = empty(Dims{g->size(1), s.state}, y->dtype, y->device);
  if (s.batch_sizes.back() != batch) {
    plus_transposed(gw, g, states_before(s, h0, y), false);
    return gw;
  }
  const int64_t first = s.reverse ? n - batch : 0, rest = s.reverse ? 0 : batch,
                before = s.reverse ? batch : 0;
  plus_transposed(gw, rows(g, first, batch), h0, false);
  if (n > batch) plus_transposed(gw, rows(g, rest, n - batch), rows(y, before, n - batch), true);
  return gw;
}

struct Layer {
  const char *name, *node;
  Cell cell;
  bool reverse;
  std::vector<int64_t> batch_sizes;
  SavedTensors hx, params;
  SavedTensor x_ = {}, y_ = {}, gates_ = {}, cells_ = {};

  static constexpr const char* rule =
      "gx = G·w_ih; gh = G·w_hh; gc = gc; gw_ih = Gᵀ·x; gw_hh = Gᵀ·h; gb_ih = ΣG; gb_hh = ΣG; gw_hr = gᵀ·h";
  void fields(auto& f) {
    f("input", x_, input(kX));
    f("hx[]", hx);
    f("params[]", params);
    f("result0", y_, output(0));
    f("result3", gates_);
    f("result4", cells_);
  }

  Operands operands(Node& n) const {
    const std::vector<Tensor> h = hx.get(n), p = params.get(n);
    return {x_.get(n), {h[0], h[1]}, {p[0], p[1], p[2], p[3], p[4]}};
  }
  void vjp(Backward& b) {
    const Operands in = operands(b.node);
    if (grad_enabled()) return pull_by_steps(b, in);
    const Sweep s = sweep_of(cell, reverse, batch_sizes, in.p);
    pull(b, s, in);
  }
  void pull(Backward& b, const Sweep& s, const Operands& in) {
    const Tensor w_hh = raw::contiguous(in.p.w_hh), h0 = raw::contiguous(in.start.h);
    const Tensor c0 = in.start.c ? raw::contiguous(in.start.c) : Tensor();
    const Tensor w_hr = in.p.w_hr ? raw::contiguous(in.p.w_hr) : Tensor();
    const Tensor y = flat(y_.get(b.node)),
                 gates = cell == Cell::Lstm || cell == Cell::Gru ? gates_.get(b.node) : y;
    const Tensor cells = cells_.get(b.node), gy = b.grad(0) ? raw::contiguous(flat(b.grad(0))) : Tensor();
    auto started = [](const Tensor& g, const Tensor& like) {
      return g ? raw::clone(g) : zeros(like->sizes(), like->dtype, like->device);
    };
    const Tensor gh = started(b.grad(1), h0), gc = c0 ? started(b.grad(2), c0) : Tensor();
    const Tensor g = empty(gates->sizes(), y->dtype, y->device), gy_full = w_hr ? empty_like(y) : Tensor();
    backend(y).recurrent->backward(
        s, {h0.get(), c0.get(), w_hh.get(), w_hr.get(), gates.get(), cells.get(), y.get(), gy.get(), gh.get(),
            gc.get(), g.get(), gy_full.get(), b.needs(kH0)});
    if (b.needs(kH0)) b.gx[kH0] = gh;
    if (b.needs(kC0)) b.gx[kC0] = gc;
    if (b.needs(kWhr)) {
      const Tensor out = columns(gates, 3 * s.hidden, s.hidden),
                   h = ops::mul(out, pointwise(formula<"tanh">, {cells}));
      b.gx[kWhr] = empty_like(w_hr);
      plus_transposed(b.gx[kWhr], gy_full, h, false);
    }
    pull_products(b, s, in, g, h0, y);
  }
  void pull_products(Backward& b, const Sweep& s, const Operands& in, const Tensor& g, const Tensor& h0,
                     const Tensor& y) const {
    // The parts of the input's gates, whose order in G is the weights' own save in a GRU: recurrent_table.h.
    struct Block {
      int64_t to, from, n;
    };
    const int64_t H = s.hidden;
    const bool gru = cell == Cell::Gru;
    const Block two[2] = {{0, H, 2 * H}, {2 * H, 0, H}}, one[1] = {{0, 0, g->size(1)}};
    const std::span<const Block> blocks = gru ? std::span<const Block>(two) : std::span<const Block>(one);
    const Tensor state_part = gru ? columns(g, H, 3 * H) : g;
    const Tensor x = flat(in.x), gx = b.needs(kX) ? empty_like(x) : Tensor();
    if (gx) b.gx[kX] = shaped(gx, in.x);
    if (b.needs(kWih)) b.gx[kWih] = empty_like(in.p.w_ih);
    for (const Block& k : blocks) {
      const Tensor part = columns(g, k.from, k.n);
      if (gx) multiply(gx, matrix(part), matrix(rows(in.p.w_ih, k.to, k.n)), k.n, k.to > 0);
      if (b.needs(kWih)) plus_transposed(rows(b.gx[kWih], k.to, k.n), part, x, false);
    }
    if (b.needs(kWhh)) b.gx[kWhh] = state_weights_gradient(s, state_part, h0, y);
    if (!b.needs(kBih) && !b.needs(kBhh)) return;
    const Tensor sums = ops::sum(g, Dims{0});
    auto part = [&](const Block& k) { return ops::narrow(sums, 0, k.from, k.n); };
    if (b.needs(kBih)) {
      const Tensor parts[2] = {part(blocks[0]), part(blocks.back())};
      b.gx[kBih] = gru ? ops::cat(parts, 0) : sums;
    }
    if (b.needs(kBhh))
      b.gx[kBhh] = gru || b.needs(kBih) ? raw::clone(gru ? ops::narrow(sums, 0, H, 3 * H) : sums) : sums;
  }
  // Recorded: the derivative of the same layer out of operations that have derivatives themselves.
  void pull_by_steps(Backward& b, const Operands& in) {
    std::array<Tensor, kSlots> v = {in.x,      in.start.h, in.start.c, in.p.w_ih,
                                    in.p.w_hh, in.p.b_ih,  in.p.b_hh,  in.p.w_hr};
    std::vector<Target> targets;
    std::vector<int> slots;
    for (int i = 0; i < kSlots; ++i) {
      if (!b.needs(i)) continue;
      v[size_t(i)] = ops::alias_view(v[size_t(i)]);  // an end for this pass, before hooks of the input's
      slots.push_back(i);
      targets.push_back({grad_fn_of(*v[size_t(i)]), v[size_t(i)]->output_nr});
    }
    const LayerResult r = layer_by_steps({cell, reverse, batch_sizes}, v[kX], {v[kH0], v[kC0]},
                                         {v[kWih], v[kWhh], v[kBih], v[kBhh], v[kWhr]});
    std::vector<Tensor> roots, grads;
    const Tensor results[3] = {r.y, r.last.h, r.last.c};
    for (int i = 0; i < (r.last.c ? 3 : 2); ++i) {
      if (!b.grad(i)) continue;
      roots.push_back(results[i]);
      grads.push_back(b.grad(i));
    }
    std::vector<Tensor> gx = run_backward(roots, grads, targets, {true, true, false, true});
    for (size_t i = 0; i < slots.size(); ++i) b.gx[slots[i]] = std::move(gx[i]);
  }
};

constexpr struct {
  const char *name, *node;
} kNames[] = {{"rnn_tanh", "RnnTanhBackward0"},
              {"rnn_relu", "RnnReluBackward0"},
              {"lstm", "LstmBackward0"},
              {"gru", "GruBackward0"}};

Tensor plain(const Tensor& x) { return x ? raw::contiguous(x) : x; }

}  // namespace

LayerResult recurrent_layer(const LayerPlan& plan, const Tensor& x, const CellState& start,
                            const CellParams& p) {
  if (is_complex(x->dtype)) return layer_by_steps(plan, x, start, p);
  const std::array<Tensor, kSlots> inputs = {x, start.h, start.c, p.w_ih, p.w_hh, p.b_ih, p.b_hh, p.w_hr};
  const Tensor hx[2] = {start.h, start.c}, params[5] = {p.w_ih, p.w_hh, p.b_ih, p.b_hh, p.w_hr};
  const bool recorded = needs_record(std::span<const Tensor>(inputs));
  Saved saved;
  const Operands in{flat(x),
                    {plain(start.h), plain(start.c)},
                    {p.w_ih, plain(p.w_hh), plain(p.b_ih), plain(p.b_hh), plain(p.w_hr)}};
  LayerResult r = run_forward(sweep_of(plan.cell, plan.reverse, plan.batch_sizes, p), in, recorded, saved);
  if (saved.gates.same(r.y)) saved.gates.reset();
  if (x->ndim != 2) r.y = shaped(r.y, x);
  std::vector<Tensor> results{r.y, r.last.h};
  if (r.last.c) results.push_back(r.last.c);
  const auto& names = kNames[size_t(plan.cell)];
  Layer op{names.name,
           names.node,
           plan.cell,
           plan.reverse,
           {plan.batch_sizes.begin(), plan.batch_sizes.end()},
           {hx},
           {params},
           {},
           {},
           SavedTensor(saved.gates),
           SavedTensor(saved.cells)};
  const size_t count = results.size();
  apply_multi(std::move(op), std::span<const Tensor>(inputs), std::move(results), count);
  return r;
}

}  // namespace adjoint
