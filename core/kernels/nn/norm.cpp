// Which rows go to which kernel, and in how many pieces: cut by the problem alone, so that the same bits come out on
// any number of threads.
#include "kernels/nn/norm.h"

#include <algorithm>
#include <memory>
#include <vector>
#include "kernels/isa.h"
#include "kernels/nn/norm_careful.h"
#include "kernels/nn/norm_table.h"
#include "kernels/parallel.h"
#include "kernels/stream.h"

namespace adjoint {

ADJOINT_PICK_TABLE(NormTable, norm_table)

namespace {

constexpr int64_t kGrain = 8192;  // elements
constexpr int64_t kFlush = 64;    // rows whose gradients of weights are summed in T

template <class T> const NormKernels<T>& kernels() {
  if constexpr (sizeof(T) == 4)
    return norm_table().f32;
  else
    return norm_table().f64;
}
int64_t grain_of(int64_t row) { return std::max<int64_t>(1, kGrain / (row + 1)); }

template <class T> Centre<T> centre_of(const RowStatistics& s, int64_t r) {
  const T high = T(s.means[r]);
  return {high, T(s.means[r] - double(high)), T(s.scales[r])};
}
// y, and gx, as lines in x: nn/norm_table.h.
template <class T> Line<T> forward_line(const RowStatistics& s, int64_t r, double w, double b) {
  const Centre<T> c = centre_of<T>(s, r);
  const double a = s.scales[r] * w;
  return {c.high, T(a), T(0), T(b - double(c.low) * a)};
}
template <class T>
Line<T> backward_line(const RowStatistics& s, int64_t r, double w, double mean_g, double mean_gx) {
  const Centre<T> c = centre_of<T>(s, r);
  const double scale = s.scales[r], b = mean_gx * scale * scale;
  return {c.high, T(scale * w), T(b), T(double(c.low) * b - mean_g * scale)};
}
template <class T> bool is_plain(const RowStatistics& s, int64_t r) {
  return NormRange<T>::holds(s.means[r], s.scales[r]);
}
template <class T> T* at_or_null(T* weights, int64_t i) { return weights ? weights + i : nullptr; }

// A row's statistics out of its moments; false where those are not to be trusted.
template <class T> bool keep(const NormPlan& p, const Moments& m, const RowStatistics& s, int64_t r) {
  const double variance = m.squares / double(p.count());
  if (!(variance <= NormRange<T>::most && variance + p.eps >= NormRange<T>::least)) return false;
  s.means[r] = m.mean;
  s.scales[r] = 1 / std::sqrt(variance + p.eps);
  if (s.variances) s.variances[r] = variance;
  return true;
}

// Where n results go: f(first, how many, to) writes them, by way of a buffer where they are streamed past the caches.
template <class T> class Sink {
 public:
  explicit Sink(int64_t elements) : streams_(elements * int64_t(sizeof(T)) >= kStreamBytes) {}
  template <class F> void put(T* to, int64_t n, const F& f) const {
    if (!streams_) return f(int64_t(0), n, to);
    T buffer[kBuffer];
    for (int64_t i = 0; i < n; i += kBuffer) {
      const int64_t m = std::min(kBuffer, n - i);
      f(i, m, buffer);
      stream_copy(reinterpret_cast<char*>(to + i), reinterpret_cast<const char*>(buffer),
                  m * int64_t(sizeof(T)));
    }
  }
  void fence() const {
    if (streams_) stream_fence();
  }
  // While a piece is stored, nothing is read: what is read a page further on is asked for before.
  void ahead(const T* p, int64_t n) const {
    if (!streams_) return;
    const char* from = reinterpret_cast<const char*>(p) + 4096;
    for (int64_t i = 0; i < n * int64_t(sizeof(T)); i += 64) __builtin_prefetch(from + i, 0, 2);
  }

 private:
  static constexpr int64_t kBuffer = 512;
  bool streams_;
};
int64_t elements_of(const NormPlan& p) { return p.rows * p.count(); }

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

bool is_finite(const GradSums& s) { return std::isfinite(s.g) && std::isfinite(s.gx); }

// What a row's gradient subtracts.
struct Means {
  double g, gx;
  Means(const NormPlan& p, const GradSums& s)
      : g(p.centred && !p.given ? s.g / double(p.count()) : 0), gx(p.given ? 0 : s.gx / double(p.count())) {}
};

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
    const int64_t n = p.weights(), size = std::max(kFlush, (p.rows + 255) / 256),
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

// --- columns: batch normalisation of vectors, and of images whose channels come last ---

bool is_columns(const NormPlan& p) { return p.step != 1; }

// f(first line, lines, first column, columns, chunk) over pieces of a matrix.
template <class F> int64_t each_tile(const NormPlan& p, F f) {
  const int64_t lines = std::max<int64_t>(512, (p.length + 63) / 64), chunks = (p.length + lines - 1) / lines,
                tiles = (p.rows + kNormTile - 1) / kNormTile;
  parallel_chunks(chunks * tiles, [&](int64_t i) {
    const int64_t line = i / tiles * lines, column = i % tiles * kNormTile;
    f(line, std::min(lines, p.length - line), column, std::min(kNormTile, p.rows - column), i / tiles);
  });
  return chunks;
}
int64_t chunks_of(const NormPlan& p) {
  const int64_t lines = std::max<int64_t>(512, (p.length + 63) / 64);
  return (p.length + lines - 1) / lines;
}

// f(where a line begins, sink), the last blocks of lines first: what was read last is in the caches still.
template <class T, class F> void each_line(const NormPlan& p, F f) {
  constexpr int64_t kBlock = 128;
  const Sink<T> sink(elements_of(p));
  const int64_t blocks = (p.length + kBlock - 1) / kBlock;
  parallel_for(blocks, grain_of(p.rows * kBlock), [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) {
      const int64_t first = (blocks - 1 - block) * kBlock;
      for (int64_t i = first; i < std::min(p.length, first + kBlock); ++i) f(i * p.step, sink);
    }
    sink.fence();
  });
}

// Columns' lines, each of which line(column) gives.
template <class T> struct ColumnLines {
  std::vector<T> high, a, b, d;
  bool reads_x = false;
  template <class F> ColumnLines(int64_t columns, F line) {
    for (std::vector<T>* v : {&high, &a, &b, &d}) v->resize(size_t(columns));
    for (int64_t i = 0; i < columns; ++i) {
      const Line<T> l = line(i);
      high[size_t(i)] = l.high, a[size_t(i)] = l.a, b[size_t(i)] = l.b, d[size_t(i)] = l.d;
      reads_x |= l.b != 0;
    }
  }
  Lines<T> from(int64_t column) const {
    return {high.data() + column, a.data() + column, reads_x ? b.data() + column : nullptr,
            d.data() + column};
  }
};

template <class T> void column_statistics(const NormPlan& p, const T* x, const RowStatistics& s) {
  const int64_t chunks = chunks_of(p), lines = std::max<int64_t>(512, (p.length + 63) / 64);
  std::unique_ptr<Moments[]> parts(new Moments[size_t(chunks * p.rows)]);
  each_tile(p, [&](int64_t line, int64_t n, int64_t column, int64_t width, int64_t chunk) {
    kernels<T>().column_moments(x + line * p.step + column, n, p.step, width,
                                parts.get() + chunk * p.rows + column);
  });
  for (int64_t i = 0; i < p.rows; ++i) {
    Moments all = parts[i];
    for (int64_t chunk = 1; chunk < chunks; ++chunk) {
      const Moments& m = parts[chunk * p.rows + i];
      const double before = double(chunk * lines), size = std::min(double(lines), double(p.length) - before),
                   step = m.mean - all.mean;
      all.mean += step * (size / (before + size));
      all.squares += m.squares + step * step * (before * size / (before + size));
    }
    if (!keep<T>(p, all, s, i)) CarefulRow<T>{p, i}.statistics(x, s);
  }
}

template <class T>
void forward_columns(const NormPlan& p, const T* x, const T* w, const T* b, T* y, const RowStatistics& s) {
  if (!p.given) column_statistics(p, x, s);
  const ColumnLines<T> lines(
      p.rows, [&](int64_t i) { return forward_line<T>(s, i, w ? double(w[i]) : 1, b ? double(b[i]) : 0); });
  each_line<T>(p, [&](int64_t from, const Sink<T>& sink) {
    sink.put(y + from, p.rows, [&](int64_t at, int64_t n, T* to) {
      sink.ahead(x + from + at, n);
      kernels<T>().column_apply(x + from + at, n, lines.from(at), to);
    });
  });
  for (int64_t i = 0; i < p.rows; ++i)
    if (!is_plain<T>(s, i)) CarefulRow<T>{p, i}.apply(x, w, b, s, y);
}

template <class T> void backward_columns(const NormPlan& p, const T* g, const T* x, const T* w,
                                         const RowStatistics& s, T* gx, T* gw, T* gb) {
  const int64_t chunks = chunks_of(p);
  std::vector<T> high(size_t(p.rows));
  for (int64_t i = 0; i < p.rows; ++i) high[size_t(i)] = centre_of<T>(s, i).high;
  std::unique_ptr<GradSums[]> sums(new GradSums[size_t(chunks * p.rows)]);
  each_tile(p, [&](int64_t line, int64_t n, int64_t column, int64_t width, int64_t chunk) {
    const int64_t from = line * p.step + column;
    kernels<T>().column_sums(g + from, x + from, n, p.step, width, high.data() + column,
                             sums.get() + chunk * p.rows + column);
  });
  const ColumnLines<T> lines(p.rows, [&](int64_t i) {
    GradSums& all = sums[i];
    for (int64_t chunk = 1; chunk < chunks; ++chunk)
      all.g += sums[chunk * p.rows + i].g, all.gx += sums[chunk * p.rows + i].gx;
    all.gx = (all.gx - (s.means[i] - double(high[size_t(i)])) * all.g) * s.scales[i];
    const double weight = w ? double(w[i]) : 1;
    const Means m(p, {all.g * weight, all.gx * weight});
    return backward_line<T>(s, i, weight, m.g, m.gx);
  });
  if (gx)
    each_line<T>(p, [&](int64_t from, const Sink<T>& sink) {
      sink.put(gx + from, p.rows, [&](int64_t at, int64_t n, T* to) {
        sink.ahead(g + from + at, n), sink.ahead(x + from + at, n);
        kernels<T>().column_pull(g + from + at, x + from + at, n, lines.from(at), to);
      });
    });
  for (int64_t i = 0; i < p.rows; ++i) {
    GradSums all = sums[i];
    if (!is_plain<T>(s, i) || !is_finite(all)) {
      all = {};
      CarefulRow<T>{p, i}.pull(g, x, w, s, gx,
                               [&](int64_t, double to_w, double to_b) { all.gx += to_w, all.g += to_b; });
    }
    if (gw) gw[i] = T(all.gx);
    if (gb) gb[i] = T(all.g);
  }
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
