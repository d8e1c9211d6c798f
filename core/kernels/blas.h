// BLAS and LAPACK: OpenBLAS, which travels inside the package and is loaded at its first use.
//
// Loading costs milliseconds and memory, so neither `import adjoint` nor small work does it. Inside, the
// library runs on one thread: splitting work is ours, so that results do not depend on thread counts.
#pragma once

namespace adjoint {

// The routine of that name ("cblas_cgemm", "dgetrf_"), loading the library first where need be.
// RuntimeError when the library or the routine is missing. Any thread may call it.
void* blas_symbol(const char* name);

// blas<void(int, ...)>("dgetrf_"): the same, as a function of that type.
template <class F> F* blas(const char* name) { return reinterpret_cast<F*>(blas_symbol(name)); }

bool blas_loaded();

// The processor type that OpenBLAS runs for, e.g. "SkylakeX"; loads it.
const char* blas_core_name();

}  // namespace adjoint
