// The one way to memory: a table of kernels for each device.
//
// Operations plan (shapes, types, layouts, histories) and hand tensors to an entry of their device's table; what runs
// there, with which threads and without which lock, is the device's business. Entries take tensors of their own device
// (Note [Devices of a call], tensor/devices.h), whose geometry the operation has checked; nothing here knows gradients.
// A device that has no memory (meta) does nothing.
//
// A View3 shows a tensor as [outer, n, inner], from its first element on: see kernels/reduce.h. Results are contiguous
// unless it says otherwise.
#pragma once
#include <optional>
#include "kernels/pointwise.h"
#include "kernels/reduce.h"
#include "kernels/sort.h"
#include "tensor/tensor.h"

namespace adjoint {

struct Generator;
// Tables of their own, a family each: what includes one depends on no other. Linear algebra's are in device/linalg/,
// the networks' in device/nn/.
struct SolveKernels;
struct OrthogonalKernels;
struct SpectralKernels;
struct FftKernels;
struct ConvKernels;
struct PoolKernels;
struct ResampleKernels;
struct NormKernels;
struct LossKernels;
struct EmbeddingKernels;
struct AttentionKernels;
struct RecurrentKernels;
struct OptimKernels;

inline constexpr int kMaxLoopOperands = 7;  // the result, and a pull's g, operands and y

// An operand of a pointwise loop: a tensor, which is broadcast and cast, or one number of the loop's type.
struct LoopOperand {
  const TensorImpl* tensor;
  Dtype kernel;                 // in which the loop takes it
  alignas(16) char number[16];  // without a tensor
};
// A loop of a formula: its value, the pull of an operand, or of one in a tail.
struct FormulaLoop {
  const PointwiseKernels& kernels;
  Compute compute;
  int part = kValue;
  static constexpr int kValue = -1, kTail = -2;  // Note [Tails] (ops/tails.h)
};

// A matrix in a tensor, or a batch of them: strides in elements.
struct Matrix {
  const TensorImpl& x;
  int64_t row_stride, col_stride, step = 0;
  Matrix transposed() const { return {x, col_stride, row_stride, step}; }
};

enum class Combine : uint8_t { Set, Add, Mul, Max, Min };

// An index over x by index tensors: the indexed dimensions become `index_shape`, between those before and after it.
struct IndexTensor {
  const TensorImpl* index;  // int64, contiguous, of index_shape; negative ones count from the end
  int dim;
  int64_t size, stride;  // of x
};
struct Positions {
  Dims before, index_shape, after;     // the result is before + index_shape + after
  Dims before_strides, after_strides;  // of x, in elements
  std::span<const IndexTensor> indices;
};

// What a sampler draws, one after the other in the order of memory.
struct Draw {
  enum Kind : uint8_t {
    Uniform,      // in [a, b)
    Normal,       // mean a, deviation b
    Exponential,  // rate a
    Bernoulli,    // 1 with probability a
    Geometric,    // of probability a
    Cauchy,       // median a, scale b
    LogNormal,    // of a normal number of mean a, deviation b
    Integers,     // base + [0, range); range 0: all 64 bits
    AnyInteger,   // the type's whole range of exact non-negative integers
  };
  Kind kind;
  double a = 0, b = 0;
  uint64_t range = 0;
  int64_t base = 0;
};

// y[i] = start + i · step, or between two ends.
struct Sequence {
  enum Kind : uint8_t { Steps, WholeSteps, Between, Powers };  // arange; range; linspace; base ** linspace
  Kind kind;
  Scalar start, step_or_end;
  double base = 10;
};

// Elements outside of a range: their flat indices in 32 bits, as int32; null where they are many.
struct Outside {
  bool any = false;
  Tensor at = {};
};

struct Backend {
  // --- elementwise ---
  // operands[0] is the result.
  void (*pointwise)(const FormulaLoop& loop, std::span<const LoopOperand> operands);
  // y = x, broadcast and cast; dimensions in `mirrored` (a bit each) are walked backwards. The two do not overlap,
  // save as the same elements.
  void (*copy)(const TensorImpl& y, const TensorImpl& x, uint64_t mirrored);
  void (*fill)(const TensorImpl& y, const Scalar& value);
  // The parts one after the other along a dimension of y; a part of one dimension without elements is passed over.
  void (*join)(const TensorImpl& y, int64_t dim, std::span<const Tensor> parts);
  void (*sequence)(const TensorImpl& y, const Sequence& s);
  // The half on and above, or on and below, a diagonal of matrices; the rest 0.
  void (*triangle)(const TensorImpl& y, const TensorImpl& x, bool upper, int64_t diagonal);

  // --- along one axis: kernels/reduce.h ---
  void (*reduce)(Reduction op, const TensorImpl& x, const View3& view, const TensorImpl& y, double p);
  void (*reduce_arg)(bool largest, const TensorImpl& x, const View3& view, const TensorImpl& index,
                     const TensorImpl* values);
  void (*reduce_deviation)(const TensorImpl& x, const View3& view, double divisor, bool root,
                           const TensorImpl& mean, const TensorImpl& y);
  // Sums in the accumulator's type become means, or norms. False where some left its range: then the careful ones work
  // them out anew from x (kernels/careful.h).
  bool (*divide)(const TensorImpl& y, double n);
  bool (*root)(const TensorImpl& y, double p);
  void (*careful_means)(const TensorImpl& x, const View3& view, const TensorImpl& y);
  void (*careful_norms)(const TensorImpl& x, const View3& view, double p, const TensorImpl& y);
  void (*scan)(Scan op, const TensorImpl& x, const View3& view, const TensorImpl& y);
  // y[k] = g[k] + c[k] · y[k - 1], or y[k + 1] where it runs down from the last; all contiguous.
  void (*recurrence)(bool down, const TensorImpl& g, const TensorImpl& c, const View3& view,
                     const TensorImpl& y);
  void (*scan_extremum)(bool largest, const TensorImpl& x, const View3& view, const TensorImpl& values,
                        const TensorImpl& index);
  void (*softmax)(bool log, const TensorImpl& x, const View3& view, const TensorImpl& y);
  void (*softmax_backward)(bool log, const TensorImpl& g, const TensorImpl& y, const View3& view,
                           const TensorImpl& gx);

  // --- contiguous rows of n: kernels/sort.h ---
  void (*sort_rows)(const TensorImpl& x, int64_t n, bool descending, const TensorImpl& values,
                    const TensorImpl& indices, Ties ties);
  void (*topk_rows)(const TensorImpl& x, int64_t n, int64_t k, bool largest, bool sorted,
                    const TensorImpl& values, const TensorImpl& indices);
  void (*kth_rows)(const TensorImpl& x, int64_t n, int64_t k, const TensorImpl& values,
                   const TensorImpl& indices);
  void (*median_rows)(const TensorImpl& x, int64_t n, bool skip_nan, const TensorImpl& values,
                      const TensorImpl* indices);
  // The smallest of the most frequent values, at its last place.
  void (*mode_rows)(const TensorImpl& x, int64_t n, const TensorImpl& values, const TensorImpl& indices);
  // The first place in a sorted row (x has one for each of y's rows, or one for all) whose value is not below v's, or
  // is above it. int32, int64, float or double; NaN is above all numbers.
  void (*search_rows)(const TensorImpl& sorted, const TensorImpl& v, bool upper, const TensorImpl& y);

  // --- products: kernels/gemm.h ---
  void (*gemm)(int64_t batch, int64_t M, int64_t N, int64_t K, const Scalar& alpha, const Matrix& a,
               const Matrix& b, const Scalar& beta, const Matrix& c);
  void (*dot)(const TensorImpl& x, const TensorImpl& y, const TensorImpl& out);

  // --- by index: int64, contiguous ---
  // y[p] = x at p, with index[p] along dim; and back: x there = combine(x there, source[p]).
  void (*gather)(const TensorImpl& x, int64_t dim, const TensorImpl& index, const TensorImpl& y);
  void (*scatter)(Combine how, const TensorImpl& x, int64_t dim, const TensorImpl& index,
                  const TensorImpl& source);
  // Whole slices of a contiguous x along dim.
  void (*select)(const TensorImpl& x, int64_t dim, const TensorImpl& index, const TensorImpl& y);
  void (*take)(const TensorImpl& x, const Positions& at, const TensorImpl& y);
  void (*put)(const TensorImpl& x, const Positions& at, const TensorImpl& values, bool accumulate);
  // y += x, where several elements of y may be one in memory.
  void (*add_overlapping)(const TensorImpl& y, const TensorImpl& x);
  // y[i] /= how often view's indices reach y's element i.
  void (*share_overlapping)(const TensorImpl& y, const TensorImpl& view);
  // The first index outside of [low, high), where there is one.
  std::optional<int64_t> (*outside)(const TensorImpl& index, int64_t low, int64_t high);
  // Values of a contiguous x (a complex number by its real part) below low or above high; and elements of x, whatever
  // its layout, at such indices: y[i] = x[at[i]], x[at[i]] = values[i].
  bool (*any_outside)(const TensorImpl& x, double low, double high);  // of few
  Outside (*find_outside)(const TensorImpl& x, double low, double high);
  void (*pick)(const TensorImpl& x, const TensorImpl& at, const TensorImpl& y);
  void (*place)(const TensorImpl& x, const TensorImpl& at, const TensorImpl& values);
  // The coordinates of mask's true elements, in order: places [ndim, as many].
  void (*nonzero)(const TensorImpl& mask, const TensorImpl& places);

  // --- random ---
  void (*draw)(const Draw& what, const TensorImpl& y, Generator& g);

  // --- linear algebra: device/linalg/; Fourier transforms: device/fft.h ---
  const SolveKernels* solve;
  const OrthogonalKernels* orthogonal;
  const SpectralKernels* spectral;
  const FftKernels* fft;

  // --- networks: device/nn/ ---
  const ConvKernels* conv;
  const PoolKernels* pool;
  const ResampleKernels* resample;
  const NormKernels* norm;
  const LossKernels* loss;
  const EmbeddingKernels* embedding;
  const AttentionKernels* attention;
  const RecurrentKernels* recurrent;
  const OptimKernels* optim;
};

extern const SolveKernels cpu_solve, meta_solve;
extern const OrthogonalKernels cpu_orthogonal, meta_orthogonal;
extern const SpectralKernels cpu_spectral, meta_spectral;
extern const FftKernels cpu_fft, meta_fft;
extern const ConvKernels cpu_conv, meta_conv;
extern const PoolKernels cpu_pool, meta_pool;
extern const ResampleKernels cpu_resample, meta_resample;
extern const NormKernels cpu_norm, meta_norm;
extern const LossKernels cpu_loss, meta_loss;
extern const EmbeddingKernels cpu_embedding, meta_embedding;
extern const AttentionKernels cpu_attention, meta_attention;
extern const RecurrentKernels cpu_recurrent, meta_recurrent;
extern const OptimKernels cpu_optim, meta_optim;
extern const Backend cpu_backend, meta_backend;
inline const Backend& backend(Device d) { return d == Device::Cpu ? cpu_backend : meta_backend; }
inline const Backend& backend(const TensorImpl& x) { return backend(x.device); }
inline const Backend& backend(const Tensor& x) { return backend(x->device); }

}  // namespace adjoint
