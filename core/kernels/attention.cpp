// Attention: a group of a head's queries at a time, over all of its keys.
#include "kernels/attention.h"

#include "kernels/attention_tiles.h"
#include "kernels/parallel.h"

namespace adjoint {
namespace attention_detail {
namespace {

// Queries [first, first + n) of a head.
template <class T> class Group {
 public:
  Group(const Attention& a, int64_t head, int64_t first, int64_t n)
      : a_(a), head_(head), first_(first), n_(n), padded_(n + kTileStep), room_(bytes(a, n)) {
    q_ = room_.take<T>(b_size<T>(n, a.depth));
    k_ = room_.take<T>(a_size<T>(kKeys, a.depth));
    v_ = room_.take<T>(rows_size<T>(kKeys, a.value_depth));
    tile_ = room_.take<T>(kTile);
    out_ = room_.take<T>(n * a.value_depth);
    top_ = room_.take<T>(padded_);
    sum_ = room_.take<T>(padded_);
    shrink_ = room_.take<T>(padded_);
    panel_ = room_.take<T>(gemm_detail::kLongestBlock * table<T>().cols);
    masked_ = room_.take<uint8_t>(kTile);
  }

  void run() {
    const T* q = head_of<T>(a_, a_.q, head_) + first_ * a_.q.row;
    pack_b(q, a_.q.row, n_, a_.depth, q_);
    std::fill(top_, top_ + padded_, -std::numeric_limits<T>::infinity());
    std::fill(sum_, sum_ + padded_, T(0));
    const int64_t keys = a_.causal ? std::min(a_.keys, first_ + n_) : a_.keys;
    for (int64_t key = 0; key < keys; key += kKeys) add_keys(key, std::min(kKeys, keys - key));
  }

  void write(const HeadsOut& out, T* log_sums) {
    T *by = shrink_, *log_sum = top_;
    passes<T>().finish(top_, sum_, n_, by, log_sum);
    T* to = head_of<T>(a_, out, head_) + first_ * out.row;
    passes<T>().scale_rows(out_, a_.value_depth, to, out.row, n_, a_.value_depth, by);
    if (log_sums) std::copy(log_sum, log_sum + n_, log_sums + head_ * a_.queries + first_);
  }

 private:
  static size_t bytes(const Attention& a, int64_t n) {
    auto of = [](int64_t elements) { return Room::bytes_for<T>(elements); };
    return of(b_size<T>(n, a.depth)) + of(a_size<T>(kKeys, a.depth)) +
           of(rows_size<T>(kKeys, a.value_depth)) + of(kTile) + of(n * a.value_depth) +
           3 * of(n + kTileStep) + of(gemm_detail::kLongestBlock * table<T>().cols) +
           Room::bytes_for<uint8_t>(kTile);
  }

  void add_keys(int64_t key, int64_t n) {
    const T* k = head_of<T>(a_, a_.k, head_, a_.sharing) + key * a_.k.row;
    const T* v = head_of<T>(a_, a_.v, head_, a_.sharing) + key * a_.v.row;
    pack_a(k, a_.k.row, n, a_.depth, k_);
    pack_rows(v, a_.v.row, n, a_.value_depth, v_);
    const bool careful = (a_.mask.data || a_.causal) && !passes<T>().finite(v, a_.v.row, n, a_.value_depth);
    for (int64_t i = 0; i < n_; i += tile_width(a_)) {
      const Place p = seen_part<T>(a_, {head_, key, n, first_ + i, std::min(tile_width(a_), n_ - i)});
      if (!p.empty()) add_tile(p, n, careful ? v : nullptr);
    }
  }

  // `loose`: the values where they lie, if some are not finite; `packed` keys are in v_.
  void add_tile(const Place& p, int64_t packed, const T* loose) {
    const int64_t at = p.query - first_;
    table<T>().packed(p.keys, p.queries, a_.depth, T(a_.scale), k_, q_ + at * a_.depth, tile_, kTileWidth,
                      false);
    mask_scores(a_, p, tile_);
    if (loose) note_masked(p, tile_, masked_);
    passes<T>().weights(tile_, p.keys, p.width(), top_ + at, sum_ + at, shrink_ + at);
    drop(a_, p, tile_);
    T* out = out_ + at * a_.value_depth;
    if (p.key > 0)
      passes<T>().scale_rows(out, a_.value_depth, out, a_.value_depth, p.queries, a_.value_depth,
                             shrink_ + at);
    const TileProduct<T> product{tile_,  false, p.queries, a_.value_depth, p.keys,   T(1), v_,
                                 packed, 0,     out,       a_.value_depth, p.key > 0};
    loose ? product.run_seen(masked_, loose, a_.v.row) : product.run(panel_);
  }

  const Attention& a_;
  const int64_t head_, first_, n_, padded_;
  Room room_;
  T *q_, *k_, *v_, *tile_, *out_, *top_, *sum_, *shrink_, *panel_;
  uint8_t* masked_;
};

template <class T> void forward(const Attention& a, const HeadsOut& out, T* log_sums) {
  const int64_t group = group_of(a), groups = (a.queries + group - 1) / group;
  const int64_t work = std::min(group, a.queries) * a.keys * (a.depth + a.value_depth);
  parallel_for(heads_of(a) * groups, kGrain / (work + 1) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t first = i % groups * group;
      Group<T> g(a, i / groups, first, std::min(group, a.queries - first));
      g.run();
      g.write(out, log_sums);
    }
  });
}

}  // namespace
}  // namespace attention_detail

void attention(const Attention& a, const HeadsOut& out, void* log_sums) {
  if (a.dtype == Dtype::F32)
    attention_detail::forward(a, out, static_cast<float*>(log_sums));
  else
    attention_detail::forward(a, out, static_cast<double*>(log_sums));
}

}  // namespace adjoint
