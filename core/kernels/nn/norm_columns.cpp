// Columns: batch normalisation of vectors, and of images whose channels come last. A row of the plan is a column of the
// matrix; what is worked out of columns is then applied line by line.
#include <memory>
#include <vector>
#include "kernels/nn/norm_parts.h"
#include "kernels/parallel.h"

namespace adjoint::norms {

namespace {

// A matrix's lines are summed in chunks of so many.
int64_t lines_of(const NormPlan& p) { return std::max<int64_t>(512, (p.length + 63) / 64); }
int64_t chunks_of(const NormPlan& p) { return (p.length + lines_of(p) - 1) / lines_of(p); }

// f(first line, lines, first column, columns, chunk) over pieces of a matrix.
template <class F> void each_tile(const NormPlan& p, F f) {
  const int64_t lines = lines_of(p), tiles = (p.rows + kNormTile - 1) / kNormTile;
  parallel_chunks(chunks_of(p) * tiles, [&](int64_t i) {
    const int64_t line = i / tiles * lines, column = i % tiles * kNormTile;
    f(line, std::min(lines, p.length - line), column, std::min(kNormTile, p.rows - column), i / tiles);
  });
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
  const int64_t chunks = chunks_of(p), lines = lines_of(p);
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

}  // namespace

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

#define ADJOINT_COLUMNS(T)                                                                                \
  template void forward_columns(const NormPlan&, const T*, const T*, const T*, T*, const RowStatistics&); \
  template void backward_columns(const NormPlan&, const T*, const T*, const T*, const RowStatistics&, T*, \
                                 T*, T*);
ADJOINT_COLUMNS(float)
ADJOINT_COLUMNS(double)
#undef ADJOINT_COLUMNS

}  // namespace adjoint::norms
