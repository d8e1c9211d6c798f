// Masks and dropout over a tile of attention's scores.
#include "kernels/attention_tiles.h"

namespace adjoint {

ADJOINT_PICK_TABLE(AttentionTable, attention_table)

namespace attention_detail {
namespace {

thread_local Panels g_room;

template <class T> constexpr T kMasked = -std::numeric_limits<T>::infinity();

// f(element of the tile, element of the heads' matrix) at each place.
template <class M, class T, class F>
void each_place(const Attention& a, const HeadsIn& x, const Place& p, T* tile, F f) {
  const M* from = head_of<M>(a, x, p.head) + p.query * x.row + p.key * x.col;
  for (int64_t j = 0; j < p.keys; ++j, from += x.col, tile += kTileWidth)
    for (int64_t i = 0; i < p.queries; ++i) f(tile[i], from[i * x.row]);
}

}  // namespace

Room::Room(size_t bytes) : lent_(g_room), next_(static_cast<char*>(lent_.get(bytes))) {}

template <class T> void mask_scores(const Attention& a, const Place& p, T* tile) {
  if (a.mask.data && a.mask_is_bool)
    each_place<uint8_t>(a, a.mask, p, tile, [](T& s, uint8_t seen) { s = seen ? s : kMasked<T>; });
  else if (a.mask.data)
    each_place<T>(a, a.mask, p, tile, [](T& s, T m) { s = m == kMasked<T> ? m : s + m; });
  if (!a.causal) return;
  for (int64_t j = 0; j < p.keys; ++j) {
    T* row = tile + j * kTileWidth;
    std::fill(row, row + std::clamp<int64_t>(p.key + j - p.query, 0, p.queries), kMasked<T>);
  }
}

template <class T> void note_masked(const Place& p, const T* tile, uint8_t* masked) {
  for (int64_t j = 0; j < p.keys; ++j)
    for (int64_t i = 0; i < p.queries; ++i)
      masked[j * kTileWidth + i] = tile[j * kTileWidth + i] == kMasked<T>;
}

template <class T> void drop(const Attention& a, const Place& p, T* tile) {
  if (!a.keep.data) return;
  const T by[2] = {T(0), T(a.keep_scale)};
  each_place<uint8_t>(a, a.keep, p, tile, [&](T& w, uint8_t kept) { w *= by[kept]; });
}

template void mask_scores(const Attention&, const Place&, float*);
template void mask_scores(const Attention&, const Place&, double*);
template void note_masked(const Place&, const float*, uint8_t*);
template void note_masked(const Place&, const double*, uint8_t*);
template void drop(const Attention&, const Place&, float*);
template void drop(const Attention&, const Place&, double*);

}  // namespace attention_detail
}  // namespace adjoint
