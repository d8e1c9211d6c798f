#include "kernels/stream.h"

#include "kernels/isa.h"
#include "kernels/stream_table.h"
#if defined(__x86_64__)
#include <emmintrin.h>
#endif

namespace adjoint {

ADJOINT_PICK_TABLE(StreamTable, stream_table)

void stream_copy(char* dst, const char* src, int64_t bytes) { stream_table().stream(dst, src, bytes); }

#if defined(__x86_64__)
void stream_fence() { _mm_sfence(); }
#else
void stream_fence() {}
#endif

}  // namespace adjoint
