// lstm, gru, rnn_tanh, rnn_relu over padded batches and packed sequences, and their cells: checks, layers, directions.
#include "device/host_values.h"
#include "ops/nn/dropout.h"
#include "ops/nn/recurrent.h"
#include "tensor/checked.h"

namespace adjoint {
namespace {

using ops::Tensors;

struct Options {
  bool has_biases;
  int64_t num_layers;
  double dropout;
  bool train, bidirectional;
  int64_t directions() const { return bidirectional ? 2 : 1; }
};
using Pair = std::array<Tensor, 2>;
using Triple = std::array<Tensor, 3>;

constexpr const char* kLabels[] = {"rnn_tanh", "rnn_relu", "lstm", "gru"};

// --- checks, in PyTorch's words where it has some ---
void check_dtype(const Tensor& input, const Tensor& t, const char* what) {
  check(!t || t->dtype == input->dtype, "Input and ", what,
        " tensors are not the same dtype, found input tensor with ", label_of(input->dtype), " and ", what,
        " tensor with ", t ? label_of(t->dtype) : "");
}
void check_dtypes(Cell cell, const Tensor& input, Tensors hx, Tensors params) {
  if (!is_differentiable(input->dtype)) fail_dtype(kLabels[size_t(cell)], input->dtype);
  for (const Tensor& h : hx) check_dtype(input, h, "hidden");
  for (const Tensor& p : params) check_dtype(input, p, "parameter");
}
void check_sizes(const Tensor& t, Ints sizes, const char* name, int64_t layer) {
  if (equal(t->sizes(), sizes)) return;
  fail(name, " of layer ", layer, " must be ", sizes, ", got ", t->sizes());
}
void check_params(Cell cell, const CellParams& p, int64_t inputs, int64_t layer) {
  check(p.w_ih->ndim == 2 && p.w_hh->ndim == 2, "weight_ih and weight_hh must be matrices, got ", *p.w_ih,
        " and ", *p.w_hh);
  const int64_t width = p.w_ih->size(0), state = p.w_hh->size(1), n = gates_of(cell);
  check(width % n == 0, "weight_ih must have ", n, " * hidden_size rows, got ", width);
  if (p.w_ih->size(1) != inputs)
    fail_with(str("weight_ih of layer ", layer, " is ", p.w_ih->sizes(), ": its input must have ",
                  p.w_ih->size(1), " features, got ", inputs),
              ErrorKind::Runtime, "mat1 and mat2 shapes cannot be multiplied (input with ", inputs,
              " features and ", p.w_ih->size(1), "x", width, ")");
  check_sizes(p.w_hh, Dims{width, p.w_hr ? p.w_hr->size(0) : width / n}, "weight_hh", layer);
  if (p.b_ih)
    check_sizes(p.b_ih, Dims{width}, "bias_ih", layer), check_sizes(p.b_hh, Dims{width}, "bias_hh", layer);
  if (p.w_hr) check_sizes(p.w_hr, Dims{state, width / n}, "weight_hr", layer);
}
void check_state(const Tensor& h, int64_t layers, int64_t batch, int64_t size, int index) {
  check(h->ndim == 3, "Expected hidden[", index, "] to have 3 dimensions, got ", int(h->ndim));
  const int64_t sizes[3] = {layers, batch, size};
  check(equal(h->sizes(), sizes), "Expected hidden[", index, "] size ", Ints(sizes), ", got ", h->sizes());
}

// The parameters of layer and direction `at`, as they lie side by side.
CellParams params_at(Tensors params, size_t at, bool biases, bool projected) {
  const size_t each = 2 + (biases ? 2 : 0) + (projected ? 1 : 0);
  const Tensor* p = params.data() + at * each;
  return {p[0], p[1], biases ? p[2] : Tensor(), biases ? p[3] : Tensor(), projected ? p[each - 1] : Tensor()};
}

// --- layers ---
// All computed in float, and rounded once, for 16-bit floats.
Tensor widened(const Tensor& x) { return x && is_reduced(x->dtype) ? ops::to(x, Dtype::F32) : x; }
std::vector<Tensor> widened(Tensors xs) {
  std::vector<Tensor> v;
  for (const Tensor& x : xs) v.push_back(widened(x));
  return v;
}

// x [rows, inputs] in packed order, or [steps, batch, inputs]; hx: of all layers, [layers · directions, batch, size].
Triple run_layers(Cell cell, Tensor x, Ints batch_sizes, Tensors hx, Tensors params, const Options& o) {
  const bool projected = cell == Cell::Lstm && hx[0]->size(2) != hx[1]->size(2);
  const std::vector<Tensor> h = ops::unbind(hx[0]),
                            c = hx.size() > 1 ? ops::unbind(hx[1]) : std::vector<Tensor>();
  std::vector<Tensor> last_h, last_c;
  for (int64_t layer = 0; layer < o.num_layers; ++layer) {
    std::vector<Tensor> ys;
    for (int64_t d = 0; d < o.directions(); ++d) {
      const size_t at = size_t(layer * o.directions() + d);
      const CellParams p = params_at(params, at, o.has_biases, projected);
      check_params(cell, p, x->size(x->ndim - 1), layer);
      check(p.w_hh->size(1) == hx[0]->size(2), "Expected hidden states of ", p.w_hh->size(1),
            " numbers in layer ", layer, ", got ", hx[0]->size(2));
      LayerResult r =
          recurrent_layer({cell, d == 1, batch_sizes}, x, {h[at], c.empty() ? Tensor() : c[at]}, p);
      ys.push_back(r.y);
      last_h.push_back(r.last.h);
      if (r.last.c) last_c.push_back(r.last.c);
    }
    x = ys.size() == 1 ? ys[0] : ops::cat(ys, -1);
    if (o.train && layer + 1 < o.num_layers) x = dropout(x, o.dropout, true);
  }
  return {x, ops::stack(last_h), last_c.empty() ? Tensor() : ops::stack(last_c)};
}

Triple run(Cell cell, const Tensor& x, Ints batch_sizes, Tensors hx, Tensors params, const Options& o) {
  const Dtype dtype = x->dtype;
  if (!is_reduced(dtype)) return run_layers(cell, x, batch_sizes, hx, params, o);
  Triple r = run_layers(cell, widened(x), batch_sizes, widened(hx), widened(params), o);
  for (Tensor& t : r)
    if (t) t = ops::to(t, dtype);
  return r;
}

void check_call(Cell cell, const Tensor& input, Tensors hx, Tensors params, const Options& o, int64_t batch) {
  const bool lstm = cell == Cell::Lstm;
  check(!lstm || hx.size() == 2, "lstm expects two hidden states");
  check_dtypes(cell, input, hx, params);
  check(o.num_layers > 0, "num_layers must be greater than zero");
  check(o.dropout >= 0 && o.dropout <= 1, "dropout probability has to be between 0 and 1, but got ",
        o.dropout);
  const int64_t layers = checked_mul(o.num_layers, o.directions());
  for (int i = 0; i < int(hx.size()); ++i) {
    const Tensor& h = hx[size_t(i)];
    check_state(h, layers, batch, h->ndim == 3 ? h->size(2) : 0, i);
  }
  const bool projected = lstm && hx[0]->size(2) != hx[1]->size(2);
  const int64_t each = 2 + (o.has_biases ? 2 : 0) + (projected ? 1 : 0);
  if (int64_t(params.size()) != checked_mul(layers, each))
    fail_with(str(each, " for each of ", layers, " layers and directions, which is ", layers * each, "; got ",
                  params.size()),
              ErrorKind::Runtime, "got an incorrect number of RNN parameters");
  for (const Tensor& p : params) check(bool(p), "got an incorrect number of RNN parameters");
}

// [steps, batch, inputs], or with the batch first.
Triple padded(Cell cell, const Tensor& input, Tensors hx, Tensors params, const Options& o,
              bool batch_first) {
  check_as(input->ndim == 3, ErrorKind::Index, "Dimension out of range: ", kLabels[size_t(cell)],
           " expects an input of 3 dimensions, got ", int(input->ndim));
  const Tensor x = batch_first ? ops::transpose(input, 0, 1) : input;
  const int64_t steps = x->size(0), batch = x->size(1);
  check(steps > 0, "Expected sequence length to be larger than 0 in RNN");
  check_call(cell, input, hx, params, o, batch);
  const std::vector<int64_t> sizes(size_t(steps), batch);
  Triple r = run(cell, x, sizes, hx, params, o);
  if (batch_first) r[0] = ops::transpose(r[0], 0, 1);
  return r;
}

// [rows, inputs] in packed order.
Triple packed(Cell cell, const Tensor& data, const Tensor& batch_sizes, Tensors hx, Tensors params,
              const Options& o) {
  check_as(data->ndim == 2, ErrorKind::Index, "Dimension out of range: ", kLabels[size_t(cell)],
           " expects packed data of 2 dimensions, got ", int(data->ndim));
  check(batch_sizes->dtype == Dtype::I64 && batch_sizes->ndim == 1, "expected scalar type Long but found ",
        label_of(batch_sizes->dtype), " (batch_sizes must be a vector of int64, got ", *batch_sizes, ")");
  const HostElements<int64_t> sizes(batch_sizes);
  check(sizes.size() > 0, "Expected sequence length to be larger than 0 in RNN");
  int64_t rows = 0;
  for (int64_t t = 0; t < sizes.size(); ++t) {
    check(sizes[t] > 0 && (t == 0 || sizes[t] <= sizes[t - 1]),
          "batch_sizes must be positive and never grow, got ", sizes[t], " at step ", t);
    rows = checked_add(rows, sizes[t]);
  }
  check(rows == data->size(0), "batch_sizes tell of ", rows, " rows, data has ", data->size(0));
  check_call(cell, data, hx, params, o, sizes[0]);
  return run(cell, data, Ints(sizes.data(), size_t(sizes.size())), hx, params, o);
}

// --- cells ---
void check_cell(const Tensor& input, Tensors hx, const CellParams& p) {
  check(input->ndim == 2, "the input of a cell must have 2 dimensions, got ", int(input->ndim));
  check(p.w_ih->ndim == 2 && p.w_hh->ndim == 2, "weight_ih and weight_hh must be matrices, got ", *p.w_ih,
        " and ", *p.w_hh);
  check(!p.b_ih == !p.b_hh, "bias_ih and bias_hh must both be given, or neither");
  check(input->size(1) == p.w_ih->size(1), "input has inconsistent input_size: got ", input->size(1),
        " expected ", p.w_ih->size(1));
  for (size_t i = 0; i < hx.size(); ++i) {
    check(hx[i]->ndim == 2, "hidden", i, " must have 2 dimensions, got ", int(hx[i]->ndim));
    check(input->size(0) == hx[i]->size(0), "Input batch size ", input->size(0), " doesn't match hidden", i,
          " batch size ", hx[i]->size(0));
    check(hx[i]->size(1) == p.w_hh->size(1), "hidden", i, " has inconsistent hidden_size: got ",
          hx[i]->size(1), ", expected ", p.w_hh->size(1));
  }
}
CellState run_cell(Cell cell, const Tensor& input, Tensors hx, const CellParams& given) {
  const Tensor params[4] = {given.w_ih, given.w_hh, given.b_ih, given.b_hh};
  check_cell(input, hx, given);
  check_dtypes(cell, input, hx, params);
  check_params(cell, given, input->size(1), 0);
  const CellParams p{widened(given.w_ih), widened(given.w_hh), widened(given.b_ih), widened(given.b_hh), {}};
  const int64_t size = input->size(0);
  const CellState start{widened(hx[0]), hx.size() > 1 ? widened(hx[1]) : Tensor()};
  LayerResult r = recurrent_layer({cell, false, Ints(&size, 1)}, widened(input), start, p);
  auto rounded = [&](const Tensor& t) { return t ? ops::to(t, input->dtype) : t; };
  return {rounded(r.y), rounded(r.last.c)};
}

// --- as PyTorch signs them ---
Triple lstm(const Tensor& input, Tensors hx, Tensors params, bool has_biases, int64_t num_layers,
            double dropout, bool train, bool bidirectional, bool batch_first) {
  return padded(Cell::Lstm, input, hx, params, {has_biases, num_layers, dropout, train, bidirectional},
                batch_first);
}
Triple lstm_packed(const Tensor& data, const Tensor& batch_sizes, Tensors hx, Tensors params, bool has_biases,
                   int64_t num_layers, double dropout, bool train, bool bidirectional) {
  return packed(Cell::Lstm, data, batch_sizes, hx, params,
                {has_biases, num_layers, dropout, train, bidirectional});
}
Pair lstm_cell(const Tensor& input, Tensors hx, const Tensor& w_ih, const Tensor& w_hh, const Tensor& b_ih,
               const Tensor& b_hh) {
  check(hx.size() == 2, "lstm_cell expects two hidden states");
  CellState s = run_cell(Cell::Lstm, input, hx, {w_ih, w_hh, b_ih, b_hh, {}});
  return {s.h, s.c};
}
template <Cell cell> Pair layers(const Tensor& input, const Tensor& hx, Tensors params, bool has_biases,
                                 int64_t num_layers, double dropout, bool train, bool bidirectional,
                                 bool batch_first) {
  Triple r = padded(cell, input, Tensors(&hx, 1), params,
                    {has_biases, num_layers, dropout, train, bidirectional}, batch_first);
  return {r[0], r[1]};
}
template <Cell cell> Pair layers_packed(const Tensor& data, const Tensor& batch_sizes, const Tensor& hx,
                                        Tensors params, bool has_biases, int64_t num_layers, double dropout,
                                        bool train, bool bidirectional) {
  Triple r = packed(cell, data, batch_sizes, Tensors(&hx, 1), params,
                    {has_biases, num_layers, dropout, train, bidirectional});
  return {r[0], r[1]};
}
template <Cell cell> Tensor one_cell(const Tensor& input, const Tensor& hx, const Tensor& w_ih,
                                     const Tensor& w_hh, const Tensor& b_ih, const Tensor& b_hh) {
  return run_cell(cell, input, Tensors(&hx, 1), {w_ih, w_hh, b_ih, b_hh, {}}).h;
}

#define OPTIONS \
  "Tensor[] params, bool has_biases, int num_layers, float dropout, bool train, bool bidirectional"
#define PADDED(name, hx) name "(Tensor input, " hx " hx, " OPTIONS ", bool batch_first) -> "
#define PACKED(name, hx) name "(Tensor data, Tensor batch_sizes, " hx " hx, " OPTIONS ") -> "
#define CELL(name, hx) \
  name "(Tensor input, " hx " hx, Tensor w_ih, Tensor w_hh, Tensor? b_ih=None, Tensor? b_hh=None) -> "

const auto defs = {
    def<lstm>(
        PADDED("lstm", "Tensor[]") "(Tensor, Tensor, Tensor)", kFunction,
        "Long short-term memory over a batch of sequences: i, f, o = sigmoid, g = tanh of the gates W_ih x + b_ih + "
        "W_hh h + b_hh; c = f * c + i * g; h = o * tanh(c), times W_hr where hx says so."),
    def<lstm_packed>(PACKED("lstm", "Tensor[]") "(Tensor, Tensor, Tensor)", kFunction,
                     "The same over packed sequences."),
    def<layers<Cell::Gru>>(
        PADDED("gru", "Tensor") "(Tensor, Tensor)", kFunction,
        "Gated recurrent units over a batch of sequences: r, z = sigmoid of their gates, n = tanh(W_in x + "
        "b_in + r * (W_hn h + b_hn)); h = (1 - z) * n + z * h."),
    def<layers_packed<Cell::Gru>>(PACKED("gru", "Tensor") "(Tensor, Tensor)", kFunction,
                                  "The same over packed sequences."),
    def<layers<Cell::Tanh>>(PADDED("rnn_tanh", "Tensor") "(Tensor, Tensor)", kFunction,
                            "h = tanh(W_ih x + b_ih + W_hh h + b_hh) over a batch of sequences."),
    def<layers_packed<Cell::Tanh>>(PACKED("rnn_tanh", "Tensor") "(Tensor, Tensor)", kFunction,
                                   "The same over packed sequences."),
    def<layers<Cell::Relu>>(PADDED("rnn_relu", "Tensor") "(Tensor, Tensor)", kFunction,
                            "h = relu(W_ih x + b_ih + W_hh h + b_hh) over a batch of sequences."),
    def<layers_packed<Cell::Relu>>(PACKED("rnn_relu", "Tensor") "(Tensor, Tensor)", kFunction,
                                   "The same over packed sequences."),
    def<lstm_cell>(CELL("lstm_cell", "Tensor[]") "(Tensor, Tensor)", kFunction, "One step of lstm: h and c."),
    def<one_cell<Cell::Gru>>(CELL("gru_cell", "Tensor") "Tensor", kFunction, "One step of gru."),
    def<one_cell<Cell::Tanh>>(CELL("rnn_tanh_cell", "Tensor") "Tensor", kFunction, "One step of rnn_tanh."),
    def<one_cell<Cell::Relu>>(CELL("rnn_relu_cell", "Tensor") "Tensor", kFunction, "One step of rnn_relu."),
};

}  // namespace
}  // namespace adjoint
