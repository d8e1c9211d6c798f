// Connectionist temporal classification on the CPU: a sample at a time, in any order.
#include "device/cpu/nn/ctc.h"
#include <cmath>
#include <cstring>
#include <memory>
#include <vector>
#include "device/cpu/work.h"
#include "kernels/isa.h"
#include "kernels/nn/ctc_table.h"
#include "kernels/parallel.h"

namespace adjoint {

ADJOINT_PICK_TABLE(CtcTable, ctc_table)

namespace cpu {
namespace {

// The states of a sample: blanks between, before and behind its labels.
template <class T> struct States {
  std::vector<int64_t> label;
  std::vector<T> skips;
  States(const int64_t* target, int64_t length, int64_t blank)
      : label(size_t(2 * length + 1), blank), skips(size_t(2 * length + 1), -T(__builtin_inf())) {
    for (int64_t i = 0; i < length; ++i) {
      label[size_t(2 * i + 1)] = target[i];
      if (i && target[i] != target[i - 1]) skips[size_t(2 * i + 1)] = 0;
    }
  }
};

template <class T> CtcSample<T> sample(const Ctc& c, int64_t i, const States<T>& states) {
  const int64_t classes = c.log_probs.size(2);
  return {c.log_probs.host_as<T>() + i * classes, c.log_probs.size(1) * classes, c.input_lengths[size_t(i)],
          int64_t(states.label.size()),           states.label.data(),           states.skips.data()};
}

// f(kernels, number type, sample number) for every sample, in threads.
template <class F> void each_sample(const Ctc& c, F f) {
  const int64_t samples = c.log_probs.size(1);
  int64_t work = 0;
  for (int64_t i = 0; i < samples; ++i)
    work += c.input_lengths[size_t(i)] * (2 * c.target_lengths[size_t(i)] + 1) * 16;
  Work unlocked(work);
  const bool wide = c.log_probs.dtype == Dtype::F64;
  parallel_for(samples, samples * 16384 / (work + 1) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      wide ? f(ctc_table().f64, double(), i) : f(ctc_table().f32, float(), i);
  });
}

template <class T> T no_steps(int64_t target_length) {
  return target_length == 0 ? T(0) : -T(__builtin_inf());
}

}  // namespace

void ctc(const Ctc& c, const TensorImpl& y) {
  const int64_t* targets = c.targets.host_as<int64_t>();
  each_sample(c, [&]<class K, class T>(const K& kernels, T, int64_t i) {
    const int64_t length = c.target_lengths[size_t(i)];
    T log_p = no_steps<T>(length);
    if (c.input_lengths[size_t(i)] > 0) {
      const States<T> states(targets + c.starts[size_t(i)], length, c.blank);
      std::vector<T> alpha(2 * (states.label.size() + 2));
      log_p = kernels.forward(sample(c, i, states), alpha.data(), false);
    }
    y.host_as<T>()[i] = -log_p;
  });
}

void ctc_backward(const Ctc& c, const TensorImpl& g, const TensorImpl& y, const TensorImpl& gx) {
  const int64_t* targets = c.targets.host_as<int64_t>();
  const int64_t classes = gx.size(2);
  std::memset(gx.host(), 0, size_t(gx.numel) * gx.itemsize());
  each_sample(c, [&]<class K, class T>(const K& kernels, T, int64_t i) {
    const T loss = y.host_as<T>()[i];
    const int64_t steps = c.input_lengths[size_t(i)];
    if (steps == 0 || (c.zero_infinity && loss == T(__builtin_inf()))) return;
    const States<T> states(targets + c.starts[size_t(i)], c.target_lengths[size_t(i)], c.blank);
    const CtcSample<T> s = sample(c, i, states);
    const size_t row = states.label.size() + 2;
    std::unique_ptr<T[]> memory(new T[(size_t(steps) + 3) * row]);
    const T log_p = kernels.forward(s, memory.get(), true);
    kernels.backward(s, memory.get(), log_p, g.host_as<T>()[i], memory.get() + size_t(steps) * row,
                     gx.host_as<T>() + i * classes);
  });
}

}  // namespace cpu
}  // namespace adjoint
