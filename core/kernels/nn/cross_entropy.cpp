// Rows of classes, wherever they lie: dense ones of the computing type are taken where they are, others are brought
// together a few at a time.
#include "kernels/nn/cross_entropy.h"

#include <algorithm>
#include <memory>
#include "kernels/convert.h"
#include "kernels/copy.h"
#include "kernels/isa.h"
#include "kernels/nn/cross_entropy_table.h"
#include "kernels/parallel.h"

namespace adjoint {

ADJOINT_PICK_TABLE(CrossEntropyTable, cross_entropy_table)

namespace {

constexpr int64_t kGrain = 8192;  // elements
constexpr int64_t kTile = 16;     // rows that lie across memory

template <class T> const CrossEntropyKernels<T>& kernels() {
  if constexpr (sizeof(T) == 4)
    return cross_entropy_table().f32;
  else
    return cross_entropy_table().f64;
}

// A few rows of a tensor as T, dense.
template <class T> class Rows {
 public:
  Rows(const ClassPlan& p, Dtype dtype, void* data) : p_(p), dtype_(dtype), data_(static_cast<char*>(data)) {
    if (data_ && !in_place()) own_.reset(new T[size_t(kTile * p.classes)]);
  }
  // Rows from `first` on, of one outer index: where they are read, or written by store().
  T* take(int64_t first, int64_t n, bool read) {
    if (!data_) return nullptr;
    if (in_place()) return reinterpret_cast<T*>(data_) + first * p_.classes;
    if (read) move(first, n, true);
    return own_.get();
  }
  void store(int64_t first, int64_t n) {
    if (own_) move(first, n, false);
  }
  static int64_t stride(const ClassPlan& p) { return p.classes; }

 private:
  bool in_place() const { return p_.inner == 1 && dtype_ == dtype_of<T>; }
  void move(int64_t first, int64_t n, bool in) {
    const int64_t item = int64_t(item_size(dtype_)), wide = int64_t(sizeof(T)), sizes[2] = {n, p_.classes};
    char* from = data_ + (first / p_.inner * p_.classes * p_.inner + first % p_.inner) * item;
    const int64_t there[2] = {p_.inner == 1 ? p_.classes * item : item, p_.inner * item},
                  here[2] = {p_.classes * wide, wide};
    char* to = reinterpret_cast<char*>(own_.get());
    in ? copy_strided(2, sizes, to, here, dtype_of<T>, from, there, dtype_)
       : copy_strided(2, sizes, from, there, dtype_, to, here, dtype_of<T>);
  }
  const ClassPlan& p_;
  Dtype dtype_;
  char* data_;
  std::unique_ptr<T[]> own_;
};

// f(first row, rows) over all of them, in runs of one outer index where rows lie across memory.
template <class F> void each_run(const ClassPlan& p, F f) {
  const int64_t runs = (p.inner + kTile - 1) / kTile, size = p.inner == 1 ? kTile : p.inner;
  const int64_t n = p.inner == 1 ? (p.outer + kTile - 1) / kTile : p.outer * runs;
  parallel_for(n, std::max<int64_t>(1, kGrain / (kTile * p.classes + 1)), [&](int64_t begin, int64_t end) {
    f([&](auto each) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t first = p.inner == 1 ? i * kTile : i / runs * size + i % runs * kTile,
                      stop = p.inner == 1 ? p.outer : (i / runs + 1) * size;
        each(first, std::min(kTile, stop - first));
      }
    });
  });
}

// What the target of a row weighs, a class each; null where it is one class.
template <class T> class Shares {
 public:
  Shares(const ClassPlan& p, const T* weight, bool probabilities) : p_(p), weight_(weight) {
    if (!probabilities && p.smoothing == 0) return;
    q_.reset(new T[size_t(p.classes)]);
    const T share = T(p.smoothing / double(p.classes));
    for (int64_t c = 0; c < p.classes; ++c) q_[c] = weight ? share * weight[c] : share;
  }
  const T* of(const T* probabilities) {
    if (!probabilities) return q_.get();
    const T share = T(p_.smoothing / double(p_.classes)), rest = T(1 - p_.smoothing);
    for (int64_t c = 0; c < p_.classes; ++c) {
      const T t = p_.smoothing == 0 ? probabilities[c] : probabilities[c] * rest + share;
      q_[c] = weight_ ? t * weight_[c] : t;
    }
    return q_.get();
  }
  T total() const {
    double sum = 0;
    for (int64_t c = 0; c < p_.classes; ++c) sum += double(q_[c]);
    return T(sum);
  }
  // Of the target's class alone, besides.
  T at(int64_t c) const { return T(1 - p_.smoothing) * (weight_ ? weight_[c] : T(1)); }

 private:
  const ClassPlan& p_;
  const T* weight_;
  std::unique_ptr<T[]> q_;
};

// --- images: rows lie side by side across memory ---

template <class T> bool in_columns(const ClassPlan& p, Dtype dtype, const ClassTargets& t) {
  return p.inner > 1 && dtype == dtype_of<T> && t.classes;
}
// f(first row, its place in x, columns) over tiles of one outer index.
template <class F> void each_tile(const ClassPlan& p, F f) {
  const int64_t tiles = (p.inner + kClassTile - 1) / kClassTile, width = std::min(p.inner, kClassTile);
  parallel_for(p.outer * tiles, std::max<int64_t>(1, kGrain / (width * p.classes + 1)),
               [&](int64_t begin, int64_t end) {
                 for (int64_t i = begin; i < end; ++i) {
                   const int64_t outer = i / tiles, at = i % tiles * kClassTile;
                   f(outer * p.inner + at, outer * p.classes * p.inner + at,
                     std::min(kClassTile, p.inner - at));
                 }
               });
}

template <class T> void forward_columns(const ClassPlan& p, const T* x, const int64_t* target,
                                        const T* weight, T* norms, double* losses, double* weights) {
  const auto& k = kernels<T>();
  Shares<T> shares(p, weight, false);
  const T* q = shares.of(nullptr);
  const double of_q = q ? double(shares.total()) : 0;
  each_tile(p, [&](int64_t first, int64_t place, int64_t width) {
    T *top = norms + first, *log_sum = norms + p.rows() + first, of_x[kClassTile];
    k.column_log_sums(x + place, p.classes, p.inner, width, top, log_sum);
    if (q) k.weigh_columns(x + place, q, p.classes, p.inner, width, top, of_x);
    for (int64_t i = 0; i < width; ++i) {
      const int64_t c = target[first + i];
      const bool counts = c != p.ignored;
      T loss = q ? T(of_q) * log_sum[i] - of_x[i] : T(0);
      if (counts) loss += shares.at(c) * (log_sum[i] - (x[place + c * p.inner + i] - top[i]));
      losses[first + i] = counts ? double(loss) : 0;
      weights[first + i] = !counts ? 0 : weight ? double(weight[c]) : 1;
    }
  });
}
template <class T> void backward_columns(const ClassPlan& p, const T* x, const int64_t* target,
                                         const T* weight, const T* norms, const double* g, T* gx) {
  Shares<T> shares(p, weight, false);
  const T* q = shares.of(nullptr);
  const T of_q = q ? shares.total() : T(0);
  each_tile(p, [&](int64_t first, int64_t place, int64_t width) {
    T all[kClassTile], own[kClassTile];
    for (int64_t i = 0; i < width; ++i) {
      const int64_t c = target[first + i];
      own[i] = c == p.ignored ? T(0) : T(g[first + i]);
      all[i] = c == p.ignored ? T(0) : own[i] * (of_q + shares.at(c));
    }
    const T *top = norms + first, *log_sum = norms + p.rows() + first;
    kernels<T>().pull_columns(x + place, q, p.classes, p.inner, width, top, log_sum, all, own, gx + place);
    for (int64_t i = 0; i < width; ++i) {
      const int64_t c = target[first + i];
      if (c != p.ignored)
        gx[place + c * p.inner + i] -= shares.at(c) * own[i];
      else
        for (int64_t r = 0; r < p.classes; ++r) gx[place + r * p.inner + i] = 0;  // its row may hold NaN
    }
  });
}

void* writable(const void* p) { return const_cast<void*>(p); }

}  // namespace

std::optional<int64_t> outside_classes(const int64_t* target, int64_t n, int64_t classes, int64_t ignored) {
  for (int64_t i = 0; i < n; ++i)
    if (uint64_t(target[i]) >= uint64_t(classes) && target[i] != ignored) return i;
  return {};
}

template <class T> void cross_entropy(const ClassPlan& p, Dtype dtype, const void* x,
                                      const ClassTargets& target, const T* weight, T* norms, double* losses,
                                      double* weights) {
  if (in_columns<T>(p, dtype, target))
    return forward_columns(p, static_cast<const T*>(x), target.classes, weight, norms, losses, weights);
  const auto& k = kernels<T>();
  const int64_t n = p.classes, rows = p.rows();
  each_run(p, [&](auto all) {
    Rows<T> xs(p, dtype, writable(x)), ts(p, dtype, writable(target.probabilities));
    Shares<T> shares(p, weight, target.probabilities);
    all([&](int64_t first, int64_t count) {
      const T *block = xs.take(first, count, true), *likely = ts.take(first, count, true);
      for (int64_t r = first; r < first + count; ++r) {
        const T* row = block + (r - first) * n;
        T top, log_sum, loss = 0;
        k.log_sum(row, n, top, log_sum);
        norms[r] = top, norms[rows + r] = log_sum;
        const int64_t c = target.classes ? target.classes[r] : 0;
        if (target.classes && c == p.ignored) {
          losses[r] = weights[r] = 0;
          continue;
        }
        if (const T* q = shares.of(likely ? likely + (r - first) * n : nullptr)) {
          T of_q, of_x;
          k.weigh(row, q, n, top, of_q, of_x);
          loss = of_q * log_sum - of_x;
        }
        if (target.classes) loss += shares.at(c) * (log_sum - (row[c] - top));
        losses[r] = double(loss);
        weights[r] = target.classes && weight ? double(weight[c]) : 1;
      }
    });
  });
}

template <class T> void cross_entropy_backward(const ClassPlan& p, Dtype dtype, const void* x,
                                               const ClassTargets& target, const T* weight, const T* norms,
                                               const double* g, void* gx, void* gtarget) {
  if (in_columns<T>(p, dtype, target) && gx)
    return backward_columns(p, static_cast<const T*>(x), target.classes, weight, norms, g,
                            static_cast<T*>(gx));
  const auto& k = kernels<T>();
  const int64_t n = p.classes, rows = p.rows();
  each_run(p, [&](auto all) {
    Rows<T> xs(p, dtype, writable(x)), ts(p, dtype, writable(target.probabilities)), gxs(p, dtype, gx),
        gts(p, dtype, gtarget);
    Shares<T> shares(p, weight, target.probabilities);
    all([&](int64_t first, int64_t count) {
      const T *block = xs.take(first, count, true), *likely = ts.take(first, count, true);
      T *to = gxs.take(first, count, false), *to_target = gts.take(first, count, false);
      for (int64_t r = first; r < first + count; ++r) {
        const int64_t at = (r - first) * n, c = target.classes ? target.classes[r] : 0;
        const T *row = block + at, top = norms[r], log_sum = norms[rows + r], own = T(g[r]);
        if (to && target.classes && c == p.ignored) {
          std::fill_n(to + at, n, T(0));
        } else if (to) {
          const T* q = shares.of(likely ? likely + at : nullptr);
          T of_q = 0, of_x = 0;
          if (q) k.weigh(row, q, n, row[0], of_q, of_x);
          const T one = target.classes ? shares.at(c) : T(0);
          k.pull(row, q, n, top, log_sum, (of_q + one) * own, own, to + at);
          if (target.classes) to[at + c] -= one * own;
        }
        if (!to_target) continue;
        const T factor = own * T(1 - p.smoothing);
        for (int64_t i = 0; i < n; ++i)
          to_target[at + i] = factor * (weight ? weight[i] : T(1)) * (log_sum - (row[i] - top));
      }
      gxs.store(first, count);
      gts.store(first, count);
    });
  });
}

namespace {

// f(as T*) in the element type of a floating dtype.
template <class F> void with_type(Dtype dtype, F f) {
  switch (dtype) {
    case Dtype::F64: return f(static_cast<double*>(nullptr));
    case Dtype::F16: return f(static_cast<Half*>(nullptr));
    case Dtype::BF16: return f(static_cast<BFloat16*>(nullptr));
    default: return f(static_cast<float*>(nullptr));
  }
}
template <class T> double number(const void* p, int64_t i) {
  return convert_to<double>(static_cast<const T*>(p)[i]);
}
int64_t place_of(const ClassPlan& p, int64_t row, int64_t c) {
  return (row / p.inner * p.classes + c) * p.inner + row % p.inner;
}

}  // namespace

void nll(const ClassPlan& p, Dtype dtype, const void* x, const int64_t* target, const void* weight,
         double* losses, double* weights) {
  with_type(dtype, [&]<class T>(T*) {
    for (int64_t r = 0; r < p.rows(); ++r) {
      const int64_t c = target[r];
      const bool counts = c != p.ignored;
      weights[r] = !counts ? 0 : weight ? number<T>(weight, c) : 1;
      losses[r] = counts ? -weights[r] * number<T>(x, place_of(p, r, c)) : 0;
    }
  });
}

void nll_backward(const ClassPlan& p, Dtype dtype, const int64_t* target, const void* weight, const double* g,
                  void* gx) {
  with_type(dtype, [&]<class T>(T*) {
    for (int64_t r = 0; r < p.rows(); ++r)
      if (const int64_t c = target[r]; c != p.ignored)
        static_cast<T*>(gx)[place_of(p, r, c)] = convert_to<T>(-g[r] * (weight ? number<T>(weight, c) : 1));
  });
}

#define ADJOINT_CROSS_ENTROPY(T)                                                                            \
  template void cross_entropy(const ClassPlan&, Dtype, const void*, const ClassTargets&, const T*, T*,      \
                              double*, double*);                                                            \
  template void cross_entropy_backward(const ClassPlan&, Dtype, const void*, const ClassTargets&, const T*, \
                                       const T*, const double*, void*, void*);
ADJOINT_CROSS_ENTROPY(float)
ADJOINT_CROSS_ENTROPY(double)
#undef ADJOINT_CROSS_ENTROPY

}  // namespace adjoint
