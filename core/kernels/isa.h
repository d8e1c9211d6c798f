// Which build of the kernels this processor runs.
//
// Note [One source, several instruction sets]: a file named *.isa.cpp is compiled once per instruction set
// with -DADJOINT_ISA=base|v3|v4 (x86-64-v2, -v3, -v4; elsewhere base only). It keeps everything in an
// anonymous namespace and exports one table of functions, named with ADJOINT_ISA_NAME. It must not emit
// shared inline functions (std::vector, <algorithm>, ...): the linker keeps one copy of those for the whole
// library, which could be the one with AVX-512 in it. tools/check_isa_symbols.py looks.
#pragma once

#ifndef ADJOINT_ISA
#define ADJOINT_ISA base
#endif
#define ADJOINT_ISA_JOIN2(a, b) a##_##b
#define ADJOINT_ISA_JOIN(a, b) ADJOINT_ISA_JOIN2(a, b)
#define ADJOINT_ISA_NAME(name) ADJOINT_ISA_JOIN(name, ADJOINT_ISA)  // reduce_table → reduce_table_v3

namespace adjoint {

enum class Isa { Base, V3, V4 };

// The best instruction set that both processor and library have; the environment's ADJOINT_ISA=base|v3|v4
// can lower it, never raise it.
Isa active_isa();
const char* name_of(Isa isa);

// Picks a per-ISA table: `static const T& t = pick_isa(table_base, table_v3, table_v4)`.
template <class T>
const T& pick_isa(const T& base, [[maybe_unused]] const T& v3, [[maybe_unused]] const T& v4) {
  switch (active_isa()) {
    case Isa::V4: return v4;
    case Isa::V3: return v3;
    default: return base;
  }
}

}  // namespace adjoint

// Declares the tables of every instruction set, and defines `const Type& name()` which picks one.
#if defined(__x86_64__)
#define ADJOINT_PICK_TABLE(Type, name)                                      \
  extern const Type name##_base, name##_v3, name##_v4;                      \
  const Type& name() {                                                      \
    static const Type& table = pick_isa(name##_base, name##_v3, name##_v4); \
    return table;                                                           \
  }
#else
#define ADJOINT_PICK_TABLE(Type, name) \
  extern const Type name##_base;       \
  const Type& name() { return name##_base; }
#endif
