// Streaming stores as wide as the processor has them. See Note [One source, several instruction sets].
#include <cstdint>
#include "kernels/isa.h"
#include "kernels/stream_table.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace adjoint {
namespace {

constexpr int64_t kLine = 64;

#if defined(__x86_64__)
// A whole line: the processor writes it at once.
[[gnu::always_inline]] inline void stream_line(char* to, const char* from) {
#if defined(__AVX512F__)
  _mm512_stream_si512(reinterpret_cast<__m512i*>(to), _mm512_loadu_si512(from));
#elif defined(__AVX2__)
  for (int64_t k = 0; k < kLine; k += 32)
    _mm256_stream_si256(reinterpret_cast<__m256i*>(to + k),
                        _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + k)));
#else
  for (int64_t k = 0; k < kLine; k += 16)
    _mm_stream_si128(reinterpret_cast<__m128i*>(to + k),
                     _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + k)));
#endif
}
#else
inline void stream_line(char* to, const char* from) { __builtin_memcpy(to, from, size_t(kLine)); }
#endif

void stream(char* to, const char* from, int64_t bytes) {
  const int64_t before = -reinterpret_cast<intptr_t>(to) & (kLine - 1),
                head = bytes < before ? bytes : before;
  __builtin_memcpy(to, from, size_t(head));
  int64_t i = head;
  for (; i + kLine <= bytes; i += kLine) stream_line(to + i, from + i);
  __builtin_memcpy(to + i, from + i, size_t(bytes - i));
}

}  // namespace

extern const StreamTable ADJOINT_ISA_NAME(stream_table);
const StreamTable ADJOINT_ISA_NAME(stream_table) = {stream};

}  // namespace adjoint
