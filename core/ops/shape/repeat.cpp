// repeat, tile, repeat_interleave: elements several times.
#include <optional>
#include "autograd/door.h"
#include "device/host_values.h"
#include "ops/ops.h"
#include "ops/raw.h"

namespace adjoint::ops {

namespace {

struct Repeat {
  static constexpr const char *name = "repeat", *node = "RepeatBackward0";
  Dims repeats, shape = {};
  Tensor forward(const Tensor& x) {
    int64_t n = repeats.size(), lead = n - x->ndim;
    // The result as [repeat, size] pairs takes the input broadcast over the repeats.
    Dims sizes, pairs, strides;
    for (int64_t i = 0; i < n; ++i) {
      int64_t size = i < lead ? 1 : x->size(int(i - lead));
      int64_t total = 0;
      check(!__builtin_mul_overflow(size, repeats[i], &total),
            "Storage size calculation overflowed with repeats=", repeats);
      sizes.push_back(total);
      pairs.push_back(repeats[i]);
      pairs.push_back(size);
      strides.push_back(0);
      strides.push_back(i < lead ? 0 : x->stride(int(i - lead)));
    }
    Tensor y = adjoint::empty(sizes, x->dtype, x->device);
    raw::copy(adjoint::alias(y, pairs, contiguous_strides(pairs), 0),
              adjoint::alias(x, pairs, strides, x->byte_offset));
    return y;
  }
  static constexpr const char* rule = "gx = the sum of g over the repeats";
  void vjp(Backward& b) {
    Dims pairs, over;
    int64_t lead = repeats.size() - shape.size();
    for (int64_t i = 0; i < repeats.size(); ++i) {
      over.push_back(pairs.size());
      pairs.push_back(repeats[i]);
      pairs.push_back(i < lead ? 1 : shape[i - lead]);
    }
    b.gx[0] = over.empty() ? b.grad() : reshape(sum(reshape(b.grad(), pairs), over), shape);
  }
  void fields(auto& f) {
    f("repeats", repeats);
    f("self_sym_sizes", shape, input(0));
  }
};

Tensor tile(const Tensor& x, Ints dims) {
  Dims full(std::max<int64_t>(0, x->ndim - int64_t(dims.size())), 1);
  for (int64_t d : dims) full.push_back(d);
  return repeat(x, full);
}

// The position of each result: i as often as counts[i] says.
Tensor interleaved_positions(const Tensor& counts, std::optional<int64_t> output_size) {
  check_as(counts->dtype == Dtype::I64 || counts->dtype == Dtype::I32, ErrorKind::NotImplemented,
           "\"repeat_interleave_cpu\" not implemented for '", label_of(counts->dtype), "'");
  check(counts->ndim == 1, "repeat_interleave only accept 1D vector as repeat");
  HostElements<int64_t> n(raw::cast(counts, Dtype::I64));
  int64_t total = 0;
  for (int64_t k : n) {
    check(k >= 0, "repeats can not be negative");
    check(!__builtin_add_overflow(total, k, &total), "repeat_interleave: the sum of repeats overflows");
  }
  check(!output_size || *output_size == total, "allocated size does not match required size");
  HostTensor<int64_t> positions(Dims{total});
  int64_t* out = positions.data();
  for (int64_t i = 0; i < n.size(); ++i) out = std::fill_n(out, n[i], i);
  return raw::cast(positions.on(counts->device), counts->dtype);
}

Tensor interleave_tensor(const Tensor& x0, const Tensor& repeats, std::optional<int64_t> dim,
                         std::optional<int64_t> output_size) {
  Tensor x = dim ? x0 : flatten(x0);
  if (x->ndim == 0) x = reshape(x, Dims{1});
  int64_t d = wrap_dim(dim.value_or(0), x->ndim);
  Tensor counts = repeats;
  if (repeats->ndim == 0 || (repeats->ndim == 1 && repeats->size(0) == 1))
    counts = expand(reshape(repeats, Dims{1}), Dims{x->size(int(d))});
  else if (repeats->ndim == 1)
    check(repeats->size(0) == x->size(int(d)),
          "repeats must have the same size as input along dim, but got "
          "repeats.size(0) = ",
          repeats->size(0), " and input.size(", d, ") = ", x->size(int(d)));
  else
    fail("repeats must be 0-dim or 1-dim tensor");
  return index_select(x, d, interleaved_positions(counts, output_size));
}

// One count for all: an expanded copy.
Tensor interleave_number(const Tensor& x0, int64_t repeats, std::optional<int64_t> dim,
                         std::optional<int64_t> output_size) {
  check(repeats >= 0, "Repeats must be non-negative");
  Tensor x = dim ? x0 : flatten(x0);
  if (x->ndim == 0) x = reshape(x, Dims{1});
  int64_t d = wrap_dim(dim.value_or(0), x->ndim), total = 0;
  check(!__builtin_mul_overflow(repeats, x->size(int(d)), &total),
        "Storage size calculation overflowed with repeats=", repeats);
  check(!output_size || *output_size == total, "repeat_interleave: Invalid output_size, expected ", total,
        " but got ", output_size.value_or(0));
  Tensor wide = unsqueeze(x, d + 1);
  Dims sizes(wide->sizes());
  sizes[d + 1] = repeats;
  Dims flat(x->sizes());
  flat[d] = total;
  return view(clone(expand(wide, sizes), MemoryFormat::Contiguous), flat);
}

}  // namespace

Tensor repeat(const Tensor& x, Ints repeats) {
  check(int64_t(repeats.size()) >= x->ndim,
        "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor");
  return apply(Repeat{repeats}, x);
}

[[maybe_unused]] static const auto defs = {
    def<repeat>("repeat(Tensor self, int[] repeats) -> Tensor", kMethod,
                "The tensor several times along dimensions."),
    def<tile>("tile(Tensor self, int[] dims) -> Tensor", kBoth,
              "repeat with missing leading counts taken as one."),
    def<interleave_tensor>(
        "repeat_interleave(Tensor self, Tensor repeats, int? dim=None, *, int? output_size=None) -> "
        "Tensor",
        kBoth, "Each element as often as `repeats` says."),
    def<interleave_number>(
        "repeat_interleave(Tensor self, int repeats, int? dim=None, *, int? output_size=None) -> "
        "Tensor",
        kBoth, "Each element several times in a row."),
    def<interleaved_positions>("repeat_interleave(Tensor repeats, *, int? output_size=None) -> Tensor",
                               kFunction, "Each element as often as `repeats` says."),
};

}  // namespace adjoint::ops
