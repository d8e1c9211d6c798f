// From a pooling's arguments to its plan: checks in PyTorch's words and order, sizes of results.
#include <array>
#include "autograd/door.h"
#include "ops/layout.h"
#include "ops/nn/pool.h"
#include "ops/raw.h"
#include "tensor/checked.h"

namespace adjoint::pool {
namespace {

constexpr const char* kCounts[3] = {"one int", "two ints", "three ints"};
constexpr const char* kLetters[3][3] = {{"W"}, {"H", "W"}, {"T", "H", "W"}};

void check_counts(const Arguments& a) {
  const auto fits = [&](Ints v) { return v.size() == 1 || v.size() == size_t(a.spatial); };
  const char* many = kCounts[a.spatial - 1];
  if (a.spatial == 1) {
    const auto one = [&](const char* what, Ints v) {
      check(v.size() == 1, a.name, "() argument '", what, "' should contain one int (got ", v.size(), ")");
    };
    one("kernel_size", a.kernel_size);
    if (a.stride && !a.stride->empty()) one("stride", *a.stride);
    one("padding", a.padding);
    one("dilation", a.dilation);
    return;
  }
  check(fits(a.kernel_size), a.name, ": kernel_size must either be a single int, or a tuple of ", many);
  check(!a.stride || a.stride->empty() || fits(*a.stride), a.name,
        ": stride must either be omitted, a single int, or a tuple of ", many);
  check(fits(a.padding), a.name, ": padding must either be a single int, or a tuple of ", many);
  check(fits(a.dilation), a.name, ": dilation must be either a single int, or a tuple of ", many);
}

// "kH: 2 kW: 3"
std::string listed(const char* prefix, const Dims& v) {
  std::string s;
  for (int64_t i = 0; i < v.size(); ++i)
    s += str(i ? " " : "", prefix, kLetters[v.size() - 1][i], ": ", v[i]);
  return s;
}
bool positive(const Dims& v) {
  for (int64_t n : v)
    if (n <= 0) return false;
  return true;
}
bool within_half(const Dims& pad, const Dims& kernel) {
  for (int64_t i = 0; i < pad.size(); ++i)
    if (pad[i] > kernel[i] / 2) return false;
  return true;
}
std::string by(Ints v) {  // "2x3"
  std::string s;
  for (int64_t n : v) s += str(s.empty() ? "" : "x", n);
  return s;
}

void check_dimensions(const Tensor& x, const Arguments& a) {
  const int n = x->ndim, s = a.spatial;
  if (s == 1)
    check(n == 2 || n == 3, "Expected 2 to 3 dimensions, but got ", n,
          "-dimensional tensor for argument #1 'self' (while checking arguments for ", a.name, ")");
  check(n == s + 1 || n == s + 2, "non-empty ", s + 1, "D or ", s + 2,
        "D (batch mode) tensor expected for input");
}
// All but a batch have elements.
void check_filled(const Tensor& x, const Arguments& a) {
  const int n = x->ndim, s = a.spatial;
  for (int d = n == s + 2; d < n; ++d) {
    if (x->size(d) > 0) continue;
    if (s == 3)
      fail(a.name,
           ": Expected input's non-batch dimensions to have positive length, but input has a shape of ",
           x->sizes(), " and non-batch dimension ", x->size(d), " has length zero!");
    fail("Expected ", s + 1, "D or ", s + 2,
         "D (batch mode) tensor with optional 0 dim batch size for input, but got:", x->sizes());
  }
}

// Elements from a window's first to its last.
int64_t reach_of(const PoolAxis& a) { return checked_add(checked_mul(a.kernel - 1, a.dilation), 1); }

void check_padding(const PoolAxis& a) {
  check(a.stride != 0, "stride should not be zero");
  check(a.pad >= 0, "pad must be non-negative, but got pad: ", a.pad);
  check(a.pad <= reach_of(a) / 2, "pad should be at most half of effective kernel size, but got pad=", a.pad,
        ", kernel_size=", a.kernel, " and dilation=", a.dilation);
}

// How many windows fit; with ceil_mode also one that begins inside the image (or its left padding) and leaves it.
int64_t windows_along(const PoolAxis& a, bool ceil_mode) {
  const int64_t room =
      checked_add(checked_add(a.in, 2 * a.pad), -reach_of(a)) + (ceil_mode ? a.stride - 1 : 0);
  int64_t out = (room >= 0 ? room / a.stride : -((-room + a.stride - 1) / a.stride)) + 1;  // rounded down
  if (ceil_mode && checked_mul(out - 1, a.stride) >= a.in + a.pad) --out;
  return out;
}

Pooled of_tensor(const Tensor& x, int spatial) {
  Pooled p;
  p.from = x->sizes();
  const MemoryFormat f = x->ndim == spatial + 2 ? suggested_format(*x) : MemoryFormat::Contiguous;
  p.last = f == MemoryFormat::ChannelsLast || f == MemoryFormat::ChannelsLast3d;
  p.plan.spatial = spatial;
  const int images = x->ndim - spatial;
  for (int d = 0; d < images; ++d)
    (p.last && d == images - 1 ? p.plan.channels : p.plan.planes) *= x->size(d);
  return p;
}
void set_result(Pooled& p, int spatial) {
  p.to = p.from;
  for (int i = 0; i < spatial; ++i) p.to[p.to.size() - spatial + i] = p.plan.axis[3 - spatial + i].out;
}

}  // namespace

Dims each_of(Ints given, int spatial) {
  return given.size() == 1 ? Dims(int64_t(spatial), given[0]) : Dims(given);
}

Pooled regular(const Tensor& x, const Arguments& a) {
  check_counts(a);
  const int spatial = a.spatial;
  const Dims kernel = each_of(a.kernel_size, spatial), pad = each_of(a.padding, spatial),
             dilation = each_of(a.dilation, spatial),
             stride = a.stride && !a.stride->empty() ? each_of(*a.stride, spatial) : kernel;
  for (const Dims* v : {&kernel, &stride, &pad, &dilation})
    for (int64_t n : *v) check(n == int32_t(n), "value cannot be converted to type int without overflow");
  check_dimensions(x, a);
  Pooled p = of_tensor(x, spatial);
  const Ints image = x->sizes().subspan(size_t(x->ndim - spatial));
  PoolAxis* axes = p.plan.axis + 3 - spatial;
  for (int i = 0; i < spatial; ++i) {
    axes[i] = {image[size_t(i)], 0, kernel[i], stride[i], pad[i], dilation[i]};
    check_padding(axes[i]);
  }
  check(positive(kernel), "kernel size should be greater than zero, but got ", listed("k", kernel));
  check(positive(stride), "stride should be greater than zero, but got ", listed("d", stride));
  check(positive(dilation), "dilation should be greater than zero, but got ", listed("dilation", dilation));
  check_filled(x, a);
  check(within_half(pad, kernel), "pad should be smaller than or equal to half of kernel size, but got ",
        listed("pad", pad), " ", listed("k", kernel));
  bool enough = true;
  for (int i = 0; i < spatial; ++i) {
    axes[i].out = windows_along(axes[i], a.ceil_mode);
    enough &= axes[i].out >= 1;
  }
  set_result(p, spatial);
  const int64_t channels = x->size(x->ndim - spatial - 1);
  check(enough, "Given input size: (", channels, "x", by(image), "). Calculated output size: (", channels,
        "x", by(Ints(p.to).subspan(size_t(p.to.size() - spatial))), "). Output size is too small");
  return p;
}

Pooled adaptive(const Tensor& x, int spatial, Ints output_size, const char* name) {
  const int n = x->ndim;
  if (spatial == 1)
    check(n == 2 || n == 3, "Expected 2 to 3 dimensions, but got ", n,
          "-dimensional tensor for argument #1 'self' (while checking arguments for ", name, ")");
  check(n == spatial + 1 || n == spatial + 2, name, "(): Expected ", spatial + 1, "D or ", spatial + 2,
        "D tensor, but got", std::string_view(name).find("max") != std::string_view::npos ? ": " : " ",
        x->sizes());
  if (spatial == 1)
    check(output_size.size() == 1, name, "() argument 'output_size' should contain one int (got ",
          output_size.size(), ")");
  const bool counts = output_size.size() == size_t(spatial) || output_size.size() == 1;
  check(counts, name, ": output_size must be ", spatial);
  for (int d = n == spatial + 2; d < n; ++d)
    check(x->size(d) > 0, name,
          "(): Expected input to have non-zero size for non-batch dimensions, but input has sizes ",
          x->sizes(), " with dimension ", d, " being empty");
  return planned(x, spatial, Windows::Adaptive, each_of(output_size, spatial));
}

Pooled planned(const Tensor& x, int spatial, Windows windows, Ints output_size) {
  Pooled p = of_tensor(x, spatial);
  p.plan.windows = windows;
  for (int i = 0; i < spatial; ++i) {
    PoolAxis& axis = p.plan.axis[3 - spatial + i];
    axis.in = x->size(x->ndim - spatial + i);
    axis.out = output_size[size_t(i)];
  }
  set_result(p, spatial);
  return p;
}

const char* node(const char* const (&names)[3], int spatial) { return names[spatial - 1]; }

// --- layouts ---
namespace {

MemoryFormat format_of(int64_t ndim, bool last) {
  return !last       ? MemoryFormat::Contiguous
         : ndim == 5 ? MemoryFormat::ChannelsLast3d
                     : MemoryFormat::ChannelsLast;
}

}  // namespace

Tensor empty_laid(Ints sizes, Dtype dtype, Device device, bool last) {
  if (!last) return empty(sizes, dtype, device);
  return empty_strided(sizes, format_strides(sizes, format_of(int64_t(sizes.size()), last)), dtype, device);
}
Tensor laid(const Tensor& x, bool last) {
  if (has_format(*x, format_of(x->ndim, last))) return x;
  Tensor y = empty_laid(x->sizes(), x->dtype, x->device, last);
  raw::copy(y, x);
  return y;
}

// --- by index ---
namespace {

struct Counts {
  int64_t planes = 1, channels = 1;
  Counts(const Tensor& x, const Indexed& how) {
    const int images = x->ndim - how.spatial;
    for (int d = 0; d < images; ++d) (how.last && d == images - 1 ? channels : planes) *= x->size(d);
  }
};

[[noreturn, gnu::cold]] void refuse(const Tensor& index, int64_t place, Ints whole, const Indexed& how) {
  const int64_t value = item_at(*index, place * int64_t(index->itemsize())).to_int();
  Dims at(int64_t(index->ndim));  // where it stands, in the index's own dimensions
  int64_t rest = place;
  for (int d = index->ndim - 1; d >= 0; --d) {
    const bool channel = how.last && d == index->ndim - how.spatial - 1;
    if (channel) continue;
    if (d == index->ndim - 1 && how.last) {
      at[index->ndim - how.spatial - 1] = rest % index->size(index->ndim - how.spatial - 1);
      rest /= index->size(index->ndim - how.spatial - 1);
    }
    at[d] = rest % index->size(d);
    rest /= index->size(d);
  }
  const Ints image = whole.subspan(whole.size() - size_t(how.spatial));
  fail_with(
      str("index ", at, " points outside of the image: it has ", numel_of(image), " elements, from 0 on"),
      ErrorKind::Runtime, "Found an invalid max index: ", value, " (output volumes are of size ", by(image),
      ")");
}

}  // namespace

Tensor put_raw(const Tensor& x, const Tensor& index, Ints whole, const Indexed& how) {
  const Counts n(x, how);
  Tensor from = laid(x, how.last), at = laid(index, how.last),
         y = empty_laid(whole, x->dtype, x->device, how.last);
  if (auto bad = backend(y).pool->put(*from, *at, n.planes, n.channels, how.add, *y))
    refuse(at, *bad, whole, how);
  return y;
}

namespace {

struct Pick {
  static constexpr const char *name = "max_pool_pick", *node = "MaxPoolBackwardBackward0";
  Indexed how;
  Dims whole;
  SavedTensor index_;
  static constexpr const char* rule = "gx = zeros with g added at the indices";
  void vjp(Backward& b) { b.gx[0] = put(b.grad(), index_.get(b.node), whole, how); }
  void fields(auto& f) { f("indices", index_); }
};
struct Put {
  static constexpr const char *name = "max_pool_put", *node = "MaxPoolBackwardBackward0";
  Indexed how;
  SavedTensor index_;
  static constexpr const char* rule = "gx = g at the indices";
  void vjp(Backward& b) { b.gx[0] = pick(b.grad(), index_.get(b.node), how); }
  void fields(auto& f) { f("indices", index_); }
};

}  // namespace

Tensor put(const Tensor& x, const Tensor& index, Ints whole, const Indexed& how) {
  return apply_from(Put{how, SavedTensor(index)}, put_raw(x, index, whole, how), x);
}
Tensor pick(const Tensor& x, const Tensor& index, const Indexed& how) {
  const Counts n(x, how);
  Indexed back = how;
  back.add = true;
  Tensor from = laid(x, how.last), at = laid(index, how.last),
         y = empty_laid(index->sizes(), x->dtype, x->device, how.last);
  if (auto bad = backend(y).pool->pick(*from, *at, n.planes, n.channels, *y))
    refuse(at, *bad, x->sizes(), how);
  return apply_from(Pick{back, x->sizes(), SavedTensor(index)}, y, x);
}

}  // namespace adjoint::pool
