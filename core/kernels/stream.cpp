#include "kernels/stream.h"

#include <algorithm>
#include <cstring>
#if defined(__x86_64__)
#include <emmintrin.h>
#endif

namespace adjoint {

#if defined(__x86_64__)
void stream_copy(char* dst, const char* src, int64_t bytes) {
  constexpr int64_t kLine = 64;
  int64_t head = std::min(bytes, int64_t(-reinterpret_cast<uintptr_t>(dst) & (kLine - 1)));
  std::memcpy(dst, src, size_t(head));
  int64_t i = head;
  for (; i + kLine <= bytes; i += kLine) {  // a whole line at a time: the processor writes it at once
    const auto* from = reinterpret_cast<const __m128i*>(src + i);
    auto* to = reinterpret_cast<__m128i*>(dst + i);
    __m128i a = _mm_loadu_si128(from), b = _mm_loadu_si128(from + 1), c = _mm_loadu_si128(from + 2),
            d = _mm_loadu_si128(from + 3);
    _mm_stream_si128(to, a);
    _mm_stream_si128(to + 1, b);
    _mm_stream_si128(to + 2, c);
    _mm_stream_si128(to + 3, d);
  }
  std::memcpy(dst + i, src + i, size_t(bytes - i));
}
void stream_fence() { _mm_sfence(); }
#else
void stream_copy(char* dst, const char* src, int64_t bytes) { std::memcpy(dst, src, size_t(bytes)); }
void stream_fence() {}
#endif

}  // namespace adjoint
