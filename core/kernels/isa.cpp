#include "kernels/isa.h"

#include <cstdlib>
#include <initializer_list>
#include <string_view>

namespace adjoint {
namespace {

Isa best_of_processor() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  auto has = [](auto... present) { return (bool(present) && ...); };
  bool v3 = has(__builtin_cpu_supports("avx2"), __builtin_cpu_supports("fma"), __builtin_cpu_supports("bmi"),
                __builtin_cpu_supports("bmi2"), __builtin_cpu_supports("popcnt"));
  bool v4 = v3 && has(__builtin_cpu_supports("avx512f"), __builtin_cpu_supports("avx512bw"),
                      __builtin_cpu_supports("avx512cd"), __builtin_cpu_supports("avx512dq"),
                      __builtin_cpu_supports("avx512vl"));
  return v4 ? Isa::V4 : v3 ? Isa::V3 : Isa::Base;
#else
  return Isa::Base;
#endif
}

Isa choose() {
  Isa best = best_of_processor();
  const char* text = std::getenv("ADJOINT_ISA");
  if (!text) return best;
  for (Isa isa : {Isa::Base, Isa::V3, Isa::V4})
    if (std::string_view(text) == name_of(isa) && isa < best) return isa;
  return best;
}

}  // namespace

Isa active_isa() {
  static const Isa isa = choose();
  return isa;
}

const char* name_of(Isa isa) { return isa == Isa::Base ? "base" : isa == Isa::V3 ? "v3" : "v4"; }

}  // namespace adjoint
