// The cells' gates and their gradients: elementwise loops over the units of a row, which the compiler vectorises.
// See Note [One source, several instruction sets].
#include <cstdint>

#include "kernels/isa.h"
#include "kernels/math.h"
#include "kernels/nn/recurrent_table.h"

namespace adjoint {
namespace {

template <class T> void plain(bool relu, int64_t rows, int64_t n, const T* __restrict bias, T* y) {
  for (int64_t r = 0; r < rows; ++r, y += n) {
    if (relu) {
#pragma GCC ivdep
      for (int64_t j = 0; j < n; ++j) {
        const T v = y[j] + bias[j];
        y[j] = v < T(0) ? T(0) : v;  // NaN stays
      }
    } else {
#pragma GCC ivdep
      for (int64_t j = 0; j < n; ++j) y[j] = math::tanh(y[j] + bias[j]);
    }
  }
}

template <class T>
void lstm(int64_t rows, int64_t n, const T* __restrict bias, T* gates, const T* c_before, T* c, T* h) {
  for (int64_t r = 0; r < rows; ++r, gates += 4 * n, c_before += n, c += n, h += n) {
    T *i = gates, *f = i + n, *g = f + n, *o = g + n;
#pragma GCC ivdep
    for (int64_t j = 0; j < n; ++j) {
      const T in = math::sigmoid(i[j] + bias[j]), forget = math::sigmoid(f[j] + bias[n + j]);
      const T cell = math::tanh(g[j] + bias[2 * n + j]), out = math::sigmoid(o[j] + bias[3 * n + j]);
      const T next = forget * c_before[j] + in * cell;
      i[j] = in, f[j] = forget, g[j] = cell, o[j] = out;
      c[j] = next;
      h[j] = out * math::tanh(next);
    }
  }
}

template <class T>
void gru(int64_t rows, int64_t n, const T* __restrict bias, T* gates, const T* h_before, T* h) {
  for (int64_t row = 0; row < rows; ++row, gates += 4 * n, h_before += n, h += n) {
    T *r = gates, *z = r + n, *m = z + n, *q = m + n;
#pragma GCC ivdep
    for (int64_t j = 0; j < n; ++j) {
      const T reset = math::sigmoid(r[j] + bias[j]), update = math::sigmoid(z[j] + bias[n + j]);
      const T inner = q[j] + bias[3 * n + j];
      const T fresh = math::tanh(m[j] + bias[2 * n + j] + reset * inner);
      r[j] = reset, z[j] = update, m[j] = fresh, q[j] = inner;
      h[j] = (h_before[j] - fresh) * update + fresh;
    }
  }
}

template <class T> void plain_back(bool relu, int64_t rows, int64_t n, const T* y, const T* gy,
                                   int64_t gy_step, const T* gh, T* ggates) {
  for (int64_t r = 0; r < rows; ++r, y += n, gy += gy_step, gh += n, ggates += n) {
    if (relu) {
#pragma GCC ivdep
      for (int64_t j = 0; j < n; ++j) ggates[j] = y[j] > T(0) ? gh[j] + gy[j] : T(0);
    } else {
#pragma GCC ivdep
      for (int64_t j = 0; j < n; ++j) ggates[j] = (gh[j] + gy[j]) * (T(1) - y[j] * y[j]);
    }
  }
}

template <class T> void lstm_back(int64_t rows, int64_t n, const T* gates, const T* c_before, const T* c,
                                  const T* gy, int64_t gy_step, const T* gh, T* gc, T* ggates) {
  for (int64_t r = 0; r < rows; ++r) {
    const T *i = gates, *f = i + n, *g = f + n, *o = g + n;
    T *gi = ggates, *gf = gi + n, *gg = gf + n, *go = gg + n;
#pragma GCC ivdep
    for (int64_t j = 0; j < n; ++j) {
      const T t = math::tanh(c[j]), d = gh[j] + gy[j];
      const T dc = gc[j] + d * o[j] * (T(1) - t * t);
      go[j] = d * t * o[j] * (T(1) - o[j]);
      gi[j] = dc * g[j] * i[j] * (T(1) - i[j]);
      gf[j] = dc * c_before[j] * f[j] * (T(1) - f[j]);
      gg[j] = dc * i[j] * (T(1) - g[j] * g[j]);
      gc[j] = dc * f[j];
    }
    gates += 4 * n, ggates += 4 * n, c_before += n, c += n, gy += gy_step, gh += n, gc += n;
  }
}

template <class T> void gru_back(int64_t rows, int64_t n, const T* gates, const T* h_before, const T* gy,
                                 int64_t gy_step, T* gh, T* ggates) {
  for (int64_t row = 0; row < rows; ++row) {
    const T *r = gates, *z = r + n, *m = z + n, *q = m + n;
    T *gm = ggates, *gr = gm + n, *gz = gr + n, *gq = gz + n;
#pragma GCC ivdep
    for (int64_t j = 0; j < n; ++j) {
      const T d = gh[j] + gy[j];
      const T dm = d * (T(1) - z[j]) * (T(1) - m[j] * m[j]);
      gm[j] = dm;
      gr[j] = dm * q[j] * r[j] * (T(1) - r[j]);
      gz[j] = d * (h_before[j] - m[j]) * z[j] * (T(1) - z[j]);
      gq[j] = dm * r[j];
      gh[j] = d * z[j];
    }
    gates += 4 * n, ggates += 4 * n, h_before += n, gy += gy_step, gh += n;
  }
}

template <class T> constexpr GateKernels<T> gate_kernels() {
  return {plain<T>, lstm<T>, gru<T>, plain_back<T>, lstm_back<T>, gru_back<T>};
}

}  // namespace

extern const GateTable ADJOINT_ISA_NAME(gate_table);
const GateTable ADJOINT_ISA_NAME(gate_table) = {gate_kernels<float>(), gate_kernels<double>()};

}  // namespace adjoint
