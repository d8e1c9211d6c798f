// Reductions of any view: cut in fixed blocks, folded by the kernels of reduce.isa.cpp, combined in a fixed
// tree.
//
// Rows (the reduced axis is dense, or there is one column) are cut every kBlock elements; columns (several
// results lie side by side) are cut every kRowBlock rows and walked row by row. Input of another type or
// stride is gathered, block by block, into a buffer, so that every layout gives the same bits.
#include "kernels/reduce.h"

#include <memory>
#include "kernels/careful.h"
#include "kernels/copy.h"
#include "kernels/fold.h"
#include "kernels/isa.h"
#include "kernels/math.h"

namespace adjoint {

ADJOINT_PICK_TABLE(ReduceTable, reduce_table)

namespace {

template <class T> constexpr T kInfinity = T(__builtin_inf());

Fold fold_of(Reduction op) {
  switch (op) {
    case Reduction::Sum: return Fold::Sum;
    case Reduction::Prod: return Fold::Prod;
    case Reduction::Max:
    case Reduction::Any: return Fold::Max;
    case Reduction::Min:
    case Reduction::All: return Fold::Min;
    case Reduction::SumAbs: return Fold::SumAbs;
    case Reduction::SumSquares: return Fold::SumSquares;
    case Reduction::SumPow: return Fold::SumPow;
    case Reduction::MaxAbs: return Fold::MaxAbs;
    case Reduction::MinAbs: return Fold::MinAbs;
    default: return Fold::Sum;
  }
}
bool is_norm(Reduction op) { return op >= Reduction::SumAbs && op <= Reduction::MinAbs; }

// The type in which values are folded.
Dtype folded_dtype(Reduction op, Dtype in) {
  if (op == Reduction::Any || op == Reduction::All) return Dtype::U8;
  if (op == Reduction::CountNonzero) return Dtype::I64;
  Dtype d = real_of(in);
  if (d >= Dtype::F16) return d == Dtype::F64 ? d : Dtype::F32;
  if ((op == Reduction::Max || op == Reduction::Min) && d != Dtype::I64) return Dtype::I32;
  return is_norm(op) || op == Reduction::LogSumExp ? Dtype::F64 : Dtype::I64;
}

template <class T> void log_sum_exp(Source<T> source, T* out) {
  const View3& v = source.view;
  int64_t count = v.outer * v.inner;
  fold(Fold::Max, source, out);
  std::unique_ptr<T[]> heap(count > 64 ? new T[2 * count] : nullptr);
  T few[128], *centre = heap ? heap.get() : few, *sum = centre + count;
  for (int64_t i = 0; i < count; ++i) centre[i] = math::abs(out[i]) == kInfinity<T> ? T(0) : out[i];
  fold(Fold::ExpSum, source, sum, centre);
  for (int64_t i = 0; i < count; ++i) out[i] = math::log(sum[i]) + centre[i];
}

template <class T> void reduce_as(Reduction op, const Source<T>& source, T* out, double p) {
  if (op == Reduction::LogSumExp) {
    if constexpr (math::Floating<T>) log_sum_exp(source, out);
    return;
  }
  if (op != Reduction::SumPow) return fold(fold_of(op), source, out);
  int64_t count = source.view.outer * source.view.inner;
  std::unique_ptr<T[]> power(new T[count]);
  for (int64_t i = 0; i < count; ++i) power[i] = T(p);
  fold(Fold::SumPow, source, out, power.get());
}

// Folds into the folded type; `out` has room for it.
void reduce_folded(Reduction op, Dtype in, const void* x, const View3& view, void* out, double p) {
  Gather gather = op == Reduction::CountNonzero || op == Reduction::Any || op == Reduction::All
                      ? Gather::Nonzero
                  : is_complex(in) && is_norm(op) ? Gather::Modulus
                                                  : Gather::Value;
  switch (folded_dtype(op, in)) {
    case Dtype::U8: return reduce_as(op, Source<uint8_t>{x, in, view, gather}, static_cast<uint8_t*>(out), p);
    case Dtype::I64:
      return reduce_as(op, Source<int64_t>{x, in, view, gather}, static_cast<int64_t*>(out), p);
    case Dtype::I32:
      return reduce_as(op, Source<int32_t>{x, in, view, gather}, static_cast<int32_t*>(out), p);
    case Dtype::F32: return reduce_as(op, Source<float>{x, in, view, gather}, static_cast<float*>(out), p);
    default: return reduce_as(op, Source<double>{x, in, view, gather}, static_cast<double*>(out), p);
  }
}

// A complex view as a real one of its real (part 0) or imaginary (part 1) numbers; `outputs` likewise.
template <class T, class F> void by_parts(const std::complex<T>* x, View3 view, F f) {
  view.outer_stride *= 2, view.n_stride *= 2, view.inner_stride *= 2;
  for (int part = 0; part < 2; ++part)
    f(Source<T>{reinterpret_cast<const T*>(x) + part, dtype_of<T>, view}, part);
}
template <class T> void complex_sum(const std::complex<T>* x, const View3& view, std::complex<T>* out) {
  T* parts = reinterpret_cast<T*>(out);
  if (view.inner == 1 || view.inner_stride == 1) {  // the parts are two columns side by side
    View3 wide{view.outer, view.n, view.inner * 2, view.outer_stride * 2, view.n_stride * 2, 1};
    return fold(Fold::Sum, Source<T>{x, dtype_of<T>, wide}, parts);
  }
  int64_t count = view.outer * view.inner;
  std::unique_ptr<T[]> one(new T[count]);
  by_parts(x, view, [&](const Source<T>& source, int part) {
    fold(Fold::Sum, source, one.get());
    for (int64_t i = 0; i < count; ++i) parts[2 * i + part] = one[i];
  });
}
template <class T> void complex_prod(const std::complex<T>* x, const View3& v, std::complex<T>* out) {
  for (int64_t o = 0; o < v.outer; ++o)
    for (int64_t i = 0; i < v.inner; ++i) {
      T re = 1, im = 0;
      const std::complex<T>* p = x + o * v.outer_stride + i * v.inner_stride;
      for (int64_t k = 0; k < v.n; ++k, p += v.n_stride) {
        T a = re * p->real() - im * p->imag();
        im = re * p->imag() + im * p->real(), re = a;
      }
      *out++ = {re, im};
    }
}
template <class T>
void reduce_complex(Reduction op, const std::complex<T>* x, const View3& view, std::complex<T>* out) {
  op == Reduction::Prod ? complex_prod(x, view, out) : complex_sum(x, view, out);
}

template <class T> void moments(const Source<T>& source, T* mean, T* m2) {
  const View3& v = source.view;
  int64_t count = v.outer * v.inner;
  fold(Fold::Sum, source, mean);
  for (int64_t i = 0; i < count; ++i) mean[i] /= T(v.n);
  std::unique_ptr<T[]> heap(count > 64 ? new T[count] : nullptr);
  T few[64], *rest = heap ? heap.get() : few;
  fold(Fold::Moments, source, rest, mean, m2);
  for (int64_t i = 0; i < count && v.n > 0; ++i) {  // the rounding of the mean, taken out again
    T shift = rest[i] / T(v.n);
    m2[i] -= shift * rest[i];
    mean[i] += math::isfinite(shift) ? shift : T(0);
    m2[i] = m2[i] < 0 ? T(0) : m2[i];
  }
}
template <class T> void complex_moments(const std::complex<T>* x, const View3& view, T* mean, T* m2) {
  int64_t count = view.outer * view.inner;
  std::unique_ptr<T[]> part_mean(new T[2 * count]);
  T* part_m2 = part_mean.get() + count;
  by_parts(x, view, [&](const Source<T>& source, int part) {
    moments(source, part_mean.get(), part_m2);
    for (int64_t i = 0; i < count; ++i) {
      mean[2 * i + part] = part_mean[i];
      m2[i] = part == 0 ? part_m2[i] : m2[i] + part_m2[i];
    }
  });
}

// M2 to variance or deviation. Where squares left the range of T: NaN, and the answer is false.
template <class T>
bool finish_moments(T* y, const T* mean, const View3& view, int parts, double divisor, bool root) {
  // M2 = 0: elements that are all alike, or small ones whose squares are too small for T.
  const T large = std::sqrt(std::numeric_limits<T>::min()) / std::numeric_limits<T>::epsilon();
  bool all_safe = true;
  for (int64_t i = 0; i < view.outer * view.inner; ++i) {
    const T *first = mean + i * parts, *last = first + parts - 1;
    bool alike = y[i] == 0 && (view.n <= 1 || (parts == 1 && math::abs(*first) > large));
    bool safe = (alike || sum_is_safe(y[i])) && math::isfinite(*first) && math::isfinite(*last);
    T v = safe ? T(double(y[i]) / divisor) : std::numeric_limits<T>::quiet_NaN();
    y[i] = root ? std::sqrt(v) : v;
    all_safe &= safe;
  }
  return all_safe || view.n == 0;
}

}  // namespace

Dtype reduced_dtype(Reduction op, Dtype in) {
  if (op == Reduction::Any || op == Reduction::All) return Dtype::Bool;
  if (op == Reduction::Max || op == Reduction::Min) return in;
  if (is_complex(in) && (op == Reduction::Sum || op == Reduction::Prod)) return in;
  return folded_dtype(op, in);
}

void reduce(Reduction op, Dtype in, const void* x, const View3& view, void* out, double p) {
  Dtype folded = folded_dtype(op, in), result = reduced_dtype(op, in);
  if (is_complex(result)) {
    if (result == Dtype::C64)
      return reduce_complex(op, static_cast<const std::complex<float>*>(x), view,
                            static_cast<std::complex<float>*>(out));
    return reduce_complex(op, static_cast<const std::complex<double>*>(x), view,
                          static_cast<std::complex<double>*>(out));
  }
  if (folded == result || folded == Dtype::U8) return reduce_folded(op, in, x, view, out, p);
  int64_t count = view.outer * view.inner;  // Max, Min of a narrow type
  int64_t few[64];
  std::unique_ptr<int64_t[]> heap(count > 64 ? new int64_t[count] : nullptr);
  void* wide = heap ? heap.get() : few;
  reduce_folded(op, in, x, view, wide, p);
  convert(static_cast<char*>(out), result, static_cast<const char*>(wide), folded, count);
}

void reduce_deviation(Dtype in, const void* x, const View3& view, double divisor, bool root, void* mean,
                      void* y) {
  bool safe = true;
  auto run = [&]<class T>(T* y0) {
    T* mean0 = static_cast<T*>(mean);
    if (is_complex(in))
      complex_moments(static_cast<const std::complex<T>*>(x), view, mean0, y0);
    else
      moments(Source<T>{x, in, view}, mean0, y0);
    safe = finish_moments(y0, mean0, view, is_complex(in) ? 2 : 1, divisor, root);
  };
  if (real_of(in) == Dtype::F64)
    run(static_cast<double*>(y));
  else
    run(static_cast<float*>(y));
  if (!safe) careful_deviations(in, x, view, divisor, root, mean, y);
}

}  // namespace adjoint
