// Sequences of several lengths: packed (the rows of step 0, then those of step 1, ...), padded, and back.
#include "device/host_values.h"
#include "ops/ops.h"
#include "ops/raw.h"
#include "tensor/checked.h"

namespace adjoint {
namespace {

using ops::Tensors;

// Where packed rows lie among those of a padded batch, which has `batch` sequences of `steps`.
Tensor places(Ints batch_sizes, int64_t steps, int64_t batch, bool batch_first, int64_t rows, Device device) {
  HostTensor<int64_t> at(Ints(&rows, 1));
  int64_t i = 0;
  for (int64_t t = 0; t < int64_t(batch_sizes.size()); ++t)
    for (int64_t b = 0; b < batch_sizes[size_t(t)]; ++b)
      at[i++] = batch_first ? b * steps + t : t * batch + b;
  return at.on(device);
}

// --- packing ---
void check_lengths(const Tensor& lengths, int64_t batch, int64_t steps) {
  check(lengths->ndim == 1 && lengths->dtype == Dtype::I64 && lengths->device == Device::Cpu,
        "'lengths' argument should be a 1D CPU int64 tensor, but got ", int(lengths->ndim), "D ",
        name_of(lengths->device), " ", label_of(lengths->dtype), " tensor");
  check(lengths->numel == batch, "Expected `len(lengths)` to be equal to batch_size, but got ",
        lengths->numel, " (batch_size=", batch, ")");
  const HostElements<int64_t> n(lengths);
  for (int64_t i = 0; i < batch; ++i) {
    if (n[i] <= 0)
      fail_with(
          str("lengths[", i, "] is ", n[i]), ErrorKind::Runtime,
          "Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0");
    if (i > 0 && n[i] > n[i - 1])
      fail_with(
          str("lengths[", i, "] is ", n[i], " after ", n[i - 1]), ErrorKind::Runtime,
          "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You can pass "
          "`enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to sidestep this requirement if you do not "
          "need ONNX exportability.");
  }
  check(n[0] <= steps, "lengths[0] is ", n[0], ", but the sequences are padded to ", steps, " steps");
}

std::tuple<Tensor, Tensor> pack_padded_sequence(const Tensor& input, const Tensor& lengths,
                                                bool batch_first) {
  check_as(input->ndim >= 2, ErrorKind::Index,
           "Dimension out of range: a padded batch has at least 2 dimensions, got ", int(input->ndim));
  check(input->numel > 0, "Cannot pack empty tensors.");
  const int64_t batch = input->size(batch_first ? 0 : 1), steps = input->size(batch_first ? 1 : 0);
  check_lengths(lengths, batch, steps);
  const HostElements<int64_t> n(lengths);
  HostTensor<int64_t> sizes(Dims{n[0]});
  int64_t rows = 0;
  for (int64_t t = 0, b = batch; t < n[0]; ++t) {
    while (n[b - 1] <= t) --b;
    sizes[t] = b;
    rows += b;
  }
  const Tensor at = places(Ints(sizes.data(), size_t(n[0])), steps, batch, batch_first, rows, input->device);
  return {ops::index_select(ops::flatten(input, 0, 1), 0, at), sizes.on(Device::Cpu)};
}

// --- padding ---
std::tuple<Tensor, Tensor> pad_packed_sequence(const Tensor& data, const Tensor& batch_sizes,
                                               bool batch_first, const Scalar& padding_value,
                                               int64_t total_length) {
  check(batch_sizes->ndim == 1 && batch_sizes->dtype == Dtype::I64,
        "'batch_sizes' argument should be a 1D CPU int64 tensor, but got ", int(batch_sizes->ndim), "D ",
        name_of(batch_sizes->device), " ", label_of(batch_sizes->dtype), " tensor");
  check_as(data->ndim >= 1, ErrorKind::Index,
           "Dimension out of range: packed data has at least 1 dimension, got 0");
  const HostElements<int64_t> sizes(batch_sizes);
  check(sizes.size() > 0, "batch_sizes can not be empty");
  const int64_t longest = sizes.size(), batch = sizes[0];
  check(
      total_length <= 0 || total_length >= longest,
      "Expected total_length to be at least the length of the longest sequence in input, but got total_length=",
      total_length, " and max sequence length being ", longest);
  const int64_t steps = std::max(total_length, longest);
  int64_t rows = 0;
  for (int64_t t = 0; t < longest; ++t) {
    check(sizes[t] > 0 && sizes[t] <= (t ? sizes[t - 1] : batch),
          "batch_sizes must be positive and never grow, got ", sizes[t], " at step ", t);
    rows = checked_add(rows, sizes[t]);
  }
  check(rows == data->size(0), "batch_sizes tell of ", rows, " rows, data has ", data->size(0));
  HostTensor<int64_t> lengths(Dims{batch});
  for (int64_t b = 0, t = longest; b < batch; ++b) {
    while (sizes[t - 1] <= b) --t;
    lengths[b] = t;
  }
  Dims flat(data->sizes()), full{batch_first ? batch : steps, batch_first ? steps : batch};
  flat[0] = checked_mul(steps, batch);
  for (int i = 1; i < data->ndim; ++i) full.push_back(data->size(i));
  const Tensor at =
      places(Ints(sizes.data(), size_t(longest)), steps, batch, batch_first, rows, data->device);
  const Tensor y =
      ops::index_put_(adjoint::full(flat, padding_value, data->dtype, data->device), Tensors(&at, 1), data);
  return {ops::view(y, full), lengths.on(Device::Cpu)};
}

Tensor pad_sequence(Tensors sequences, bool batch_first, double padding_value, std::string_view side) {
  check(!sequences.empty(), "received an empty list of sequences");
  check(side == "left" || side == "right", "Expected padding_side to be one of left or right, but got ", side,
        ".");
  int64_t longest = 0;
  for (const Tensor& s : sequences) {
    check(s->ndim > 0, "pad_sequence expects sequences of at least 1 dimension, got a 0-d tensor");
    longest = std::max(longest, s->size(0));
  }
  const Tensor& first = sequences[0];
  const int64_t n = int64_t(sequences.size());
  Dims flat(first->sizes()), full{batch_first ? n : longest, batch_first ? longest : n};
  flat[0] = checked_mul(n, longest);
  for (int i = 1; i < first->ndim; ++i) full.push_back(first->size(i));
  // Side by side first, then each row to its place: one node for all of them.
  std::vector<Tensor> parts;
  std::vector<int64_t> at;
  for (int64_t i = 0; i < n; ++i) {
    const Tensor& s = sequences[size_t(i)];
    const int64_t length = s->size(0), from = side == "left" ? longest - length : 0;
    Dims sizes(first->sizes());
    sizes[0] = length;
    parts.push_back(ops::to(equal(s->sizes(), sizes) ? s : ops::expand(s, sizes), first->dtype));
    for (int64_t t = from; t < from + length; ++t) at.push_back(batch_first ? i * longest + t : t * n + i);
  }
  HostTensor<int64_t> places(Dims{int64_t(at.size())});
  std::copy(at.begin(), at.end(), places.data());
  const Tensor index = places.on(first->device);
  const Tensor y = adjoint::full(flat, padding_value, first->dtype, first->device);
  return ops::view(ops::index_put_(y, Tensors(&index, 1), ops::cat(parts, 0)), full);
}

const auto defs = {
    def<pack_padded_sequence>(
        "_pack_padded_sequence(Tensor input, Tensor lengths, bool batch_first) -> (Tensor, Tensor)",
        kFunction, "The rows of sequences of decreasing lengths, step by step, and how many each step has."),
    def<pad_packed_sequence>(
        "_pad_packed_sequence(Tensor data, Tensor batch_sizes, bool batch_first, Scalar padding_value, int "
        "total_length) -> (Tensor, Tensor)",
        kFunction, "A batch of sequences out of packed rows, padded, and their lengths."),
    def<pad_sequence>(
        "_pad_sequence(Tensor[] sequences, bool batch_first=False, float padding_value=0.0, str padding_side='right') -> "
        "Tensor",
        kHidden, "Sequences side by side, padded to the longest."),
};

}  // namespace
}  // namespace adjoint
