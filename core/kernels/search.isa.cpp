#include "kernels/isa.h"
#include "kernels/search.h"

namespace adjoint {
namespace {

constexpr int kMany = 16;

// Does the element of the row come before the place of x?
template <bool kUpper, class T> [[gnu::always_inline]] inline bool before(T element, T x) {
  return kUpper ? (element <= x) | (x != x) : (element < x) | ((x != x) & (element == element));
}
template <bool kUpper, int kCount, class T> void search(const T* row, int64_t n, const T* x, int64_t* place) {
  int64_t at[kCount];
  T v[kCount];
  for (int q = 0; q < kCount; ++q) at[q] = 0, v[q] = x[q];
  int64_t left = n;
  for (; left > 1; left -= left / 2) {  // the place lies in [at, at + left]
    const int64_t half = left / 2;
    for (int q = 0; q < kCount; ++q) at[q] += half & -int64_t(before<kUpper>(row[at[q] + half - 1], v[q]));
  }
  for (int q = 0; q < kCount; ++q) place[q] = at[q] + (left && before<kUpper>(row[at[q]], v[q]));
}
template <bool kUpper, class T>
void search_all(const T* row, int64_t n, const T* x, int64_t count, int64_t* place) {
  int64_t i = 0;
  for (; i + kMany <= count; i += kMany) search<kUpper, kMany>(row, n, x + i, place + i);
  for (; i < count; ++i) search<kUpper, 1>(row, n, x + i, place + i);
}
template <class T>
void search_row(const T* row, int64_t n, const T* x, int64_t count, bool upper, int64_t* place) {
  upper ? search_all<true>(row, n, x, count, place) : search_all<false>(row, n, x, count, place);
}

}  // namespace

extern const SearchTable ADJOINT_ISA_NAME(search_table);
const SearchTable ADJOINT_ISA_NAME(search_table) = {search_row<float>, search_row<double>,
                                                    search_row<int32_t>, search_row<int64_t>};

}  // namespace adjoint
