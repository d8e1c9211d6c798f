// What attention's forward and backward share: a head's places in memory, packed operands, tiles and their masks.
#pragma once
#include <algorithm>
#include <limits>
#include <type_traits>
#include <utility>

#include "kernels/attention.h"
#include "kernels/attention_table.h"
#include "kernels/gemm_table.h"
#include "kernels/isa.h"
#include "kernels/panels.h"

namespace adjoint {

const AttentionTable& attention_table();

namespace attention_detail {

using gemm_detail::table;
using gemm_detail::Table;

template <class T> const AttentionPasses<T>& passes() {
  if constexpr (sizeof(T) == 4)
    return attention_table().f32;
  else
    return attention_table().f64;
}

// Keys are taken in blocks of kKeys, a whole number of the micro-kernel's rows on every instruction set but one (14, 6, 4
// rows); queries in blocks of kTileWidth, of which a thread takes so many at a time that what it packs of them stays in
// its second-level cache. All of it follows from the shape alone: Note [Same bits for any number of threads].
inline constexpr int64_t kKeys = 112, kTile = kKeys * kTileWidth;
inline int64_t group_of(const Attention& a) {
  constexpr int64_t kElements = 128 * 1024;
  return std::clamp<int64_t>(kElements / (a.depth + a.value_depth + 1) / kTileWidth, 1, 4) * kTileWidth;
}
// About this many multiply-adds are worth another thread's attention.
inline constexpr int64_t kGrain = 256 * 1024;

// Narrow tiles leave out more of what a causal mask hides.
inline int64_t tile_width(const Attention& a) { return a.causal ? kTileWidth / 2 : kTileWidth; }

inline constexpr int64_t round_up(int64_t n, int64_t to) { return (n + to - 1) / to * to; }

inline int64_t heads_of(const Attention& a) {
  int64_t n = 1;
  for (int64_t d : a.lead) n *= d;
  return n;
}

// Where the matrix of a head begins, in elements. Operands whose heads are shared have fewer: `sharing` to one.
inline int64_t head_offset(const Attention& a, Ints strides, int64_t head, int64_t sharing = 1) {
  int64_t offset = 0;
  for (size_t d = a.lead.size(); d-- > 0; sharing = 1) {
    offset += head % a.lead[d] / sharing * strides[d];
    head /= a.lead[d];
  }
  return offset;
}
template <class T, class Heads>
auto head_of(const Attention& a, const Heads& x, int64_t head, int64_t sharing = 1) {
  using P = std::conditional_t<std::is_const_v<std::remove_pointer_t<decltype(x.data)>>, const T, T>;
  return x.data ? static_cast<P*>(x.data) + head_offset(a, x.lead, head, sharing) : nullptr;
}

// --- packed operands ---

// Rows of a matrix [n, depth] become the rows of A, or the columns of B: products sum along the row.
template <class T> int64_t a_size(int64_t n, int64_t depth) {
  return round_up(n, table<T>().rows) / table<T>().rows * table<T>().a_width * depth;
}
template <class T> int64_t b_size(int64_t n, int64_t depth) { return round_up(n, table<T>().cols) * depth; }
template <class T> void pack_a(const T* x, int64_t ld, int64_t n, int64_t depth, T* to) {
  table<T>().pack(true, x, ld, n, table<T>().rows, depth, to, table<T>().a_width);
}
template <class T> void pack_b(const T* x, int64_t ld, int64_t n, int64_t depth, T* to) {
  table<T>().pack(true, x, ld, n, table<T>().cols, depth, to, table<T>().cols);
}
// The matrix becomes B itself: products sum over rows. Panels of columns, `n` rows each.
template <class T> void pack_rows(const T* x, int64_t ld, int64_t n, int64_t depth, T* to) {
  table<T>().pack(false, x, ld, depth, table<T>().cols, n, to, table<T>().cols);
}
template <class T> int64_t rows_size(int64_t n, int64_t depth) {
  return round_up(depth, table<T>().cols) * n;
}

// C[m, n] += alpha · A B, A a part of a tile (`by_key`: its rows are C's; else its columns), B the rows [from, from + k)
// of a matrix whose `packed` rows are `rows` in number; C = ... unless it accumulates.
template <class T> struct TileProduct {
  const T* tile;
  bool by_key;
  int64_t m, n, k;
  T alpha;
  const T* packed;
  int64_t rows, from;
  T* c;
  int64_t ldc;
  bool accumulate;
  void run(T* room) const {
    const int64_t cols = table<T>().cols;
    for (int64_t j = 0; j < n; j += cols)
      table<T>().direct(!by_key, false, m, std::min(cols, n - j), k, alpha, tile, kTileWidth,
                        packed + j * rows + from * cols, cols, c + j, ldc, accumulate, room);
  }
  // The same, passing over places that are masked; B as it lies in memory.
  void run_seen(const uint8_t* masked, const T* b, int64_t ldb) const {
    const int64_t row = by_key ? kTileWidth : 1, next = by_key ? 1 : kTileWidth;
    for (int64_t i = 0; i < m; ++i) {
      T* to = c + i * ldc;
      if (!accumulate) std::fill(to, to + n, T(0));
      for (int64_t p = 0; p < k; ++p) {
        const int64_t at = i * row + p * next;
        if (masked[at]) continue;
        const T f = alpha * tile[at];
        for (int64_t j = 0; j < n; ++j) to[j] += f * b[p * ldb + j];
      }
    }
  }
};

// --- a tile's place and masks ---

// Keys [key, key + keys) against queries [query, query + queries).
struct Place {
  int64_t head, key, keys, query, queries;
  int64_t width() const { return round_up(queries, kTileStep); }
  bool empty() const { return keys <= 0 || queries <= 0; }
};
// What a causal mask leaves of it: the keys that its last query sees, the queries (from a panel's border on) that see
// its first key.
template <class T> Place seen_part(const Attention& a, Place p) {
  if (!a.causal) return p;
  p.keys = std::min(p.keys, p.query + p.queries - p.key);
  const int64_t blind = std::max<int64_t>(0, p.key - p.query) / table<T>().cols * table<T>().cols;
  p.query += blind;
  p.queries -= blind;
  return p;
}

template <class T> void mask_scores(const Attention& a, const Place& p, T* tile);
// Which places are masked, by their scores.
template <class T> void note_masked(const Place& p, const T* tile, uint8_t* masked);
// Dropout: weights, or what flows back to them, times 0 or keep_scale.
template <class T> void drop(const Attention& a, const Place& p, T* tile);

// Memory of this thread for `bytes`, handed out piece by piece.
class Room {
 public:
  explicit Room(size_t bytes);  // see Lent
  template <class T> T* take(int64_t n) {
    return reinterpret_cast<T*>(std::exchange(next_, next_ + bytes_for<T>(n)));
  }
  template <class T> static constexpr size_t bytes_for(int64_t n) {
    return (size_t(n) * sizeof(T) + 63) / 64 * 64;
  }

 private:
  Lent lent_;
  char* next_;
};

}  // namespace attention_detail
}  // namespace adjoint
