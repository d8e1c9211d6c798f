// The CPU's normalisations: 16-bit floats go through float.
#include "device/nn/norm.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include "device/cpu/work.h"
#include "kernels/copy.h"

namespace adjoint {
namespace cpu {
namespace {

using Ref = const TensorImpl&;
using Opt = const TensorImpl*;

RowStatistics statistics_of(Ref s) {
  double* p = s.host_as<double>();
  const int64_t rows = s.size(1);
  return {p, p + rows, s.size(0) > 2 ? p + 2 * rows : nullptr};
}

float* numbers(Opt t) { return t ? t->host_as<float>() : nullptr; }

// A tensor's elements as T: its own memory, or a copy, which flush() brings back.
template <class T> class As {
 public:
  As(Opt t, bool read) : t_(t) {
    if (!t) return;
    if (t->dtype == dtype_of<T>) {
      p_ = t->host_as<T>();
      return;
    }
    wide_.reset(new T[size_t(t->numel)]);
    p_ = wide_.get();
    if (read) convert(reinterpret_cast<char*>(p_), dtype_of<T>, t->host(), t->dtype, t->numel);
  }
  operator T*() const { return p_; }
  void flush() const {
    if (wide_) convert(t_->host(), t_->dtype, reinterpret_cast<const char*>(p_), dtype_of<T>, t_->numel);
  }

 private:
  Opt t_;
  std::unique_ptr<T[]> wide_;
  T* p_ = nullptr;
};

// --- 16-bit rows: some at a time, so that their floats need little memory ---

constexpr int64_t kPiece = int64_t(1) << 16;  // elements

// Some rows as a plan of their own over dense floats. In x they lie in `runs` stretches of `run` elements.
struct Piece {
  NormPlan plan;
  int64_t first, runs, run, stride, weight;  // weight: the first of theirs
  RowStatistics statistics;
};
// Rows of a piece: whole groups, or channels.
int64_t rows_of_piece(const NormPlan& p) {
  const int64_t groups = p.weight == WeightOf::Row ? 1 : p.groups;
  return std::min(p.rows, std::max<int64_t>(1, kPiece / (p.count() * groups)) * groups);
}
bool in_pieces(const NormPlan& p, Ref x) {
  return is_reduced(x.dtype) && p.step == 1 && p.rows > rows_of_piece(p);
}

template <class F> void each_piece(const NormPlan& p, const RowStatistics& s, F f) {
  const bool channels = p.weight == WeightOf::Row;
  for (int64_t r = 0, n; r < p.rows; r += n) {
    n = std::min(rows_of_piece(p), p.rows - r);
    const RowStatistics own{s.means + r, s.scales + r, s.variances ? s.variances + r : nullptr};
    Piece piece{p, r * p.row_stride, 1, n * p.count(), 0, 0, own};
    piece.plan.rows = n;
    if (channels) {
      piece.runs = p.segments, piece.run = n * p.length, piece.stride = p.segment_stride, piece.weight = r;
      piece.plan.groups = n, piece.plan.segment_stride = n * p.length;
    }
    f(piece);
  }
}
// The piece's elements in x, to floats side by side and back.
template <bool kIn> void move(const Piece& p, Ref x, float* wide) {
  const int64_t item = int64_t(x.itemsize()), sizes[2] = {p.runs, p.run};
  const int64_t there[2] = {p.stride * item, item}, here[2] = {p.run * int64_t(sizeof(float)), sizeof(float)};
  char *at = x.host() + p.first * item, *to = reinterpret_cast<char*>(wide);
  kIn ? copy_strided(2, sizes, to, here, Dtype::F32, at, there, x.dtype)
      : copy_strided(2, sizes, at, there, x.dtype, to, here, Dtype::F32);
}

void forward_in_pieces(const NormPlan& p, Ref x, const float* w, const float* b, Ref y,
                       const RowStatistics& s) {
  const int64_t most = rows_of_piece(p) * p.count();
  std::unique_ptr<float[]> wide(new float[size_t(2 * most)]);
  each_piece(p, s, [&](const Piece& part) {
    move<true>(part, x, wide.get());
    norm_forward<float>(part.plan, wide.get(), w ? w + part.weight : nullptr, b ? b + part.weight : nullptr,
                        wide.get() + most, part.statistics);
    move<false>(part, y, wide.get() + most);
  });
}

void backward_in_pieces(const NormPlan& p, Ref g, Ref x, const float* w, const RowStatistics& s, Opt gx,
                        float* gw, float* gb) {
  const int64_t most = rows_of_piece(p) * p.count(), weights = gw || gb ? p.weights() : 0;
  std::unique_ptr<float[]> wide(new float[size_t(3 * most + 2 * weights)]);
  std::unique_ptr<double[]> totals(new double[size_t(2 * weights)]());
  float *from_g = wide.get(), *from_x = from_g + most, *to = from_x + most, *own_w = to + most;
  each_piece(p, s, [&](const Piece& part) {
    move<true>(part, g, from_g);
    move<true>(part, x, from_x);
    norm_backward<float>(part.plan, from_g, from_x, w ? w + part.weight : nullptr, part.statistics,
                         gx ? to : nullptr, weights ? own_w : nullptr, weights ? own_w + weights : nullptr);
    for (int64_t i = 0, n = weights ? part.plan.weights() : 0; i < n; ++i) {
      totals[part.weight + i] += double(own_w[i]);
      totals[weights + part.weight + i] += double(own_w[weights + i]);
    }
    if (gx) move<false>(part, *gx, to);
  });
  for (int64_t i = 0; i < weights; ++i) {
    if (gw) gw[i] = float(totals[i]);
    if (gb) gb[i] = float(totals[weights + i]);
  }
}

template <class F> void in_type_of(Ref x, F f) { x.dtype == Dtype::F64 ? f(double()) : f(float()); }

void forward(const NormPlan& plan, Ref x, Opt w, Opt b, Ref y, Ref statistics) {
  if (x.numel == 0) return;
  Work work(x.numel);
  if (in_pieces(plan, x))
    return forward_in_pieces(plan, x, numbers(w), numbers(b), y, statistics_of(statistics));
  in_type_of(x, [&]<class T>(T) {
    As<T> from(&x, true), to(&y, false), weight(w, true), bias(b, true);
    norm_forward<T>(plan, from, weight, bias, to, statistics_of(statistics));
    to.flush();
  });
}

void backward(const NormPlan& plan, Ref g, Ref x, Opt w, Ref statistics, Opt gx, Opt gw, Opt gb) {
  if (x.numel == 0) return;
  Work work(x.numel);
  if (in_pieces(plan, x))
    return backward_in_pieces(plan, g, x, numbers(w), statistics_of(statistics), gx, numbers(gw),
                              numbers(gb));
  in_type_of(x, [&]<class T>(T) {
    As<T> from(&x, true), cotangent(&g, true), weight(w, true), to(gx, false), to_w(gw, false),
        to_b(gb, false);
    norm_backward<T>(plan, cotangent, from, weight, statistics_of(statistics), to, to_w, to_b);
    to.flush(), to_w.flush(), to_b.flush();
  });
}

// f(p, its type's numbers) of a tensor of any floating type.
template <class F> void with_floats(Ref x, F f) {
  visit(x.dtype, [&]<class T>(T*) {
    if constexpr (std::is_floating_point_v<T> || std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>)
      f(x.host_as<T>());
  });
}

void recall(Ref mean, Ref var, double eps, Ref statistics) {
  const RowStatistics s = statistics_of(statistics);
  with_floats(mean, [&](const auto* p) {
    for (int64_t i = 0; i < mean.numel; ++i) s.means[i] = double(p[i]);
  });
  with_floats(var, [&](const auto* p) {
    for (int64_t i = 0; i < var.numel; ++i) s.scales[i] = 1 / std::sqrt(double(p[i]) + eps);
  });
}

void track(Ref running, Ref values, double momentum, double factor) {
  const int64_t channels = running.numel, n = channels ? values.numel / channels : 0;
  const double* v = values.host_as<double>();
  with_floats(running, [&]<class T>(T* p) {
    for (int64_t c = 0; c < channels; ++c) {
      double sum = 0;
      for (int64_t i = 0; i < n; ++i) sum += v[i * channels + c];
      p[c] = T((1 - momentum) * double(p[c]) + momentum * factor * sum / double(n));
    }
  });
}

}  // namespace
}  // namespace cpu

const NormKernels cpu_norm = {
    .forward = cpu::forward,
    .backward = cpu::backward,
    .recall = cpu::recall,
    .track = cpu::track,
};

}  // namespace adjoint
