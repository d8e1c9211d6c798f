// Scalar mathematics for kernels: one generic name per function, overloaded for float, double, complex and,
// where it makes sense, integers. (Declarations follow as the file grows.)
#pragma once
