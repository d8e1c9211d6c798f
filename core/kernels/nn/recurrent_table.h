// The cells' gates, a row of units at a time: recurrent.isa.cpp makes one table per instruction set.
#pragma once
#include <cstdint>

namespace adjoint {

// Rows of n units. A row of gates, and of their gradients, has n of each gate side by side:
//   LSTM                i, f, g, o
//   GRU                 r, z, n and q, the part of n that comes from the state before and is multiplied by r;
//     its gradients     n, r, z, q, so that those of the state's product (r, z, q) lie together
//   tanh and relu       one, whose value is the state
// Before a call of a forward function gates hold the products; `bias` has a number for each of a row.
template <class T> struct GateKernels {
  void (*plain)(bool relu, int64_t rows, int64_t n, const T* bias, T* y);
  // c may be c_before.
  void (*lstm)(int64_t rows, int64_t n, const T* bias, T* gates, const T* c_before, T* c, T* h);
  void (*gru)(int64_t rows, int64_t n, const T* bias, T* gates, const T* h_before, T* h);

  // gh: the gradient that came from the step after; gy: that of the result, rows gy_step apart (0: the same row for
  // all). gc: from the gradient of c to that of c before. The GRU leaves in gh what goes straight to the state before.
  void (*plain_back)(bool relu, int64_t rows, int64_t n, const T* y, const T* gy, int64_t gy_step,
                     const T* gh, T* ggates);
  void (*lstm_back)(int64_t rows, int64_t n, const T* gates, const T* c_before, const T* c, const T* gy,
                    int64_t gy_step, const T* gh, T* gc, T* ggates);
  void (*gru_back)(int64_t rows, int64_t n, const T* gates, const T* h_before, const T* gy, int64_t gy_step,
                   T* gh, T* ggates);
};

struct GateTable {
  GateKernels<float> f32;
  GateKernels<double> f64;
};
const GateTable& gate_table();

}  // namespace adjoint
