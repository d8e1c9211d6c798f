// The gradients of attention: a head of keys at a time, with all the heads of queries that share it.
//
// With the weights P = e^(S - log sums), S = scale · Q Kᵀ + mask, and the output O = P V:
//   gV = Pᵀ g,  dP = g Vᵀ,  dS = P · (dP - δ),  δ[i] = Σ g[i] · O[i]  (= Σ P[i] · dP[i])
//   gQ = scale · dS K,  gK = scale · dSᵀ Q,  gmask = dS
#include "kernels/attention.h"
#include "kernels/attention_tiles.h"
#include "kernels/parallel.h"
#include "tensor/lock.h"

namespace adjoint {
namespace attention_detail {
namespace {

// What the gradients are made of, besides the problem.
template <class T> struct Gradients {
  HeadsIn g, out;
  const T* log_sums;
  HeadsOut gq, gk, gv, gmask;
};

// A head of keys, with room for a group of queries and a block of keys.
template <class T> class KeyHead {
 public:
  KeyHead(const Attention& a, const Gradients<T>& x, int64_t head)
      : a_(a), x_(x), head_(head), most_(std::min(group_of(a), a.queries)), room_(lay_out(nullptr)) {
    lay_out(&room_);
  }

  void run() {
    gk_ = head_of<T>(a_, x_.gk, head_, a_.sharing);
    gv_ = head_of<T>(a_, x_.gv, head_, a_.sharing);
    zero(gk_, x_.gk.row, a_.keys, a_.depth);
    zero(gv_, x_.gv.row, a_.keys, a_.value_depth);
    for (int64_t end = head_ + a_.sharing; head_ < end; ++head_)
      for (first_ = 0; first_ < a_.queries; first_ += most_) {
        n_ = std::min(most_, a_.queries - first_);
        add_group();
        poll_interrupt();  // a head of a long sequence takes seconds
      }
  }

 private:
  // Hands out the room, or counts it.
  size_t lay_out(Room* room) {
    size_t bytes = 0;
    auto take = [&]<class E>(E*& p, int64_t n) {
      bytes += Room::bytes_for<E>(n);
      if (room) p = room->take<E>(n);
    };
    take(q_, b_size<T>(most_, a_.depth));
    take(q_rows_, rows_size<T>(most_, a_.depth));
    take(g_, b_size<T>(most_, a_.value_depth));
    take(g_rows_, rows_size<T>(most_, a_.value_depth));
    take(k_, a_size<T>(kKeys, a_.depth));
    take(k_rows_, rows_size<T>(kKeys, a_.depth));
    take(v_, a_size<T>(kKeys, a_.value_depth));
    take(weights_, kTile);
    take(slopes_, kTile);
    take(log_sum_, most_ + kTileStep);
    take(delta_, most_ + kTileStep);
    take(panel_, gemm_detail::kLongestBlock * table<T>().cols);
    take(masked_, kTile);
    return bytes;
  }

  static void zero(T* x, int64_t ld, int64_t rows, int64_t n) {
    for (int64_t i = 0; i < rows; ++i, x += ld) std::fill(x, x + n, T(0));
  }
  bool not_finite(const T* x, int64_t ld, int64_t rows, int64_t n) const {
    return (a_.mask.data || a_.causal) && !passes<T>().finite(x, ld, rows, n);
  }

  void add_group() {
    q_in_ = head_of<T>(a_, a_.q, head_) + first_ * a_.q.row;
    g_in_ = head_of<T>(a_, x_.g, head_) + first_ * x_.g.row;
    gq_ = head_of<T>(a_, x_.gq, head_) + first_ * x_.gq.row;
    pack_b(q_in_, a_.q.row, n_, a_.depth, q_);
    pack_rows(q_in_, a_.q.row, n_, a_.depth, q_rows_);
    pack_b(g_in_, x_.g.row, n_, a_.value_depth, g_);
    pack_rows(g_in_, x_.g.row, n_, a_.value_depth, g_rows_);
    careful_ = not_finite(q_in_, a_.q.row, n_, a_.depth) || not_finite(g_in_, x_.g.row, n_, a_.value_depth);
    const T* out = head_of<T>(a_, x_.out, head_) + first_ * x_.out.row;
    passes<T>().row_dots(g_in_, x_.g.row, out, x_.out.row, n_, a_.value_depth, delta_);
    const T* log_sums = x_.log_sums + head_ * a_.queries + first_;
    std::copy(log_sums, log_sums + n_, log_sum_);
    zero(gq_, x_.gq.row, n_, a_.depth);
    const int64_t keys = a_.causal ? std::min(a_.keys, first_ + n_) : a_.keys;
    for (int64_t key = 0; key < keys; key += kKeys) add_keys(key, std::min(kKeys, keys - key));
  }

  void add_keys(int64_t key, int64_t n) {
    k_in_ = head_of<T>(a_, a_.k, head_, a_.sharing) + key * a_.k.row;
    const T* v = head_of<T>(a_, a_.v, head_, a_.sharing) + key * a_.v.row;
    pack_a(k_in_, a_.k.row, n, a_.depth, k_);
    pack_rows(k_in_, a_.k.row, n, a_.depth, k_rows_);
    pack_a(v, a_.v.row, n, a_.value_depth, v_);
    const bool careful = careful_ || not_finite(k_in_, a_.k.row, n, a_.depth);
    for (int64_t i = 0; i < n_; i += tile_width(a_)) {
      const Place p = seen_part<T>(a_, {head_, key, n, first_ + i, std::min(tile_width(a_), n_ - i)});
      if (!p.empty()) add_tile(p, n, careful);
    }
  }

  void add_tile(const Place& p, int64_t packed, bool careful) {
    const int64_t at = p.query - first_;
    const Table<T>& t = table<T>();
    t.packed(p.keys, p.queries, a_.depth, T(a_.scale), k_, q_ + at * a_.depth, weights_, kTileWidth, false);
    t.packed(p.keys, p.queries, a_.value_depth, T(1), v_, g_ + at * a_.value_depth, slopes_, kTileWidth,
             false);
    mask_scores(a_, p, weights_);
    if (careful) note_masked(p, weights_, masked_);
    drop(a_, p, slopes_);
    passes<T>().slopes(weights_, slopes_, p.keys, p.width(), log_sum_ + at, delta_ + at);
    drop(a_, p, weights_);
    add_to_mask(p);
    const T scale = T(a_.scale);
    multiply({weights_, true, p.keys, a_.value_depth, p.queries, T(1), g_rows_, n_, at,
              gv_ + p.key * x_.gv.row, x_.gv.row, true},
             careful, g_in_ + at * x_.g.row, x_.g.row);
    multiply({slopes_, true, p.keys, a_.depth, p.queries, scale, q_rows_, n_, at, gk_ + p.key * x_.gk.row,
              x_.gk.row, true},
             careful, q_in_ + at * a_.q.row, a_.q.row);
    multiply({slopes_, false, p.queries, a_.depth, p.keys, scale, k_rows_, packed, 0, gq_ + at * x_.gq.row,
              x_.gq.row, true},
             careful, k_in_, a_.k.row);
  }
  void multiply(const TileProduct<T>& product, bool careful, const T* b, int64_t ldb) {
    careful ? product.run_seen(masked_, b, ldb) : product.run(panel_);
  }
  void add_to_mask(const Place& p) {
    T* to = head_of<T>(a_, x_.gmask, p.head);
    if (!to) return;
    to += p.query * x_.gmask.row + p.key * x_.gmask.col;
    for (int64_t i = 0; i < p.queries; ++i)
      for (int64_t j = 0; j < p.keys; ++j)
        to[i * x_.gmask.row + j * x_.gmask.col] += slopes_[j * kTileWidth + i];
  }

  const Attention& a_;
  const Gradients<T>& x_;
  int64_t head_;  // of queries
  const int64_t most_;
  Room room_;
  int64_t first_ = 0, n_ = 0;  // the group of queries
  bool careful_ = false;
  T *q_, *q_rows_, *g_, *g_rows_, *k_, *k_rows_, *v_, *weights_, *slopes_, *log_sum_, *delta_, *panel_;
  uint8_t* masked_;
  const T *q_in_, *g_in_, *k_in_;  // where they lie, from the first of the group or block on
  T *gq_, *gk_, *gv_;
};

// Heads that add to one mask take turns.
bool shares_mask(const Attention& a, const HeadsOut& gmask) {
  bool shares = false;
  for (size_t d = 0; gmask.data && d < a.lead.size(); ++d) shares |= a.lead[d] > 1 && gmask.lead[d] == 0;
  return shares;
}

template <class T> void backward(const Attention& a, const Gradients<T>& x) {
  const int64_t heads = heads_of(a) / a.sharing;
  const int64_t work = a.queries * a.keys * (a.depth + a.value_depth) * a.sharing;
  auto run = [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) KeyHead<T>(a, x, i * a.sharing).run();
  };
  if (shares_mask(a, x.gmask)) return run(0, heads);
  parallel_for(heads, kGrain / (work + 1) + 1, run);
}

}  // namespace
}  // namespace attention_detail

void attention_backward(const Attention& a, const HeadsIn& g, const HeadsIn& out, const void* log_sums,
                        const HeadsOut& gq, const HeadsOut& gk, const HeadsOut& gv, const HeadsOut& gmask) {
  using namespace attention_detail;
  if (a.dtype == Dtype::F32)
    backward<float>(a, {g, out, static_cast<const float*>(log_sums), gq, gk, gv, gmask});
  else
    backward<double>(a, {g, out, static_cast<const double*>(log_sums), gq, gk, gv, gmask});
}

}  // namespace adjoint
