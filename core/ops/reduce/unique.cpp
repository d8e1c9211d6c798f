// Distinct elements, or distinct slices, with where each came from and how often it occurs.
#include <algorithm>
#include <optional>
#include <numeric>
#include "ops/reduce/plan.h"

namespace adjoint {
namespace {

// The values could carry gradients, but PyTorch gives them none: asking is an error.
template <class Name> struct Unique {
  static constexpr const char *name = Name::name, *node = Name::node;
  void vjp(Backward&) {
    fail(ErrorKind::NotImplemented, "the derivative for '", name, "' is not implemented.");
  }
};
struct All {
  static constexpr const char *name = "_unique2", *node = "Unique2Backward0";
};
struct Consecutive {
  static constexpr const char *name = "unique_consecutive", *node = "UniqueConsecutiveBackward0";
};
struct Along {
  static constexpr const char *name = "unique_dim", *node = "UniqueDimBackward0";
};

using Triple = std::tuple<Tensor, Tensor, Tensor>;
template <class Name> Triple finish(const Tensor& x, Tensor values, Tensor inverse, Tensor counts) {
  values = apply_from(Unique<Name>{}, std::move(values), x);
  return {std::move(values), std::move(inverse), std::move(counts)};
}

// Groups of elements in sorted (or given) order.
struct Groups {
  Tensor inverse, counts, leaders;  // leaders: one member of each group
};
// order[i] is the i-th element; starts[i] says that it begins a group, as the first always does.
Groups group(int64_t n, const int64_t* order, const std::vector<uint8_t>& starts, bool want_inverse,
             Device device) {
  int64_t found = 0;
  for (uint8_t s : starts) found += s;
  HostTensor<int64_t> leaders(Dims{found}), counts(Dims{found}), inverse(Dims{want_inverse ? n : 0});
  int64_t g = -1, begun = 0;
  for (int64_t i = 0; i < n; ++i) {
    const int64_t e = order ? order[i] : i;
    if (starts[size_t(i)]) {
      if (g >= 0) counts[g] = i - begun;
      leaders[++g] = e;
      begun = i;
    }
    if (want_inverse) inverse[e] = g;
  }
  if (g >= 0) counts[g] = n - begun;
  return {inverse.on(device), counts.on(device), leaders.on(device)};
}

Tensor none(Device device) { return empty(Dims{0}, Dtype::I64, device); }

// starts[i]: element i is not the one before (NaN never is).
std::vector<uint8_t> first_of_runs(const Tensor& x) {
  std::vector<uint8_t> starts(size_t(x->numel), 1);
  visit(x->dtype, [&]<class T>(T*) {
    HostElements<T> v(x);
    const T* p = v.data();
    for (int64_t i = 1; i < v.size(); ++i) starts[size_t(i)] = !(p[i] == p[i - 1]);
  });
  return starts;
}
// The elements that begin a run, one after the other.
Tensor run_values(const Tensor& x) {
  return visit(x->dtype, [&]<class T>(T*) {
    constexpr int64_t kMany = 16;
    HostElements<T> v(x);
    const T* p = v.data();
    const int64_t n = v.size();
    HostTensor<T> kept(Dims{n});
    T* to = kept.data();
    int64_t k = 0, i = 0;
    if (n) to[k++] = p[i++];
    while (i < n) {
      const int64_t end = std::min(n, i + kMany);
      bool any = false;
      for (int64_t j = i; j < end; ++j) any |= !(p[j] == p[j - 1]);
      if (!any) {
        i = end;
        continue;
      }
      for (; i < end; ++i) {
        to[k] = p[i];
        k += !(p[i] == p[i - 1]);
      }
    }
    HostTensor<T> y(Dims{k});
    std::copy_n(to, k, y.data());
    return y.on(x->device);
  });
}

template <class Name> Triple unique_flat(const Tensor& x, bool sort, bool want_inverse, bool want_counts) {
  if (is_complex(x->dtype)) fail_dtype("unique", x->dtype);
  Tensor c = raw::contiguous(x), sorted = c;
  const int64_t n = x->numel;
  const bool want_order = want_inverse || want_counts;
  Tensor places = empty(Dims{want_order ? n : 0}, Dtype::I64, x->device);
  if (sort) {
    sorted = empty(Dims{n}, x->dtype, x->device);
    backend(x).sort_rows(*c, n, false, *sorted, *places, Ties::Stable);
  }
  if (!want_order) return finish<Name>(x, run_values(sorted), none(x->device), none(x->device));
  std::optional<HostElements<int64_t>> order;
  if (sort) order.emplace(places);
  Groups g = group(n, sort ? order->data() : nullptr, first_of_runs(sorted), want_inverse, x->device);
  Tensor values = ops::index_select(adjoint::alias(c, Dims{n}, Dims{1}, c->byte_offset), 0,
                                    g.leaders);  // an alias has no history
  Tensor inverse = want_inverse ? adjoint::alias(g.inverse, x->sizes(), contiguous_strides(x->sizes()), 0)
                                : none(x->device);
  return finish<Name>(x, values, inverse, want_counts ? g.counts : none(x->device));
}

// Slices along `dim` are rows, compared element by element: negative where row a comes before row b, 0 where they are
// equal, 2 where they have no order.
template <class T> int compare_rows(const T* a, const T* b, int64_t width) {
  bool unlike = false;  // no pair has an order and some pair is not equal (NaN)
  for (int64_t i = 0; i < width; ++i) {
    if constexpr (!requires(T t) { t.imag(); }) {
      if (a[i] < b[i]) return -1;
      if (b[i] < a[i]) return 1;
    }
    unlike |= !(a[i] == b[i]);
  }
  return unlike ? 2 : 0;
}
struct Runs {
  std::vector<int64_t> order;
  std::vector<uint8_t> starts;
};
template <class T> Runs runs_of_rows(const Tensor& rows, int64_t n, bool sort) {
  HostElements<T> v(rows);
  const int64_t width = n ? v.size() / n : 0;
  auto compare = [&](int64_t a, int64_t b) {
    return compare_rows(v.data() + a * width, v.data() + b * width, width);
  };
  Runs r{std::vector<int64_t>(size_t(n)), std::vector<uint8_t>(size_t(n), 1)};
  std::iota(r.order.begin(), r.order.end(), 0);
  if (sort)
    std::stable_sort(r.order.begin(), r.order.end(),
                     [&](int64_t a, int64_t b) { return compare(a, b) == -1; });
  for (size_t i = 1; i < size_t(n); ++i) r.starts[i] = compare(r.order[i], r.order[i - 1]) != 0;
  return r;
}

template <class Name>
Triple unique_slices(const Tensor& x, int64_t dim, bool sort, bool want_inverse, bool want_counts) {
  if (is_complex(x->dtype)) fail_dtype("unique_dim", x->dtype);
  int64_t d = wrap_dim(dim, x->ndim), n = x->size(int(d));
  check(x->numel > 0 || n == 0,
        "There are 0 sized dimensions, and they aren't selected, so unique cannot be applied");
  Tensor rows = ops::movedim(detach(x), Dims{d}, Dims{0});
  Runs r = visit(x->dtype, [&]<class T>(T*) { return runs_of_rows<T>(rows, n, sort); });
  Groups g = group(n, r.order.data(), r.starts, want_inverse, x->device);
  Tensor values = ops::index_select(detach(x), d, g.leaders);
  return finish<Name>(x, values, want_inverse ? g.inverse : none(x->device),
                      want_counts ? g.counts : none(x->device));
}

Triple unique_all(const Tensor& x, bool, bool inverse, bool counts) {
  return unique_flat<All>(x, true, inverse, counts);
}
Triple unique_dim(const Tensor& x, int64_t dim, bool, bool inverse, bool counts) {
  return unique_slices<Along>(x, dim, true, inverse, counts);
}
Triple unique_consecutive(const Tensor& x, bool inverse, bool counts, std::optional<int64_t> dim) {
  if (dim) return unique_slices<Consecutive>(x, *dim, false, inverse, counts);
  return unique_flat<Consecutive>(x, false, inverse, counts);
}

}  // namespace

// torch.unique returns one, two or three tensors as asked: the Python functions pick.
static const auto defs = {
    def<unique_all>("_unique2(Tensor self, bool sorted=True, bool return_inverse=False, bool "
                    "return_counts=False) -> (Tensor, Tensor, Tensor)",
                    kHidden),
    def<unique_dim>("_unique_dim(Tensor self, int dim, bool sorted=True, bool return_inverse=False, bool "
                    "return_counts=False) -> "
                    "(Tensor, Tensor, Tensor)",
                    kHidden),
    def<unique_consecutive>("_unique_consecutive(Tensor self, bool return_inverse=False, bool "
                            "return_counts=False, int? dim=None) -> "
                            "(Tensor, Tensor, Tensor)",
                            kHidden),
};

}  // namespace adjoint
