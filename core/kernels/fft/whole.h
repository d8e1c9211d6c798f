// One transform of complex numbers that follow one another.
#pragma once
#include "kernels/fft/plan.h"

namespace adjoint::fft {

inline constexpr int64_t kMostLanes = 4096;  // longer transforms go one by one, where they can be cut in two

// y may be x. `space` takes whole_space(plan) numbers. Long ones are cut into pieces for threads.
template <class T> int64_t whole_space(const Plan<T>& plan);
template <class T> void whole(const Plan<T>& plan, const T* x, bool inverse, T scale, T* y, T* space);

}  // namespace adjoint::fft
