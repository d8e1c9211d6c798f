// The kernel under stream.cpp: stream.isa.cpp makes one table per instruction set.
#pragma once
#include <cstdint>

namespace adjoint {

struct StreamTable {
  void (*stream)(char* to, const char* from, int64_t bytes);
};
const StreamTable& stream_table();

}  // namespace adjoint
