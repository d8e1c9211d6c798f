// Convolutions' inner loops. Compiled per instruction set (Note [One source, several instruction sets]) with fused
// multiply-adds.
#include "kernels/nn/conv_table.h"
#include "kernels/isa.h"

namespace adjoint::conv_detail {
namespace {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif

#define ADJOINT_INLINE inline __attribute__((always_inline))
#define ADJOINT_UNROLL _Pragma("GCC unroll 16")

template <class T> struct Simd {
  static constexpr int kLanes = kVectorBytes / int(sizeof(T));
  typedef T Vector __attribute__((vector_size(kVectorBytes)));
  typedef T Unaligned __attribute__((vector_size(kVectorBytes), aligned(sizeof(T)), may_alias));
  static ADJOINT_INLINE Vector load(const T* p) { return *reinterpret_cast<const Unaligned*>(p); }
  static ADJOINT_INLINE void store(T* p, Vector v) { *reinterpret_cast<Unaligned*>(p) = v; }
};

// ---- copies ----------------------------------------------------------------------------------------

template <class T, int N> void gather_some(const T* source, const int64_t* starts, int64_t rows,
                                           const Piece* pieces, T* to, int64_t to_step) {
  int64_t from[N], at[N];
  ADJOINT_UNROLL for (int i = 0; i < N; i++) from[i] = pieces[i].from, at[i] = pieces[i].to;
  for (int64_t r = 0; r < rows; r++, to += to_step) {
    const T* row = source + starts[r];
    ADJOINT_UNROLL for (int i = 0; i < N; i++) Simd<T>::store(to + at[i], Simd<T>::load(row + from[i]));
  }
}

template <class T> void gather(const T* source, const int64_t* starts, int64_t rows, const Piece* pieces,
                               int64_t count, T* to, int64_t to_step) {
  switch (count) {
    case 1: return gather_some<T, 1>(source, starts, rows, pieces, to, to_step);
    case 2: return gather_some<T, 2>(source, starts, rows, pieces, to, to_step);
    case 3: return gather_some<T, 3>(source, starts, rows, pieces, to, to_step);
    case 4: return gather_some<T, 4>(source, starts, rows, pieces, to, to_step);
    case 5: return gather_some<T, 5>(source, starts, rows, pieces, to, to_step);
    case 6: return gather_some<T, 6>(source, starts, rows, pieces, to, to_step);
  }
  for (int64_t r = 0; r < rows; r++, to += to_step) {
    const T* row = source + starts[r];
    for (int64_t i = 0; i < count; i++)
      Simd<T>::store(to + pieces[i].to, Simd<T>::load(row + pieces[i].from));
  }
}

template <class T> constexpr Table<T> kTable = {Simd<T>::kLanes, gather<T>};

}  // namespace

extern const Table<float> ADJOINT_ISA_NAME(f32);
extern const Table<double> ADJOINT_ISA_NAME(f64);
const Table<float> ADJOINT_ISA_NAME(f32) = kTable<float>;
const Table<double> ADJOINT_ISA_NAME(f64) = kTable<double>;

}  // namespace adjoint::conv_detail
