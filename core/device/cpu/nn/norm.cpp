// The CPU's normalisations: 16-bit floats go through float.
#include "device/nn/norm.h"

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

template <class F> void in_type_of(Ref x, F f) { x.dtype == Dtype::F64 ? f(double()) : f(float()); }

void forward(const NormPlan& plan, Ref x, Opt w, Opt b, Ref y, Ref statistics) {
  if (x.numel == 0) return;
  Work work(x.numel);
  in_type_of(x, [&]<class T>(T) {
    As<T> from(&x, true), to(&y, false), weight(w, true), bias(b, true);
    norm_forward<T>(plan, from, weight, bias, to, statistics_of(statistics));
    to.flush();
  });
}

void backward(const NormPlan& plan, Ref g, Ref x, Opt w, Ref statistics, Opt gx, Opt gw, Opt gb) {
  if (x.numel == 0) return;
  Work work(x.numel);
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
