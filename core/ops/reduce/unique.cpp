// Distinct elements, or distinct slices, with where each came from and how often it occurs.
#include <algorithm>
#include <memory>
#include <numeric>
#include "kernels/sort.h"
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

// Groups: order[i] is the i-th element in sorted (or given) order; first[i] says that it starts a group.
struct Groups {
  Tensor inverse, counts, leaders;  // leaders: one member of each group
};
Groups group(int64_t n, const int64_t* order, const std::vector<uint8_t>& starts) {
  Tensor inverse = empty(Dims{n}, Dtype::I64);
  auto* inv = inverse->host_as<int64_t>();
  std::vector<int64_t> leaders, counts;
  for (int64_t i = 0; i < n; ++i) {
    int64_t e = order ? order[i] : i;
    if (i == 0 || starts[size_t(i)]) {
      leaders.push_back(e);
      counts.push_back(0);
    }
    ++counts.back();
    inv[e] = int64_t(leaders.size()) - 1;
  }
  Groups g{inverse, empty(Dims{int64_t(counts.size())}, Dtype::I64),
           empty(Dims{int64_t(counts.size())}, Dtype::I64)};
  std::copy(counts.begin(), counts.end(), g.counts->host_as<int64_t>());
  std::copy(leaders.begin(), leaders.end(), g.leaders->host_as<int64_t>());
  return g;
}

Tensor none() { return empty(Dims{0}, Dtype::I64); }

// starts[i]: element i is not the one before (NaN never is).
std::vector<uint8_t> first_of_runs(const TensorImpl& x) {
  std::vector<uint8_t> starts(size_t(x.numel), 1);
  visit(x.dtype, [&]<class T>(T*) {
    const T* v = x.host_as<T>();
    for (int64_t i = 1; i < x.numel; ++i) starts[size_t(i)] = !(v[i] == v[i - 1]);
  });
  return starts;
}

template <class Name> Triple unique_flat(const Tensor& x, bool sort, bool want_inverse, bool want_counts) {
  if (is_complex(x->dtype)) fail_dtype("unique", x->dtype);
  Tensor c = raw::contiguous(x), order, sorted = c;
  int64_t n = x->numel;
  if (sort) {
    order = empty(Dims{n}, Dtype::I64);
    sorted = empty(Dims{n}, x->dtype);
    if (n) sort_rows(x->dtype, c->host(), 1, n, false, sorted->host(), order->host_as<int64_t>());
  }
  Groups g = group(n, sort ? order->host_as<int64_t>() : nullptr, first_of_runs(*sorted));
  Tensor values = ops::index_select(adjoint::alias(c, Dims{n}, Dims{1}, c->byte_offset), 0,
                                    g.leaders);  // an alias has no history
  Tensor inverse =
      want_inverse ? adjoint::alias(g.inverse, x->sizes(), contiguous_strides(x->sizes()), 0) : none();
  return finish<Name>(x, values, inverse, want_counts ? g.counts : none());
}

// Slices along `dim` are rows of memory, compared element by element: negative where row a comes before row b,
// 0 where they are equal. Complex rows have no order.
using CompareRows = int (*)(const char* a, const char* b, int64_t width);
CompareRows compare_rows(Dtype dtype) {
  return visit(dtype, [&]<class T>(T*) -> CompareRows {
    return [](const char* a, const char* b, int64_t width) {
      const T *x = reinterpret_cast<const T*>(a), *y = reinterpret_cast<const T*>(b);
      int unlike = 0;  // 1 where no pair has an order and some pair is not equal (NaN)
      for (int64_t i = 0; i < width; ++i) {
        if constexpr (!requires(T t) { t.imag(); }) {
          if (x[i] < y[i]) return -1;
          if (y[i] < x[i]) return 1;
        }
        unlike |= !(x[i] == y[i]);
      }
      return unlike ? 2 : 0;
    };
  });
}

template <class Name>
Triple unique_slices(const Tensor& x, int64_t dim, bool sort, bool want_inverse, bool want_counts) {
  if (is_complex(x->dtype)) fail_dtype("unique_dim", x->dtype);
  int64_t d = wrap_dim(dim, x->ndim), n = x->size(int(d));
  check(x->numel > 0 || n == 0,
        "There are 0 sized dimensions, and they aren't selected, so unique cannot be applied");
  Tensor rows = raw::contiguous(adjoint::alias(ops::movedim(detach(x), Dims{d}, Dims{0})));
  const int64_t width = n ? rows->numel / n : 0, bytes = width * int64_t(item_size(x->dtype));
  const char* data = rows->host();
  const CompareRows compare = compare_rows(x->dtype);
  std::vector<int64_t> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  if (sort)
    std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
      return compare(data + a * bytes, data + b * bytes, width) == -1;
    });
  std::vector<uint8_t> starts(size_t(n), 1);
  for (size_t i = 1; i < size_t(n); ++i)
    starts[i] = compare(data + order[i] * bytes, data + order[i - 1] * bytes, width) != 0;
  Groups g = group(n, order.data(), starts);
  Tensor values = ops::index_select(detach(x), d, g.leaders);
  return finish<Name>(x, values, want_inverse ? g.inverse : none(), want_counts ? g.counts : none());
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
