// Binary search in sorted rows, many values at a time: while one waits for memory, others do not.
#pragma once
#include <cstdint>

namespace adjoint {

// place[i]: the first of n sorted elements that is not below x[i], or is above it (upper). NaN is above all numbers and
// equals NaN, as sort has it.
template <class T>
using SearchRow = void (*)(const T* row, int64_t n, const T* x, int64_t count, bool upper, int64_t* place);
struct SearchTable {
  SearchRow<float> f32;
  SearchRow<double> f64;
  SearchRow<int32_t> i32;
  SearchRow<int64_t> i64;
};
const SearchTable& search_table();

}  // namespace adjoint
