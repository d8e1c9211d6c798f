// ADJOINT_ISA names the instruction set of this compilation (base, v3, v4). Everything in a *.isa.cpp file
// lives in an inline namespace of that name, so that the linker can never mix code of different sets.
#pragma once

#ifndef ADJOINT_ISA
#define ADJOINT_ISA base
#endif
// 1 in the baseline compilation, which also makes the operations' records.
#define ADJOINT_CAT_(a, b) a##b
#define ADJOINT_CAT(a, b) ADJOINT_CAT_(a, b)
#define ADJOINT_IS_base 1
#define ADJOINT_IS_v3 0
#define ADJOINT_IS_v4 0
#define ADJOINT_BASE ADJOINT_CAT(ADJOINT_IS_, ADJOINT_ISA)
