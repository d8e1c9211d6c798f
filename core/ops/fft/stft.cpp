// Short-time Fourier transforms: frames of a signal, times a window, transformed; and back, by overlapping and adding
// (Griffin and Lim, "Signal estimation from modified short-time Fourier transform", 1984).
#include <optional>
#include "autograd/grad_mode.h"
#include "autograd/node.h"
#include "device/host_values.h"
#include "ops/fft/transforms.h"
#include "ops/ops.h"
#include "ops/shape/pad.h"
#include "ops/view/overlap_add.h"

namespace adjoint::ops {

namespace {

using MaybeInt = std::optional<int64_t>;
using MaybeBool = std::optional<bool>;

std::string text(MaybeInt v) { return v ? std::to_string(*v) : "None"; }
std::string text(MaybeBool v) { return v ? std::to_string(int(*v)) : "None"; }

struct Frames {
  int64_t n_fft, hop, window_size;
  Frames(int64_t n, MaybeInt hop_length, MaybeInt win_length)
      : n_fft(n), hop(hop_length ? *hop_length : n >> 2), window_size(win_length ? *win_length : n) {}
  int64_t left() const { return (n_fft - window_size) / 2; }
  int64_t right() const { return n_fft - window_size - left(); }
  bool fits(const Tensor& window) const { return window->ndim == 1 && window->size(0) == window_size; }
  std::string sizes_text(const Tensor& window) const {
    return str("n_fft=", n_fft, ", hop_length=", hop, ", win_length=", window_size, ", window=",
               window ? str("torch.", label_of(window->dtype), "Tensor{", window->sizes(), "}") : "None");
  }
};

// --- forth ---

struct Stft : Frames {
  bool normalized;
  MaybeBool onesided, return_complex, align;
  // PyTorch's text of the call, then what was expected.
  template <class... A> void expect(bool ok, const Tensor& x, const Tensor& window, const A&... what) const {
    if (ok) return;
    const std::string type = is_complex(x->dtype) ? str("CPU", label_of(x->dtype), "Type")
                                                  : str("torch.", label_of(x->dtype), "Tensor");
    fail("stft(", type, x->sizes(), ", ", sizes_text(window), ", normalized=", int(normalized),
         ", onesided=", text(onesided), ", return_complex=", text(return_complex),
         ", align_to_window=", text(align), ") : ", what...);
  }
  void check_sizes(const Tensor& x, const Tensor& window, int64_t length) const {
    expect(n_fft > 0 && n_fft <= length, x, window, "expected 0 < n_fft < ", length,
           ", but got n_fft=", window_size);
    expect(hop > 0, x, window, "expected hop_length > 0, but got hop_length=", hop);
    expect(window_size > 0 && window_size <= n_fft, x, window,
           "expected 0 < win_length <= n_fft, but got win_length=", window_size);
    if (window)
      expect(fits(window), x, window, "expected a 1D window tensor of size equal to win_length=", window_size,
             ", but got window with size ", window->sizes());
  }
  // The window in the middle of n_fft places; null where it is 1 everywhere.
  Tensor whole_window(const Tensor& x, const Tensor& window) const {
    if (window_size == n_fft) return window;
    return constant_pad(window ? window : full(Dims{window_size}, 1, x->dtype, x->device),
                        Dims{left(), right()});
  }
};

Tensor centered(const Tensor& x, int64_t n_fft, std::string_view mode) {
  Dims sizes(x->sizes());
  while (sizes.size() < 3) sizes.insert(0, 1);
  const Tensor y = pad(view(x, sizes), Dims{n_fft / 2, n_fft / 2}, mode);
  return view(y, y->sizes().last(size_t(x->ndim)));
}

void check_return_complex(bool complex, MaybeBool asked) {
  if (complex) return;
  check(asked.has_value(),
        "stft requires the return_complex parameter be given for real inputs, and will further require that "
        "return_complex=True in a future PyTorch release.");
  if (host.warn)
    host.warn(
        "stft with return_complex=False is deprecated. In a future pytorch release, stft will return complex tensors "
        "for all inputs, and return_complex=False will raise an error.\nNote: you can still call torch.view_as_real on "
        "the complex output to recover the old return format.");
}

Tensor stft(const Tensor& self, int64_t n_fft, MaybeInt hop_length, MaybeInt win_length, const Tensor& window,
            bool center, std::string_view pad_mode, bool normalized, MaybeBool onesided,
            MaybeBool return_complex, MaybeBool align) {
  check(!(center && align), "stft align_to_window should only be set when center = false");
  const Stft job{{n_fft, hop_length, win_length}, normalized, onesided, return_complex, align};
  Tensor x = center ? centered(self, n_fft, pad_mode) : self;
  if (!window && host.warn)
    host.warn(
        "A window was not provided. A rectangular window will be applied,which is known to cause spectral leakage. "
        "Other windows such as torch.hann_window or torch.hamming_window are recommended to reduce spectral leakage."
        "To suppress this warning and use a rectangular window, explicitly set `window=torch.ones(n_fft, "
        "device=<device>)`.");
  const bool complex = is_complex(x->dtype) || (window && is_complex(window->dtype));
  check_return_complex(return_complex.value_or(complex), return_complex);
  job.expect(is_differentiable(x->dtype), x, window, "expected a tensor of floating point or complex values");
  job.expect(x->ndim == 1 || x->ndim == 2, x, window, "expected a 1D or 2D tensor");
  job.check_sizes(x, window, x->size(x->ndim - 1));
  if (x->ndim == 1) x = unsqueeze(x, 0);
  if (align.value_or(false)) x = constant_pad(x, Dims{job.left(), job.right()});
  x = unfold(x, 1, n_fft, job.hop);  // [batch, frames, n_fft]
  if (const Tensor w = job.whole_window(x, window)) x = mul(x, w);
  const FftNorm norm = normalized ? FftNorm::Root : FftNorm::None;
  check(!complex || !onesided.value_or(false), "Cannot have onesided output if window or input is complex");
  if (!complex)
    check(x->dtype == Dtype::F32 || x->dtype == Dtype::F64, "Unsupported dtype ", label_of(x->dtype));
  Tensor y = complex ? fft_c2c(x, Dims{2}, norm, true) : fft_r2c(x, Dims{2}, norm, onesided.value_or(true));
  y = transpose(y, 1, 2);
  if (self->ndim == 1) y = squeeze(y, 0);
  return return_complex.value_or(complex) ? y : view_as_real(y);
}

// --- back ---

struct Istft : Frames {
  bool center, normalized;
  MaybeBool onesided;
  MaybeInt length;
  bool return_complex;
  template <class... A> void expect(bool ok, const Tensor& x, const Tensor& window, const A&... what) const {
    if (ok) return;
    fail("istft(CPU", label_of(x->dtype), "Type", x->sizes(), ", ", sizes_text(window),
         ", center=", int(center), ", normalized=", int(normalized), ", onesided=", text(onesided),
         ", length=", text(length), ", return_complex=", int(return_complex), ") ", what...);
  }
  bool half(int64_t places) const { return onesided.value_or(places != n_fft); }
  void check_sizes(const Tensor& x, const Tensor& window) const {
    check_as(x->ndim > 1, ErrorKind::Index, "Dimension out of range (expected to be in range of [",
             -x->ndim - 1, ", ", int(x->ndim), "], but got -3)");
    const int64_t places = x->size(x->ndim - 2);
    expect(x->numel > 0, x, window, ": input tensor cannot be empty.");
    expect(x->ndim == 2 || x->ndim == 3, x, window, ": expected a tensor with 3 or 4 dimensions, but got ",
           x->ndim + 1);
    expect(
        !half(places) || places == n_fft / 2 + 1, x, window,
        ": expected the frequency dimension (3rd to the last) of the input tensor to match n_fft / 2 + 1 when "
        "onesided=True, but got ",
        places);
    expect(half(places) || places == n_fft, x, window,
           ": expected the frequency dimension (3rd to the last) of the input tensor to match n_fft when "
           "onesided=False, but got ",
           places);
    expect(hop > 0 && hop <= window_size, x, window, ": expected 0 < hop_length <= win_length");
    expect(window_size > 0 && window_size <= n_fft, x, window, ": expected 0 < win_length <= n_fft");
    expect(!window || fits(window), x, window,
           ": Invalid window shape. window has to be 1D and length of `win_length`");
  }
  // Frames [batch, frames, n_fft] of the signal.
  Tensor frames(const Tensor& spectrum, const Tensor& window) const {
    const Tensor x = transpose(spectrum->ndim == 2 ? unsqueeze(spectrum, 0) : spectrum, 1, 2);
    const FftNorm norm = normalized ? FftNorm::Root : FftNorm::All;
    const bool halved = half(x->size(2));
    if (return_complex) {
      check(!halved, "Cannot have onesided output if window or input is complex");
      return fft_c2c(x, Dims{2}, norm, false);
    }
    check(!window || !is_complex(window->dtype),
          "Complex windows are incompatible with return_complex=False");
    return fft_c2r(halved ? x : narrow(x, 2, 0, n_fft / 2 + 1), Dims{2}, norm, n_fft);
  }
};

Tensor istft(const Tensor& self, int64_t n_fft, MaybeInt hop_length, MaybeInt win_length,
             const Tensor& window_, bool center, bool normalized, MaybeBool onesided, MaybeInt length,
             bool return_complex) {
  const Istft job{{n_fft, hop_length, win_length}, center, normalized, onesided, length, return_complex};
  if (!window_ && host.warn)
    host.warn(
        "A window was not provided. A rectangular window will be applied.Please provide the same window used by stft to "
        "make the inversion lossless.To suppress this warning and use a rectangular window, explicitly set "
        "`window=torch.ones(n_fft, device=<device>)`.");
  check(
      is_complex(self->dtype),
      "istft requires a complex-valued input tensor matching the output from stft with return_complex=True.");
  job.check_sizes(self, window_);
  Tensor window = window_ ? window_ : full(Dims{job.window_size}, 1, real_of(self->dtype), self->device);
  if (job.window_size != n_fft) window = constant_pad(window, Dims{job.left(), job.right()});

  const Tensor frames = job.frames(self, window_);
  const int64_t batch = frames->size(0), count = frames->size(1), whole = n_fft + job.hop * (count - 1);
  Tensor y = overlap_add(mul(frames, view(window, Dims{1, 1, n_fft})), Dims{batch, whole}, 1, n_fft, job.hop);
  Tensor weight =
      overlap_add(expand(square(window), Dims{1, count, n_fft}), Dims{1, whole}, 1, n_fft, job.hop);
  const int64_t start = center ? n_fft / 2 : 0, end = length   ? start + *length
                                                      : center ? whole - n_fft / 2
                                                               : whole;
  y = slice(y, 1, start, end), weight = slice(weight, 1, start, end);
  if (has_values(self)) {
    NoGrad no_grad;
    const bool hole = item(adjoint::ops::any(lt(abs(weight), 1e-11))).to_bool();
    job.expect(!hole, self, window_, "window overlap add min: 1\n[ CPUBoolType{} ]");
  }
  y = div(y, weight);
  if (self->ndim == 2) y = squeeze(y, 0);
  if (end > whole) {
    if (host.warn)
      host.warn(
          "The length of signal is shorter than the length parameter. Result is being padded with zeros in the tail. "
          "Please check your center and hop_length settings.");
    y = constant_pad(y, Dims{0, end - whole});
  }
  return y;
}

[[maybe_unused]] const auto defs = {
    def<stft>(
        "stft(Tensor self, int n_fft, int? hop_length=None, int? win_length=None, Tensor? window=None, bool "
        "center=True, str pad_mode='reflect', bool normalized=False, bool? onesided=None, bool? "
        "return_complex=None, bool? align_to_window=None) -> Tensor",
        kBoth,
        "y[k, t] = Σ window[j] x[t hop_length + j] exp(-2πi jk / n_fft): the transforms of frames, hop_length "
        "(default: n_fft / 4) apart; centered, frames begin n_fft / 2 earlier, in a border made by pad_mode."),
    def<istft>(
        "istft(Tensor self, int n_fft, int? hop_length=None, int? win_length=None, Tensor? window=None, bool "
        "center=True, bool normalized=False, bool? onesided=None, int? length=None, bool return_complex=False) "
        "-> Tensor",
        kBoth,
        "The signal whose stft comes nearest: frames times their window, added, over the sum of the windows' "
        "squares."),
};

}  // namespace

}  // namespace adjoint::ops
