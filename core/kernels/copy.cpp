// Strided copies: dimensions are ordered and merged first, so that most copies become one memcpy, rows, or a
// blocked transpose.
#include "kernels/copy.h"

#include <cstring>
#include <utility>
#include "kernels/parallel.h"
#include "kernels/stream.h"

namespace adjoint {
namespace {

constexpr int kMaxRank = 64;
constexpr int64_t kGrain = 32768;  // elements a thread should have at least

// The index space after ordering: dimension 0 is the innermost, with the smallest stride of dst.
struct Plan {
  int rank = 0;
  int64_t size[kMaxRank], to[kMaxRank], from[kMaxRank];
};

int64_t magnitude(int64_t x) { return x < 0 ? -x : x; }

// False when there is nothing to copy.
bool make_plan(Plan& p, int ndim, const int64_t* sizes, const int64_t* to, const int64_t* from) {
  for (int d = ndim - 1; d >= 0; --d) {
    if (sizes[d] == 0) return false;
    if (sizes[d] == 1) continue;
    int at = p.rank++;  // insertion sort: the dimensions mostly come in order
    for (; at > 0 && magnitude(p.to[at - 1]) > magnitude(to[d]); --at) {
      p.size[at] = p.size[at - 1], p.to[at] = p.to[at - 1], p.from[at] = p.from[at - 1];
    }
    p.size[at] = sizes[d], p.to[at] = to[d], p.from[at] = from[d];
  }
  int last = 0;
  for (int d = 1; d < p.rank; ++d) {
    if (p.to[d] == p.to[last] * p.size[last] && p.from[d] == p.from[last] * p.size[last]) {
      p.size[last] *= p.size[d];
    } else {
      ++last;
      p.size[last] = p.size[d], p.to[last] = p.to[d], p.from[last] = p.from[d];
    }
  }
  p.rank = p.rank ? last + 1 : 0;
  return true;
}

// Calls f(dst offset, src offset) for rows [begin, end) of the dimensions from `first` on.
template <class F> void walk(const Plan& p, int first, int64_t begin, int64_t end, F f) {
  int64_t index[kMaxRank], to = 0, from = 0, rest = begin;
  for (int d = first; d < p.rank; ++d) {
    index[d] = rest % p.size[d], rest /= p.size[d];
    to += index[d] * p.to[d], from += index[d] * p.from[d];
  }
  for (int64_t row = begin; row < end; ++row) {
    f(to, from);
    for (int d = first; d < p.rank; ++d) {
      to += p.to[d], from += p.from[d];
      if (++index[d] < p.size[d]) break;
      to -= p.size[d] * p.to[d], from -= p.size[d] * p.from[d];
      index[d] = 0;
    }
  }
}
int64_t rows_of(const Plan& p, int first) {
  int64_t rows = 1;
  for (int d = first; d < p.rank; ++d) rows *= p.size[d];
  return rows;
}

void copy_bytes(char* dst, const char* src, int64_t bytes) {
  if (dst == src) return;
  if (bytes >= kStreamBytes)
    return parallel_for(bytes, 1 << 19, [&](int64_t begin, int64_t end) {
      stream_copy(dst + begin, src + begin, end - begin);
      stream_fence();
    });
  parallel_for(bytes, 1 << 19,
               [&](int64_t begin, int64_t end) { std::memcpy(dst + begin, src + begin, end - begin); });
}

// Transposes whole cache lines: a tile of as many lines as a line has elements is read line by line into a
// buffer and written line by line, whatever the strides.
template <class T> void transpose_tile(char* dst, int64_t dst_stride, const char* src, int64_t src_stride,
                                       int64_t nj, int64_t ni) {
  constexpr int64_t E = 64 / sizeof(T);
  alignas(64) T tile[E][E];
  if (ni == E && nj == E) {
    for (int64_t i = 0; i < E; ++i) std::memcpy(tile[i], src + i * src_stride, 64);
    for (int64_t j = 0; j < E; ++j) {
      T line[E];
      for (int64_t i = 0; i < E; ++i) line[i] = tile[i][j];
      std::memcpy(dst + j * dst_stride, line, 64);
    }
    return;
  }
  for (int64_t j = 0; j < nj; ++j)
    for (int64_t i = 0; i < ni; ++i)
      std::memcpy(dst + j * dst_stride + i * int64_t(sizeof(T)),
                  src + i * src_stride + j * int64_t(sizeof(T)), sizeof(T));
}
// dst runs along dimension 0, src along dimension 1.
template <class T> void copy_transposed(const Plan& p, char* dst, const char* src) {
  constexpr int64_t E = 64 / sizeof(T), S = sizeof(T);
  int64_t ni = p.size[0], nj = p.size[1], strips = (nj + E - 1) / E, all = strips * rows_of(p, 2);
  int64_t grain = kGrain / (ni * E);
  parallel_for(all, grain < 1 ? 1 : grain, [&](int64_t begin, int64_t end) {
    for (int64_t strip = begin; strip < end; ++strip)
      walk(p, 2, strip / strips, strip / strips + 1, [&](int64_t to, int64_t from) {
        int64_t j = strip % strips * E, mj = nj - j < E ? nj - j : E;
        for (int64_t i = 0; i < ni; i += E)
          transpose_tile<T>(dst + to + j * p.to[1] + i * S, p.to[1], src + from + j * S + i * p.from[0],
                            p.from[0], mj, ni - i < E ? ni - i : E);
      });
  });
}
struct Bytes16 {
  uint64_t low, high;
};
void copy_transposed(const Plan& p, char* dst, const char* src, int64_t item) {
  switch (item) {
    case 1: return copy_transposed<uint8_t>(p, dst, src);
    case 2: return copy_transposed<uint16_t>(p, dst, src);
    case 4: return copy_transposed<uint32_t>(p, dst, src);
    case 8: return copy_transposed<uint64_t>(p, dst, src);
    default: return copy_transposed<Bytes16>(p, dst, src);
  }
}

// Brings the dimension along which src is dense next to the innermost, if there is one.
bool is_transpose(Plan& p, int64_t item) {
  if (p.rank < 2 || p.to[0] != item || p.from[0] == item || p.from[0] == 0 || p.size[0] < 4) return false;
  for (int d = 1; d < p.rank; ++d) {
    if (p.from[d] != item || p.size[d] < 4) continue;
    int64_t size = p.size[d], to = p.to[d];
    for (int k = d; k > 1; --k) p.size[k] = p.size[k - 1], p.to[k] = p.to[k - 1], p.from[k] = p.from[k - 1];
    p.size[1] = size, p.to[1] = to, p.from[1] = item;
    return true;
  }
  return false;
}

// A few elements a row cost more than long rows with gaps: then the next dimension that is long goes innermost.
void lengthen_rows(Plan& p) {
  if (p.rank < 2 || p.size[0] >= 8) return;
  for (int d = 1; d < p.rank; ++d)
    if (p.size[d] >= 16) {
      std::swap(p.size[0], p.size[d]);
      std::swap(p.to[0], p.to[d]);
      std::swap(p.from[0], p.from[d]);
      return;
    }
}

// f(dst, src, n) over every row; rows are cut where they are long.
template <class F> void for_rows(const Plan& p, F f) {
  int64_t n = p.rank ? p.size[0] : 1, to = p.rank ? p.to[0] : 0, from = p.rank ? p.from[0] : 0;
  int64_t rows = rows_of(p, 1);
  if (rows == 1)
    return parallel_for(n, kGrain,
                        [&](int64_t begin, int64_t end) { f(begin * to, begin * from, end - begin); });
  int64_t grain = kGrain / n;
  parallel_for(rows, grain < 1 ? 1 : grain, [&](int64_t begin, int64_t end) {
    walk(p, 1, begin, end, [&](int64_t dst, int64_t src) { f(dst, src, n); });
  });
}

bool same_bytes(const char* value, int64_t item) {
  for (int64_t i = 1; i < item; ++i)
    if (value[i] != value[0]) return false;
  return true;
}

}  // namespace

void copy_strided(int ndim, const int64_t* sizes, char* dst, const int64_t* dst_strides, Dtype dst_dtype,
                  const char* src, const int64_t* src_strides, Dtype src_dtype) {
  Plan p;
  if (!make_plan(p, ndim, sizes, dst_strides, src_strides)) return;
  const int64_t item = int64_t(item_size(dst_dtype)), from_item = int64_t(item_size(src_dtype));
  if (p.rank == 0) return convert_strided_1d(dst, dst_dtype, item, src, src_dtype, from_item, 1);
  if (dst_dtype == src_dtype) {
    bool dense = p.to[0] == item && p.from[0] == item;
    if (dense && p.rank == 1) return copy_bytes(dst, src, p.size[0] * item);
    if (dense && p.size[0] * item >= 32)
      return for_rows(
          p, [&](int64_t to, int64_t from, int64_t n) { std::memcpy(dst + to, src + from, n * item); });
    if (is_transpose(p, item)) return copy_transposed(p, dst, src, item);
  }
  lengthen_rows(p);
  for_rows(p, [&](int64_t to, int64_t from, int64_t n) {
    convert_strided_1d(dst + to, dst_dtype, p.to[0], src + from, src_dtype, p.from[0], n);
  });
}

void fill(char* dst, Dtype dtype, int64_t n, const void* value) {
  int64_t item = int64_t(item_size(dtype));
  const char* v = static_cast<const char*>(value);
  if (n <= 0) return;
  parallel_for(n, 4 * kGrain, [&](int64_t begin, int64_t end) {
    char* at = dst + begin * item;
    if (same_bytes(v, item))
      std::memset(at, v[0], (end - begin) * item);
    else
      convert_strided_1d(at, dtype, item, v, dtype, 0, end - begin);
  });
}

void fill_strided(int ndim, const int64_t* sizes, char* dst, const int64_t* strides, Dtype dtype,
                  const void* value) {
  const int64_t none[kMaxRank] = {};
  alignas(16) char copy[16];  // the value may lie inside dst
  std::memcpy(copy, value, item_size(dtype));
  copy_strided(ndim, sizes, dst, strides, dtype, copy, none, dtype);
}

}  // namespace adjoint
