// Which rows go to which kernel, and in how many pieces: cut by the problem alone, so that the same bits come out on
// any number of threads. Columns: nn/norm_columns.cpp.
#include "kernels/nn/norm.h"

#include <algorithm>
#include <memory>
#include "kernels/isa.h"
#include "kernels/nn/norm_parts.h"
#include "kernels/parallel.h"

namespace adjoint {

ADJOINT_PICK_TABLE(NormTable, norm_table)

using namespace norms;

namespace {

constexpr int64_t kFlush = 64;  // rows whose gradients of weights are summed in T

// --- dense rows ---

template <class T> void apply_row(const NormPlan& p, int64_t r, const T* x, const T* w, const T* b, T* y,
                                  const RowStatistics& s, const Sink<T>& sink) {
  if (!is_plain<T>(s, r)) return CarefulRow<T>{p, r}.apply(x, w, b, s, y);
  const auto& k = kernels<T>();
  const Centre<T> c = centre_of<T>(s, r);
  const int64_t start = r * p.row_stride, first = r % p.groups * p.weights_of_row();
  for (int64_t i = 0; i < p.segments; ++i) {
    const int64_t from = start + i * p.segment_stride;
    if (p.weight == WeightOf::Element) {
      sink.put(y + from, p.length, [&](int64_t at, int64_t n, T* to) {
        sink.ahead(x + from + at, n);
        k.apply_vectors(x + from + at, n, c, at_or_null(w, first + at), at_or_null(b, first + at), to);
      });
    } else {
      const int64_t own = first + (p.weight == WeightOf::Segment ? i : 0);
      const Line<T> line = forward_line<T>(s, r, w ? double(w[own]) : 1, b ? double(b[own]) : 0);
      sink.put(y + from, p.length, [&](int64_t at, int64_t n, T* to) {
        sink.ahead(x + from + at, n);
        k.apply_numbers(x + from + at, n, line, to);
      });
    }
  }
}

template <class T>
void forward_rows(const NormPlan& p, const T* x, const T* w, const T* b, T* y, const RowStatistics& s) {
  const Sink<T> sink(elements_of(p));
  parallel_for(p.rows, grain_of(p.count()), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      if (!p.given && !keep<T>(p, kernels<T>().moments(p, x + r * p.row_stride), s, r))
        CarefulRow<T>{p, r}.statistics(x, s);
      apply_row(p, r, x, w, b, y, s, sink);
    }
    sink.fence();
  });
}

// Layer normalisation: gradients of weights are sums over rows, in blocks of them.
template <class T> struct ElementPull {
  const NormPlan& p;
  const T *g, *x, *w;
  const RowStatistics& s;
  T* gx;
  Sink<T> sink{elements_of(p)};

  void row(int64_t r, T* gw, T* gb) const {
    const int64_t start = r * p.row_stride, first = r % p.groups * p.length;
    const Centre<T> c = centre_of<T>(s, r);
    const bool plain = is_plain<T>(s, r);
    const auto& k = kernels<T>();
    GradSums sums;
    const T *weight = at_or_null(w, first), *from_g = g + start, *from_x = x + start;
    if (plain && gx && !p.given) sums = k.segment_sums(from_g, from_x, p.length, c, weight);
    if (plain && is_finite(sums)) {
      const Means m(p, sums);
      T *to_w = at_or_null(gw, first), *to_b = gw ? gb + first : nullptr;
      auto pull = [&](int64_t at, int64_t n, T* to) {
        sink.ahead(from_g + at, n), sink.ahead(from_x + at, n);
        k.pull_vectors(from_g + at, from_x + at, n, c, at_or_null(weight, at), T(m.g), T(m.gx), to,
                       at_or_null(to_w, at), at_or_null(to_b, at));
      };
      return gx ? sink.put(gx + start, p.length, pull) : pull(0, p.length, nullptr);
    }
    CarefulRow<T>{p, r}.pull(g, x, w, s, gx, [&](int64_t i, double to_w, double to_b) {
      if (gw) gw[i] = T(gw[i] + to_w), gb[i] = T(gb[i] + to_b);
    });
  }

  void alone() const {
    parallel_for(p.rows, grain_of(p.length), [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) row(r, nullptr, nullptr);
      sink.fence();
    });
  }

  void with_weights(T* gw, T* gb) const {
    const int64_t n = p.weights(), size = std::max(kFlush, (p.rows + 63) / 64),
                  blocks = (p.rows + size - 1) / size;
    std::unique_ptr<double[]> totals(new double[size_t(blocks * 2 * n)]());
    parallel_chunks(blocks, [&](int64_t block) {
      std::unique_ptr<T[]> part(new T[size_t(2 * n)]);
      double* total = totals.get() + block * 2 * n;
      const int64_t end = std::min(p.rows, (block + 1) * size);
      for (int64_t r = block * size; r < end;) {
        std::fill_n(part.get(), 2 * n, T(0));
        for (int64_t stop = std::min(end, r + kFlush); r < stop; ++r) row(r, part.get(), part.get() + n);
        for (int64_t i = 0; i < 2 * n; ++i) total[i] += double(part[i]);
      }
      sink.fence();
    });
    parallel_for(2 * n, 1024, [&](int64_t begin, int64_t end) {
      for (int64_t block = 1; block < blocks; ++block)
        for (int64_t i = begin; i < end; ++i) totals[i] += totals[block * 2 * n + i];
      for (int64_t i = begin; i < end; ++i)
        if (T* to = i < n ? gw : gb) to[i < n ? i : i - n] = T(totals[i]);
    });
  }
};

// Group normalisation: two sums of each segment make both the row's and those of the weights.
template <class T> void backward_segments(const NormPlan& p, const T* g, const T* x, const T* w,
                                          const RowStatistics& s, T* gx, T* gw, T* gb) {
  const auto& k = kernels<T>();
  const Sink<T> sink(elements_of(p));
  std::unique_ptr<GradSums[]> sums(new GradSums[size_t(p.rows * p.segments)]);
  parallel_for(p.rows, grain_of(p.count()), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const Centre<T> c = centre_of<T>(s, r);
      const int64_t start = r * p.row_stride, first = r % p.groups * p.segments;
      GradSums *own = sums.get() + r * p.segments, all;
      bool quick = is_plain<T>(s, r);
      for (int64_t i = 0; i < p.segments && quick; ++i) {
        const int64_t from = start + i * p.segment_stride;
        own[i] = k.segment_sums(g + from, x + from, p.length, c, nullptr);
        all.g += own[i].g * (w ? double(w[first + i]) : 1);
        all.gx += own[i].gx * (w ? double(w[first + i]) : 1);
      }
      if (!quick || !is_finite(all)) {
        for (int64_t i = 0; i < p.segments; ++i) own[i] = {};
        CarefulRow<T>{p, r}.pull(g, x, w, s, gx, [&](int64_t i, double to_w, double to_b) {
          own[i - first].gx += to_w, own[i - first].g += to_b;
        });
        continue;
      }
      const Means m(p, all);
      for (int64_t i = 0; gx && i < p.segments; ++i) {
        const int64_t from = start + i * p.segment_stride;
        const Line<T> line = backward_line<T>(s, r, w ? double(w[first + i]) : 1, m.g, m.gx);
        sink.put(gx + from, p.length, [&](int64_t at, int64_t n, T* to) {
          sink.ahead(g + from + at, n), sink.ahead(x + from + at, n);
          k.pull_numbers(g + from + at, x + from + at, n, line, to);
        });
      }
    }
    sink.fence();
  });
  if (!gw && !gb) return;
  for (int64_t i = 0; i < p.weights(); ++i) {
    GradSums all;
    for (int64_t at = i; at < p.rows * p.segments; at += p.weights())
      all.g += sums[at].g, all.gx += sums[at].gx;
    if (gw) gw[i] = T(all.gx);
    if (gb) gb[i] = T(all.g);
  }
}

// Batch normalisation of images: a row is a channel.
template <class T> void backward_channels(const NormPlan& p, const T* g, const T* x, const T* w,
                                          const RowStatistics& s, T* gx, T* gw, T* gb) {
  const Sink<T> sink(elements_of(p));
  const auto& k = kernels<T>();
  parallel_for(p.rows, grain_of(p.count()), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const Centre<T> c = centre_of<T>(s, r);
      const int64_t start = r * p.row_stride;
      GradSums sums;
      bool quick = is_plain<T>(s, r);
      if (quick) sums = k.sums(p, g + start, x + start, c);
      if (quick && is_finite(sums)) {
        const double weight = w ? double(w[r]) : 1;
        const Means m(p, {sums.g * weight, sums.gx * weight});
        const Line<T> line = backward_line<T>(s, r, weight, m.g, m.gx);
        for (int64_t i = 0; gx && i < p.segments; ++i) {
          const int64_t from = start + i * p.segment_stride;
          sink.put(gx + from, p.length, [&](int64_t at, int64_t n, T* to) {
            sink.ahead(g + from + at, n), sink.ahead(x + from + at, n);
            k.pull_numbers(g + from + at, x + from + at, n, line, to);
          });
        }
      } else {
        sums = {};
        CarefulRow<T>{p, r}.pull(g, x, w, s, gx,
                                 [&](int64_t, double to_w, double to_b) { sums.gx += to_w, sums.g += to_b; });
      }
      if (gw) gw[r] = T(sums.gx);
      if (gb) gb[r] = T(sums.g);
    }
    sink.fence();
  });
}

}  // namespace

template <class T>
void norm_forward(const NormPlan& p, const T* x, const T* w, const T* b, T* y, const RowStatistics& s) {
  is_columns(p) ? forward_columns(p, x, w, b, y, s) : forward_rows(p, x, w, b, y, s);
}

template <class T> void norm_backward(const NormPlan& p, const T* g, const T* x, const T* w,
                                      const RowStatistics& s, T* gx, T* gw, T* gb) {
  if (is_columns(p)) return backward_columns(p, g, x, w, s, gx, gw, gb);
  if (p.weight == WeightOf::Row) return backward_channels(p, g, x, w, s, gx, gw, gb);
  if (p.weight == WeightOf::Segment) return backward_segments(p, g, x, w, s, gx, gw, gb);
  const ElementPull<T> pull{p, g, x, w, s, gx};
  gw || gb ? pull.with_weights(gw, gb) : pull.alone();
}

#define ADJOINT_NORM(T)                                                                                    \
  template void norm_forward(const NormPlan&, const T*, const T*, const T*, T*, const RowStatistics&);     \
  template void norm_backward(const NormPlan&, const T*, const T*, const T*, const RowStatistics&, T*, T*, \
                              T*);
ADJOINT_NORM(float)
ADJOINT_NORM(double)
#undef ADJOINT_NORM

}  // namespace adjoint
