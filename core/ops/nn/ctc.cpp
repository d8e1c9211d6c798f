// Connectionist temporal classification: the probability of a sequence of labels over all alignments with the input.
#include "autograd/door.h"
#include "device/host_values.h"
#include "device/nn/loss.h"
#include "ops/nn/reduction.h"
#include "ops/ops.h"
#include "ops/pointwise_record.h"
#include "ops/raw.h"

namespace adjoint {
namespace {

constexpr double kInf = __builtin_inf();

// x moved up by n places (down, where n < 0); what comes in from outside is never reached.
Tensor shifted(const Tensor& x, int64_t n) {
  const int64_t size = x->numel, kept = std::max<int64_t>(size - std::abs(n), 0);
  const Tensor never = full(Dims{size - kept}, -kInf, x->dtype, x->device);
  const Tensor part = ops::narrow(x, 0, n < 0 ? size - kept : 0, kept);
  const Tensor parts[] = {n < 0 ? part : never, n < 0 ? never : part};
  return ops::cat(parts, 0);
}
Tensor log_sum(std::initializer_list<Tensor> terms) {
  const int64_t dim = 0;
  return ops::logsumexp(ops::stack({terms.begin(), terms.size()}, 0), Ints(&dim, 1));
}

// The losses of samples; inputs are log_probs [steps, samples, classes].
struct CtcLoss {
  static constexpr const char* name = "ctc_loss";
  const char* node;
  SavedTensor targets;
  Dims input_lengths, target_lengths, starts;
  int64_t blank;
  bool zero_infinity;
  SavedTensor x_ = {}, y_ = {};

  Ctc call(const Tensor& x, const Tensor& t) const {
    return {*x, *t, input_lengths, target_lengths, starts, blank, zero_infinity};
  }
  Tensor forward(const Tensor& x) {
    const Tensor dense = raw::contiguous(x), y = empty(Dims{x->size(1)}, x->dtype, x->device);
    if (y->numel) backend(y).loss->ctc(call(dense, targets.raw()), *y);
    return y;
  }
  static constexpr const char* rule = "gx[t, c] = −g·p(label c at t | targets)";
  void vjp(Backward& b) {
    const Tensor x = x_.get(b.node), t = targets.get(b.node);
    if (grad_enabled()) return void(b.gx[0] = recorded(b.grad(), x, t));
    const Tensor dense = raw::contiguous(x), g = raw::contiguous(b.grad());
    b.gx[0] = empty(x->sizes(), x->dtype, x->device);
    if (x->numel) backend(x).loss->ctc_backward(call(dense, t), *g, *y_.get(b.node), *b.gx[0]);
  }
  Tensor recorded(const Tensor& g, const Tensor& x, const Tensor& t) const;
  Tensor sample_gradient(const Tensor& g, const Tensor& x, const Tensor& states, const Tensor& skips) const;
  void fields(auto& f) {
    f("blank", blank);
    f("input_lengths", input_lengths);
    f("log_probs", x_, input(0));
    f("result0", y_, output(0));
    f("target_lengths", target_lengths);
    f("targets", targets);
    f("zero_infinity", zero_infinity);
  }
};

// The same with operations, one sample after the other, where the gradient itself is recorded. x: [steps, classes].
Tensor CtcLoss::sample_gradient(const Tensor& g, const Tensor& x, const Tensor& states,
                                const Tensor& skips) const {
  const Tensor e = ops::index_select(x, 1, states);
  const int64_t steps = x->size(0), n = states->numel;
  std::vector<Tensor> alpha, beta(static_cast<size_t>(steps));
  const Tensor edge = full(Dims{n}, -kInf, x->dtype, x->device);
  auto reached = [&](int64_t from, int64_t to) {  // 0 within, -∞ elsewhere
    return ops::where(ops::logical_and(ops::ge(ops::arange(0, n, 1, Dtype::I64, x->device), double(from)),
                                       ops::lt(ops::arange(0, n, 1, Dtype::I64, x->device), double(to))),
                      zeros(Dims{n}, x->dtype, x->device), edge);
  };
  alpha.push_back(ops::add(ops::select(e, 0, 0), reached(0, 2)));
  for (int64_t t = 1; t < steps; ++t) {
    const Tensor& a = alpha.back();
    alpha.push_back(
        ops::add(log_sum({a, shifted(a, 1), ops::add(shifted(a, 2), skips)}), ops::select(e, 0, t)));
  }
  beta.back() = reached(n - 2, n);
  for (int64_t t = steps - 2; t >= 0; --t) {
    const Tensor next = ops::add(beta[size_t(t) + 1], ops::select(e, 0, t + 1));
    beta[size_t(t)] = log_sum({next, shifted(next, -1), shifted(ops::add(next, skips), -2)});
  }
  const int64_t dim = 0;
  const Tensor log_p = ops::logsumexp(ops::add(alpha.back(), beta.back()), Ints(&dim, 1));
  const Tensor posterior = ops::exp(ops::sub(ops::add(ops::stack(alpha, 0), ops::stack(beta, 0)), log_p));
  return ops::index_add(zeros(x->sizes(), x->dtype, x->device), 1, states, ops::neg(ops::mul(posterior, g)));
}

Tensor CtcLoss::recorded(const Tensor& g, const Tensor& x, const Tensor& t) const {
  const Tensor none = ops::mul(x, 0);  // has x's history, should no sample have a gradient
  if (!has_values(x)) return none;
  const HostElements<int64_t> label(t);
  const Tensor loss = [&] {
    NoGrad off;
    Tensor y = empty(Dims{x->size(1)}, x->dtype, x->device);
    backend(y).loss->ctc(call(raw::contiguous(detach(x)), t), *y);
    return y;
  }();
  std::vector<Tensor> all;
  for (int64_t i = 0; i < x->size(1); ++i) {
    const int64_t steps = input_lengths[i], length = target_lengths[i], n = 2 * length + 1;
    const bool impossible = item(ops::select(loss, 0, i)).to_double() == kInf;
    Tensor gx = zeros(Dims{x->size(0), x->size(2)}, x->dtype, x->device);
    if (steps > 0 && !(zero_infinity && impossible)) {
      HostTensor<int64_t> states(Dims{n});
      HostTensor<double> skips(Dims{n});
      for (int64_t s = 0; s < n; ++s) {
        const int64_t at = starts[i] + s / 2;
        states[s] = s % 2 ? label[at] : blank;
        skips[s] = s % 2 && s > 1 && label[at] != label[at - 1] ? 0 : -kInf;
      }
      const Tensor mine = ops::narrow(ops::select(x, 1, i), 0, 0, steps);
      const Tensor found = sample_gradient(ops::select(g, 0, i), mine, states.on(x->device),
                                           raw::cast(skips.on(x->device), x->dtype));
      gx = ops::constant_pad(found, Dims{0, 0, 0, x->size(0) - steps});
    }
    all.push_back(gx);
  }
  return all.empty() ? none : ops::stack(all, 1);
}

void check_lengths(Ints lengths, int64_t samples, int64_t most, const char* name) {
  check(int64_t(lengths.size()) == samples, name, " must be of size batch_size");
  for (int64_t n : lengths) {
    check(n >= 0, "Expected ", name, " to have value at least 0, but got value ", n,
          " (while checking arguments for ctc_loss_cpu)");
    check(n <= most, "Expected ", name, " to have value at most ", most, ", but got value ", n,
          " (while checking arguments for ctc_loss_cpu)");
  }
}

struct Lengths {
  Ints input, target;
  const char* node;
};

Tensor ctc_loss(const Tensor& log_probs, const Tensor& given, const Lengths& lengths, int64_t blank,
                Reduce how, bool zero_infinity) {
  const bool batched = log_probs->ndim == 3;
  check(batched || log_probs->ndim == 2, "Expected 3-dimensional tensor, but got ", int(log_probs->ndim),
        "-dimensional tensor for argument #1 'log_probs' (while checking arguments for ctc_loss_cpu)");
  if (log_probs->dtype != Dtype::F32 && log_probs->dtype != Dtype::F64)
    fail_dtype("ctc_loss_cpu", log_probs->dtype);
  check(given->ndim == 1 || given->ndim == 2,
        "Expected 1-dimensional or 2-dimensional tensor for targets, but got ", int(given->ndim),
        "-dimensional tensor (while checking arguments for ctc_loss_cpu)");
  const Tensor x = batched ? log_probs : ops::unsqueeze(log_probs, 1);
  const int64_t samples = x->size(1), classes = x->size(2);
  check(blank >= 0 && blank < classes, "blank must be in label range");
  check_lengths(lengths.input, samples, x->size(0), "input_lengths");
  const bool rows = given->ndim == 2;
  check(!rows || given->size(0) == samples, "Expected tensor to have size ", samples,
        " at dimension 0, but got size ", given->size(0),
        " for argument #2 'targets' (while checking arguments for "
        "ctc_loss_cpu)");
  check_lengths(lengths.target, samples, rows ? given->size(1) : given->numel, "target_lengths");
  Dims starts(samples);
  int64_t total = 0;
  for (int64_t i = 0; i < samples; ++i) {
    starts[i] = rows ? i * given->size(1) : total;
    total += lengths.target[size_t(i)];
  }
  check(rows || total == given->numel, "Expected tensor to have size ", total,
        " at dimension 0, but got size ", given->numel,
        " for argument #2 'targets' (while checking arguments for ctc_loss_cpu)");
  Tensor targets;
  {
    NoGrad off;
    targets = raw::contiguous(raw::cast(given, Dtype::I64));
    if (has_values(targets)) {
      const HostElements<int64_t> label(targets);
      for (int64_t i = 0; i < samples; ++i)
        for (int64_t k = 0; k < lengths.target[size_t(i)]; ++k) {
          const int64_t found = label[starts[i] + k];
          if (found < 0 || found >= classes)
            fail_with(str("label ", found, " at place ", k, " of sample ", i, ", of ", classes, " classes"),
                      ErrorKind::Runtime, "targets must be in label range");
        }
    }
  }
  Tensor y =
      apply(CtcLoss{lengths.node, targets, lengths.input, lengths.target, starts, blank, zero_infinity}, x);
  if (zero_infinity) y = ops::where(ops::eq(y, kInf), scalar_tensor(0, y->dtype, y->device), y);
  if (how == Reduce::Sum) return ops::sum(y);
  if (how == Reduce::None) return batched ? y : ops::squeeze(y, 0);
  HostTensor<double> by(Dims{samples});
  for (int64_t i = 0; i < samples; ++i) by[i] = double(std::max<int64_t>(lengths.target[size_t(i)], 1));
  return ops::mean(ops::div(y, raw::cast(by.on(y->device), y->dtype)));
}

// Lengths in tensors.
Dims read(const Tensor& t) {
  check(!is_differentiable(t->dtype) && t->dtype != Dtype::Bool,
        "input_lengths and target_lengths must be integral");
  check(has_values(t), "ctc_loss: lengths have to be known, got a tensor on ", name_of(t->device));
  const Tensor wide = raw::cast(t, Dtype::I64);
  const HostElements<int64_t> n(wide);
  return Dims(Ints(n.data(), size_t(n.size())));
}
Tensor by_tensors(const Tensor& x, const Tensor& targets, const Tensor& inputs, const Tensor& lengths,
                  int64_t blank, Reduce how, bool zero_infinity) {
  const Dims input = read(inputs), target = read(lengths);
  return ctc_loss(x, targets, {input, target, "CtcLossBackward1"}, blank, how, zero_infinity);
}
Tensor by_numbers(const Tensor& x, const Tensor& targets, Ints inputs, Ints lengths, int64_t blank,
                  Reduce how, bool zero_infinity) {
  return ctc_loss(x, targets, {inputs, lengths, "CtcLossBackward0"}, blank, how, zero_infinity);
}

#define NAMED "int blank=0, str reduction='mean', bool zero_infinity=False) -> Tensor"
#define NUMBERED "int blank=0, int reduction=0, bool zero_infinity=False) -> Tensor"

[[maybe_unused]] const auto definitions = {
    def<[](const Tensor& x, const Tensor& t, const Tensor& a, const Tensor& b, int64_t blank,
           std::string_view how, bool zero) {
      return by_tensors(x, t, a, b, blank, reduction_of(how), zero);
    }>("ctc_loss(Tensor log_probs, Tensor targets, Tensor input_lengths, Tensor target_lengths, " NAMED, kNN,
       "-log p(targets), over all alignments of them with the input: connectionist temporal classification."),
    def<[](const Tensor& x, const Tensor& t, Ints a, Ints b, int64_t blank, std::string_view how, bool zero) {
      return by_numbers(x, t, a, b, blank, reduction_of(how), zero);
    }>("ctc_loss(Tensor log_probs, Tensor targets, int[] input_lengths, int[] target_lengths, " NAMED, kNN),
    def<[](const Tensor& x, const Tensor& t, const Tensor& a, const Tensor& b, int64_t blank, int64_t how,
           bool zero) { return by_tensors(x, t, a, b, blank, reduction_of(how), zero); }>(
        "ctc_loss(Tensor log_probs, Tensor targets, Tensor input_lengths, Tensor target_lengths, " NUMBERED,
        kFunction),
    def<[](const Tensor& x, const Tensor& t, Ints a, Ints b, int64_t blank, int64_t how, bool zero) {
      return by_numbers(x, t, a, b, blank, reduction_of(how), zero);
    }>("ctc_loss(Tensor log_probs, Tensor targets, int[] input_lengths, int[] target_lengths, " NUMBERED,
       kFunction),
};

}  // namespace
}  // namespace adjoint
