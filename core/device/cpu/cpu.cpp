// The CPU's table: the kernels of kernels/, given addresses, threads' work measured, the big lock released.
#include <algorithm>
#include <cmath>
#include <cstring>
#include "device/cpu/entries.h"
#include "device/cpu/work.h"
#include "kernels/careful.h"
#include "kernels/copy.h"
#include "kernels/gemm.h"
#include "kernels/parallel.h"
#include "kernels/recurrence.h"

namespace adjoint {
namespace cpu {
namespace {

using Ref = const TensorImpl&;

Dims byte_strides(Ref x) {
  Dims s(x.strides());
  for (int64_t& v : s) v *= int64_t(x.itemsize());
  return s;
}

// --- elementwise ---

// x's strides in bytes as an index of y's shape sees them: 0 along broadcast dimensions.
Dims broadcast_strides(Ref y, Ref x) {
  Dims bytes(int64_t(y.ndim), 0);
  const int lead = y.ndim - x.ndim;
  for (int d = 0; d < x.ndim; ++d)
    if (x.size(d) == y.size(lead + d)) bytes[lead + d] = x.stride(d) * int64_t(x.itemsize());
  return bytes;
}

void copy(Ref y, Ref x, uint64_t mirrored) {
  if (y.numel == 0) return;
  if (!mirrored && y.contiguous() && x.contiguous() && same_sizes(y, x)) {
    char *to = y.host(), *from = x.host();
    if (y.dtype == x.dtype && y.numel <= 4096) {
      std::memmove(to, from, size_t(y.numel) * y.itemsize());
      return;
    }
    if (to == from && y.dtype == x.dtype) return;
    Work work(y.numel);
    return convert(to, y.dtype, from, x.dtype, y.numel);
  }
  Dims to = byte_strides(y), from = broadcast_strides(y, x);
  const char* start = x.host();
  for (int d = 0; d < y.ndim; ++d)
    if (mirrored >> d & 1) {
      start += (y.size(d) - 1) * from[d];
      from[d] = -from[d];
    }
  Work work(y.numel);
  copy_strided(y.ndim, y.dims, y.host(), to.data(), y.dtype, start, from.data(), x.dtype);
}

void fill(Ref y, const Scalar& value) {
  if (y.numel == 0) return;
  alignas(16) char element[16];
  value.store(element, y.dtype);
  Work work(y.numel);
  if (y.contiguous())
    adjoint::fill(y.host(), y.dtype, y.numel, element);
  else
    fill_strided(y.ndim, y.dims, y.host(), byte_strides(y).data(), y.dtype, element);
}

void join(Ref y, int64_t dim, std::span<const Tensor> parts) {
  int64_t at = 0, outer = 1, inner = int64_t(y.itemsize());
  for (int d = 0; d < dim; ++d) outer *= y.size(d);
  for (int d = int(dim) + 1; d < y.ndim; ++d) inner *= y.size(d);
  const int64_t row = y.size(int(dim)) * inner;
  const Tensor whole = Tensor::share(const_cast<TensorImpl*>(&y));
  for (const Tensor& x : parts) {
    if (x->ndim == 1 && x->numel == 0) continue;
    const int64_t n = x->size(int(dim)), bytes = n * inner;
    if (y.contiguous() && x->contiguous() && x->dtype == y.dtype && outer * bytes <= 65536) {
      char* to = y.host() + at * inner;
      const char* from = x->host();
      for (int64_t o = 0; o < outer; ++o) std::memcpy(to + o * row, from + o * bytes, size_t(bytes));
    } else {
      const int64_t offset = y.byte_offset + at * y.stride(int(dim)) * int64_t(y.itemsize());
      copy(*alias(whole, x->sizes(), y.strides(), offset), *x, 0);
    }
    at += n;
  }
}

void triangle(Ref y, Ref x, bool upper, int64_t diagonal) {
  if (y.numel == 0) return;
  const int64_t rows = x.size(x.ndim - 2), cols = x.size(x.ndim - 1), item = int64_t(x.itemsize());
  const char* from = x.host();
  char* to = y.host();
  Work work(x.numel);
  parallel_for(x.numel / cols, std::max<int64_t>(1, 65536 / cols), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      int64_t edge = std::clamp<int64_t>(r % rows + diagonal + (upper ? 0 : 1), 0, cols);
      size_t left = size_t(edge * item), right = size_t((cols - edge) * item), at = size_t(r * cols * item);
      if (upper) {
        std::memset(to + at, 0, left);
        std::memcpy(to + at + left, from + at + left, right);
      } else {
        std::memcpy(to + at, from + at, left);
        std::memset(to + at + left, 0, right);
      }
    }
  });
}

// --- along one axis ---

int64_t read_by(const View3& v) { return v.outer * v.n * v.inner; }

void reduce(Reduction op, Ref x, const View3& view, Ref y, double p) {
  if (y.numel == 0) return;
  Work work(read_by(view));
  adjoint::reduce(op, x.dtype, x.host(), view, y.host(), p);
}
void reduce_arg(bool largest, Ref x, const View3& view, Ref index, const TensorImpl* values) {
  if (index.numel == 0) return;
  Work work(read_by(view));
  adjoint::reduce_arg(largest, x.dtype, x.host(), view, index.host_as<int64_t>(),
                      values ? values->host() : nullptr);
}
void reduce_deviation(Ref x, const View3& view, double divisor, bool root, Ref mean, Ref y) {
  if (y.numel == 0) return;
  Work work(read_by(view));
  adjoint::reduce_deviation(x.dtype, x.host(), view, divisor, root, mean.host(), y.host());
}

// f(float or double*, how many real numbers).
template <class F> bool with_reals(Ref y, F f) {
  check(is_differentiable(y.dtype) && !is_reduced(y.dtype), "sums are float, double or complex, got ", y);
  const int64_t n = y.numel * (is_complex(y.dtype) ? 2 : 1);
  return real_of(y.dtype) == Dtype::F32 ? f(reinterpret_cast<float*>(y.host()), n)
                                        : f(reinterpret_cast<double*>(y.host()), n);
}
bool divide(Ref y, double by) {
  return with_reals(y, [&]<class T>(T* p, int64_t n) {
    bool finite = true;
    for (int64_t i = 0; i < n; ++i) {
      p[i] /= T(by);
      finite &= p[i] - p[i] == 0;
    }
    return finite;
  });
}
bool root(Ref y, double p) {
  return with_reals(y, [&]<class T>(T* v, int64_t n) {
    bool all_safe = true;
    for (int64_t i = 0; i < n; ++i) {
      bool safe = sum_is_safe(v[i]);
      v[i] = !safe    ? std::numeric_limits<T>::quiet_NaN()
             : p == 2 ? std::sqrt(v[i])
                      : T(std::pow(double(v[i]), 1 / p));
      all_safe &= safe;
    }
    return all_safe;
  });
}
void careful_means(Ref x, const View3& view, Ref y) {
  Work work(read_by(view));
  adjoint::careful_means(x.dtype, x.host(), view, y.host());
}
void careful_norms(Ref x, const View3& view, double p, Ref y) {
  Work work(read_by(view));
  adjoint::careful_norms(x.dtype, x.host(), view, p, y.host());
}

void scan(Scan op, Ref x, const View3& view, Ref y) {
  if (y.numel == 0) return;
  Work work(y.numel);
  adjoint::scan(op, x.dtype, x.host(), view, y.host());
}
void recurrence(bool down, Ref g, Ref c, const View3& v, Ref y) {
  if (y.numel == 0) return;
  Work work(y.numel);
  adjoint::recurrence(down, g.dtype, g.host(), c.host(), v.outer, v.n, v.inner, y.host());
}
void scan_extremum(bool largest, Ref x, const View3& view, Ref values, Ref index) {
  if (values.numel == 0) return;
  Work work(values.numel);
  adjoint::scan_extremum(largest, x.dtype, x.host(), view, values.host(), index.host_as<int64_t>());
}
void softmax(bool log, Ref x, const View3& view, Ref y) {
  if (y.numel == 0) return;
  Work work(y.numel);
  adjoint::softmax(log, x.dtype, x.host(), view, y.host());
}
void softmax_backward(bool log, Ref g, Ref y, const View3& v, Ref gx) {
  if (y.numel == 0) return;
  Work work(y.numel);
  adjoint::softmax_backward(log, y.dtype, g.host(), y.host(), v.outer, v.n, v.inner, gx.host());
}

// --- rows ---

constexpr int64_t kSortWork = 16;  // an element's, in elements that are read

int64_t rows_of(Ref x, int64_t n) { return n ? x.numel / n : 0; }

void sort_rows(Ref x, int64_t n, bool descending, Ref values, Ref indices, Ties ties) {
  if (x.numel == 0) return;
  Work work(x.numel * kSortWork);
  adjoint::sort_rows(x.dtype, x.host(), rows_of(x, n), n, descending, values.numel ? values.host() : nullptr,
                     indices.numel ? indices.host_as<int64_t>() : nullptr, ties);
}
void topk_rows(Ref x, int64_t n, int64_t k, bool largest, bool sorted, Ref values, Ref indices) {
  if (values.numel == 0) return;
  Work work(x.numel * kSortWork);
  adjoint::topk_rows(x.dtype, x.host(), rows_of(x, n), n, k, largest, sorted, values.host(),
                     indices.host_as<int64_t>());
}
void kth_rows(Ref x, int64_t n, int64_t k, Ref values, Ref indices) {
  if (values.numel == 0) return;
  Work work(x.numel * kSortWork);
  adjoint::kth_rows(x.dtype, x.host(), rows_of(x, n), n, k, values.host(), indices.host_as<int64_t>());
}
void median_rows(Ref x, int64_t n, bool skip_nan, Ref values, const TensorImpl* indices) {
  if (values.numel == 0) return;
  Work work(x.numel * kSortWork);
  adjoint::median_rows(x.dtype, x.host(), rows_of(x, n), n, skip_nan, values.host(),
                       indices ? indices->host_as<int64_t>() : nullptr);
}

template <class T>
void mode_of_sorted(const T* values, const int64_t* order, int64_t rows, int64_t n, T* out, int64_t* index) {
  for (int64_t r = 0; r < rows; ++r) {
    const T* v = values + r * n;
    const int64_t* o = order + r * n;
    int64_t best = 0, run = 0;
    for (int64_t i = 0; i < n; ++i) {
      run = i && v[i] == v[i - 1] ? run + 1 : 1;
      if (run > best) {
        best = run;
        out[r] = v[i];
        index[r] = o[i];
      }
    }
  }
}
void mode_rows(Ref x, int64_t n, Ref values, Ref indices) {
  if (values.numel == 0) return;
  Tensor sorted = empty(x.sizes(), x.dtype), order = empty(x.sizes(), Dtype::I64);
  Work work(x.numel * kSortWork);
  adjoint::sort_rows(x.dtype, x.host(), rows_of(x, n), n, false, sorted->host(), order->host_as<int64_t>(),
                     Ties::Introsort);
  visit(x.dtype, [&]<class T>(T*) {
    if constexpr (!requires(T t) { t.imag(); })
      mode_of_sorted(sorted->host_as<T>(), order->host_as<int64_t>(), rows_of(x, n), n, values.host_as<T>(),
                     indices.host_as<int64_t>());
  });
}

// --- products ---

constexpr int64_t kProductsPerElement = 4;  // multiplications that cost as much as an element that is read

MatrixIn in(const Matrix& m) { return {m.x.host(), m.row_stride, m.col_stride}; }

void gemm(int64_t batch, int64_t M, int64_t N, int64_t K, const Scalar& alpha, const Matrix& a,
          const Matrix& b, const Scalar& beta, const Matrix& c) {
  if (c.x.numel == 0) return;
  Work work(batch * M * N * K / kProductsPerElement);
  const MatrixOut out{c.x.host(), c.row_stride};
  if (batch == 1)
    adjoint::gemm(c.x.dtype, M, N, K, alpha, in(a), in(b), beta, out);
  else
    gemm_batched(c.x.dtype, batch, M, N, K, alpha, in(a), a.step, in(b), b.step, beta, out, c.step);
}
void dot(Ref x, Ref y, Ref out) {
  Work work(x.numel / kProductsPerElement);
  adjoint::dot(x.dtype, x.numel, x.host(), x.stride(0), y.host(), y.stride(0), out.host());
}

}  // namespace
}  // namespace cpu

const Backend cpu_backend = {
    .pointwise = cpu::pointwise,
    .copy = cpu::copy,
    .fill = cpu::fill,
    .join = cpu::join,
    .sequence = cpu::sequence,
    .triangle = cpu::triangle,
    .reduce = cpu::reduce,
    .reduce_arg = cpu::reduce_arg,
    .reduce_deviation = cpu::reduce_deviation,
    .divide = cpu::divide,
    .root = cpu::root,
    .careful_means = cpu::careful_means,
    .careful_norms = cpu::careful_norms,
    .scan = cpu::scan,
    .recurrence = cpu::recurrence,
    .scan_extremum = cpu::scan_extremum,
    .softmax = cpu::softmax,
    .softmax_backward = cpu::softmax_backward,
    .sort_rows = cpu::sort_rows,
    .topk_rows = cpu::topk_rows,
    .kth_rows = cpu::kth_rows,
    .median_rows = cpu::median_rows,
    .mode_rows = cpu::mode_rows,
    .search_rows = cpu::search_rows,
    .gemm = cpu::gemm,
    .dot = cpu::dot,
    .gather = cpu::gather,
    .scatter = cpu::scatter,
    .select = cpu::select,
    .take = cpu::take,
    .put = cpu::put,
    .add_overlapping = cpu::add_overlapping,
    .share_overlapping = cpu::share_overlapping,
    .outside = cpu::outside,
    .any_outside = cpu::any_outside,
    .find_outside = cpu::find_outside,
    .pick = cpu::pick,
    .place = cpu::place,
    .nonzero = cpu::nonzero,
    .draw = cpu::draw,
    .solve = &cpu_solve,
    .orthogonal = &cpu_orthogonal,
    .spectral = &cpu_spectral,
    .fft = &cpu_fft,
    .conv = &cpu_conv,
    .pool = &cpu_pool,
    .resample = &cpu_resample,
    .norm = &cpu_norm,
    .loss = &cpu_loss,
    .embedding = &cpu_embedding,
    .attention = &cpu_attention,
    .recurrent = &cpu_recurrent,
    .optim = &cpu_optim,
};

}  // namespace adjoint
