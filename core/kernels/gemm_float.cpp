// Products of float and double matrices: which road a product takes, and how threads share it.
//
// The road is chosen by the shape alone, never by the strides (Note [Bits of a product]):
//   dot products  one row, or one column, of results
//   direct        from the operands where they lie: small, and thin, products
//   packed        both operands copied into panels by all threads, then tiles multiplied by all
#include <algorithm>

#include "kernels/gemm_detail.h"
#include "kernels/isa.h"
#include "kernels/panels.h"
#include "kernels/parallel.h"

namespace adjoint::gemm_detail {

ADJOINT_PICK_TABLE(Table<float>, f32)
ADJOINT_PICK_TABLE(Table<double>, f64)
const Table<float>& table_f32() { return f32(); }
const Table<double>& table_f64() { return f64(); }

namespace {

thread_local Panels g_panels;

constexpr int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Piece i of n things dealt out evenly over `parts`, in units: [begin, end).
struct Range {
  int64_t begin, end;
};
Range share(int64_t n, int64_t unit, int64_t parts, int64_t i) {
  int64_t units = ceil_div(n, unit);
  return {std::min(n, units * i / parts * unit), std::min(n, units * (i + 1) / parts * unit)};
}

// ---- dot products ----------------------------------------------------------------------------------

// y[j] (+)= alpha · Σ x[k] m[j, k] for n lines of k elements, which lie along k or across.
template <class T> void dots(int64_t n, int64_t k, T alpha, const T* x, const T* m, int64_t ld, bool along_k,
                             T* y, int64_t y_stride, bool accumulate) {
  const Table<T>& t = table<T>();
  int64_t fewest = along_k ? 4 : 8 * t.cols;  // columns are read in long runs
  parallel_for(n, std::max<int64_t>(fewest, kChunkWork / 4 / k), [&](int64_t begin, int64_t end) {
    auto kernel = along_k ? t.rows_dot : t.columns_dot;
    kernel(end - begin, k, alpha, x, m + begin * (along_k ? ld : 1), ld, y + begin * y_stride, y_stride,
           accumulate);
  });
}

// The vector of a product with a matrix, side by side.
template <class T> const T* contiguous(const T* x, int64_t n, int64_t stride, T* room) {
  if (stride == 1) return x;
  for (int64_t i = 0; i < n; i++) room[i] = x[i * stride];
  return room;
}

template <class T> void multiply_vector(const Product<T>& p) {
  constexpr int64_t kRoom = 512;
  bool row = p.M == 1;
  const Factor<T>&vector = row ? p.a : p.b, &matrix = row ? p.b : p.a;
  int64_t stride = vector.t == row ? vector.ld : 1;
  alignas(64) T small[kRoom];
  auto run = [&](T* room) {
    dots(row ? p.N : p.M, p.K, p.alpha, contiguous(vector.data, p.K, stride, room), matrix.data, matrix.ld,
         matrix.t == row, p.c, row ? 1 : p.ldc, p.accumulate);
  };
  if (stride == 1 || p.K <= kRoom)
    run(small);
  else
    run(Buffer<T>(p.K).get());
}

// ---- direct ----------------------------------------------------------------------------------------

constexpr int64_t kPanelBytes = kLongestBlock * 2 * 64;  // a block of K × cols elements, at most

template <class T> void direct_piece(const Product<T>& p, Range rows, Range cols) {
  alignas(64) char panel[kPanelBytes];
  table<T>().direct(p.a.t, p.b.t, rows.end - rows.begin, cols.end - cols.begin, p.K, p.alpha,
                    p.a.at(rows.begin, 0), p.a.ld, p.b.at(0, cols.begin), p.b.ld,
                    p.c + rows.begin * p.ldc + cols.begin, p.ldc, p.accumulate, reinterpret_cast<T*>(panel));
}

// Cuts C in pieces of about kChunkWork: strips of columns, cut again across where B needs no packing, or
// where the rows are many enough to pay for packing it again.
template <class T> void multiply_direct(const Product<T>& p) {
  const Table<T>& t = table<T>();
  int64_t unit = t.cols;
  int64_t fewest_rows = p.b.t ? 8 * t.rows : 2 * t.rows;
  int64_t rows = std::clamp(ceil_div(kChunkWork, p.K * unit), fewest_rows, std::max(fewest_rows, p.M));
  int64_t row_parts = std::max<int64_t>(1, p.M / rows);
  int64_t strip_work = ceil_div(p.M, row_parts) * p.K * unit;
  int64_t col_parts = ceil_div(ceil_div(p.N, unit), ceil_div(kChunkWork, strip_work));
  parallel_chunks(row_parts * col_parts, [&](int64_t i) {
    direct_piece(p, share(p.M, t.rows, row_parts, i / col_parts), share(p.N, unit, col_parts, i % col_parts));
  });
}

// ---- packed ----------------------------------------------------------------------------------------

// One round: a block of A (rows × k) and one of B (k × cols), packed.
template <class T> struct Round {
  const Product<T>& p;
  Range rows, cols, ks;
  T *a_panels, *b_panels;
  bool fresh_b;

  int64_t depth() const { return ks.end - ks.begin; }

  void pack_all() const {
    const Table<T>& t = table<T>();
    constexpr int64_t kGroup = 8;  // panels a chunk
    int64_t m = rows.end - rows.begin, n = fresh_b ? cols.end - cols.begin : 0;
    int64_t a_chunks = ceil_div(m, kGroup * t.rows), b_chunks = ceil_div(n, kGroup * t.cols);
    parallel_chunks(a_chunks + b_chunks, [&](int64_t chunk) {
      if (chunk < a_chunks)
        pack_a(chunk * kGroup * t.rows, std::min(m, (chunk + 1) * kGroup * t.rows));
      else
        pack_b((chunk - a_chunks) * kGroup * t.cols, std::min(n, (chunk - a_chunks + 1) * kGroup * t.cols));
    });
  }
  void pack_a(int64_t begin, int64_t end) const {
    const Table<T>& t = table<T>();
    t.pack(!p.a.t, p.a.at(rows.begin + begin, ks.begin), p.a.ld, end - begin, t.rows, depth(),
           a_panels + begin / t.rows * t.a_width * depth(), t.a_width);
  }
  void pack_b(int64_t begin, int64_t end) const {
    const Table<T>& t = table<T>();
    t.pack(p.b.t, p.b.at(ks.begin, cols.begin + begin), p.b.ld, end - begin, t.cols, depth(),
           b_panels + begin * depth(), t.cols);
  }

  void multiply_all() const {
    const Table<T>& t = table<T>();
    int64_t M = rows.end - rows.begin, N = cols.end - cols.begin;
    int64_t row_parts = ceil_div(M, 8 * t.rows), col_parts = ceil_div(N, 8 * t.cols);
    if (row_parts * col_parts < 16) col_parts = ceil_div(N, 4 * t.cols);
    parallel_chunks(row_parts * col_parts, [&](int64_t chunk) {
      Range r = share(M, t.rows, row_parts, chunk % row_parts),
            c = share(N, t.cols, col_parts, chunk / row_parts);
      t.packed(r.end - r.begin, c.end - c.begin, depth(), p.alpha,
               a_panels + r.begin / t.rows * t.a_width * depth(), b_panels + c.begin * depth(),
               p.c + (rows.begin + r.begin) * p.ldc + cols.begin + c.begin, p.ldc,
               p.accumulate || ks.begin > 0);
    });
  }
};

// The size of the fewest equal blocks of n things, at most `most` units each: no block is left with a few.
int64_t even(int64_t n, int64_t unit, int64_t most) {
  int64_t units = ceil_div(n, unit), blocks = ceil_div(units, most);
  return ceil_div(units, blocks) * unit;
}

template <class T> void multiply_packed(const Product<T>& p) {
  const Table<T>& t = table<T>();
  int64_t row_block = even(p.M, t.rows, 72), col_block = even(p.N, t.cols, 64);
  int64_t block = block_of(p.K), a_size = row_block / t.rows * t.a_width * block;
  Lent room(g_panels);
  T* panels = static_cast<T*>(room.get(size_t(a_size + col_block * block) * sizeof(T)));
  for (int64_t j = 0; j < p.N; j += col_block) {
    for (int64_t k = 0; k < p.K; k += block) {
      for (int64_t i = 0; i < p.M; i += row_block) {
        Round<T> round{p,
                       {i, std::min(p.M, i + row_block)},
                       {j, std::min(p.N, j + col_block)},
                       {k, std::min(p.K, k + block)},
                       panels,
                       panels + a_size,
                       i == 0};
        round.pack_all();
        round.multiply_all();
      }
    }
  }
}

template <class T> void multiply_real(const Product<T>& p) {
  constexpr int64_t kSerial = 40 * 40 * 40, kThin = 64, kDirect = 160 * 160 * 160;
  if (p.M == 1 || p.N == 1) return multiply_vector(p);
  double work = double(p.M) * double(p.N) * double(p.K);
  if (work <= kSerial)
    direct_piece(p, {0, p.M}, {0, p.N});
  else if (work <= kDirect || p.M <= kThin || p.N <= kThin)
    multiply_direct(p);
  else
    multiply_packed(p);
}

}  // namespace

template <> void multiply(const Product<float>& p) { multiply_real(p); }
template <> void multiply(const Product<double>& p) { multiply_real(p); }

}  // namespace adjoint::gemm_detail
