// The random operations: rand, randn, randint, randperm, normal, bernoulli, multinomial, the in-place
// samplers, and their *_like forms. Samples do not depend on the old values: their vjps are zero.
#include <cmath>
#include <limits>
#include <optional>
#include "autograd/door.h"
#include "device/backend.h"
#include "device/generator.h"
#include "device/host_values.h"
#include "ops/creation/options.h"
#include "ops/ops.h"
#include "ops/raw.h"

namespace adjoint::ops {

namespace {

using MaybeDtype = std::optional<Dtype>;
using MaybeDevice = std::optional<Device>;
using MaybeFormat = std::optional<MemoryFormat>;

struct Sampled {
  const char* node;
  static constexpr const char* name = "sample";
  static constexpr const char* rule = "gx = 0";
  void vjp(Backward& b) {
    if (b.needs(0)) b.gx[0] = zeros_like(b.grad());
  }
};

// Writes x in place, complex numbers as pairs of real ones.
Tensor sample_into(const Tensor& x, const char* name, const char* node, Generator* g, const Draw& what) {
  return apply_inplace(Sampled{node}, x, name, [&] {
    if (x->numel == 0) return;
    Tensor v = is_complex(x->dtype) ? view_as_real(detach(x)) : x;
    backend(v).draw(what, *v, generator_or_default(g));
  });
}

// --- in place ---

Tensor uniform_(const Tensor& x, double from, double to, Generator* g) {
  check(from <= to, "uniform_ expects to return a [from, to) range, but found from=", from, " > to=", to);
  if (is_floating(x->dtype)) {
    double most = x->dtype == Dtype::F64   ? std::numeric_limits<double>::max()
                  : x->dtype == Dtype::F16 ? 65504.0
                                           : double(std::numeric_limits<float>::max());
    const char* type = x->dtype == Dtype::F64 ? "double" : x->dtype == Dtype::F16 ? "Half" : "float";
    check(std::abs(from) <= most, "from is out of bounds for ", type);
    check(std::abs(to) <= most, "to is out of bounds for ", type);
    check(to - from <= most, "uniform_ expects to-from <= std::numeric_limits<", label_of(x->dtype),
          ">::max(), but found to=", to, " and from=", from, " which result in to-from to exceed the limit");
  }
  return sample_into(x, "uniform_", "UniformBackward0", g, {Draw::Uniform, from, to});
}
Tensor normal_(const Tensor& x, double mean, double std, Generator* g) {
  check(std >= 0, "normal expects std >= 0.0, but found std ", std);
  double scale = is_complex(x->dtype) ? std / std::sqrt(2.0) : std;
  return sample_into(x, "normal_", "NormalBackward0", g, {Draw::Normal, mean, scale});
}
Tensor exponential_(const Tensor& x, double lambda, Generator* g) {
  check(lambda > 0, "exponential_ expects lambda > 0.0, but found lambda=", lambda);
  return sample_into(x, "exponential_", "ExponentialBackward0", g, {Draw::Exponential, lambda});
}
Tensor bernoulli_p_(const Tensor& x, double p, Generator* g) {
  check(p >= 0 && p <= 1, "bernoulli_ expects p to be in [0, 1], but got p=", p);
  if (is_complex(x->dtype)) fail_dtype("bernoulli_scalar_cpu_", x->dtype);
  return sample_into(x, "bernoulli_", "BernoulliBackward2", g, {Draw::Bernoulli, p});
}

void refuse_complex(const char* name, const Tensor& x) {
  if (is_complex(x->dtype)) fail_dtype(name, x->dtype);
}
void need_float(const char* kernel, const Tensor& x) {
  if (!is_floating(x->dtype)) fail_dtype(kernel, x->dtype);
}
Tensor geometric_(const Tensor& x, double p, Generator* g) {
  check(p > 0 && p < 1, "geometric_ expects p to be in (0, 1), but got p=", p);
  refuse_complex("geometric_", x);
  return sample_into(x, "geometric_", "GeometricBackward0", g, {Draw::Geometric, p});
}
Tensor cauchy_(const Tensor& x, double median, double sigma, Generator* g) {
  check(sigma > 0, "cauchy_ expects sigma > 0.0, but found sigma=", sigma);
  check(is_floating(x->dtype),
        "Cauchy distribution is a continuous probability distribution. dtype must be a floating "
        "point but you specified ",
        label_of(x->dtype));
  return sample_into(x, "cauchy_", "CauchyBackward0", g, {Draw::Cauchy, median, sigma});
}
Tensor log_normal_(const Tensor& x, double mean, double std, Generator* g) {
  check(std > 0, "log_normal_ expects std > 0.0, but found std=", std);
  need_float("log_normal_cpu", x);
  return sample_into(x, "log_normal_", "LogNormalBackward0", g, {Draw::LogNormal, mean, std});
}

// --- integers ---

const char* type_text(Dtype d) {
  switch (d) {
    case Dtype::Bool: return "bool";
    case Dtype::U8: return "unsigned char";
    case Dtype::I8: return "signed char";
    case Dtype::I16: return "short";
    case Dtype::I32: return "int";
    case Dtype::I64: return "long";
    case Dtype::F16: return "c10::Half";
    case Dtype::BF16: return "c10::BFloat16";
    case Dtype::F32: return "float";
    default: return "double";
  }
}
std::pair<double, double> bounds_of(Dtype d) {
  switch (d) {
    case Dtype::Bool: return {0, 1};
    case Dtype::U8: return {0, 255};
    case Dtype::I8: return {-128, 127};
    case Dtype::I16: return {-32768, 32767};
    case Dtype::I32: return {-2147483648.0, 2147483647.0};
    case Dtype::F16: return {-65504, 65504};
    default: return {-1e300, 1e300};
  }
}
int64_t largest_exact(Dtype d) {  // of the integers that the type holds without gaps
  switch (d) {
    case Dtype::Bool: return 1;
    case Dtype::U8: return 255;
    case Dtype::I8: return 127;
    case Dtype::I16: return 32767;
    case Dtype::I32: return 2147483647;
    case Dtype::F16: return 1 << 11;
    case Dtype::BF16: return 1 << 8;
    case Dtype::F32: return 1 << 24;
    case Dtype::F64: return int64_t(1) << 53;
    default: return INT64_MAX;
  }
}

Tensor random_from_to_(const Tensor& x, int64_t from, std::optional<int64_t> to, Generator* g) {
  if (is_complex(x->dtype)) fail_dtype("random_from_to", x->dtype);
  auto bounds = bounds_of(x->dtype);
  int64_t last = to ? *to - 1 : largest_exact(x->dtype);
  check(!to || from < *to, "random_ expects 'from' to be less than 'to', but got from=", from,
        " >= to=", to.value_or(0));
  check(double(from) >= bounds.first && double(from) <= bounds.second, "from is out of bounds for ",
        type_text(x->dtype));
  check(double(last) <= bounds.second && double(last) >= bounds.first, "to - 1 is out of bounds for ",
        type_text(x->dtype));
  uint64_t range = uint64_t(last) - uint64_t(from) + 1;
  return sample_into(x, "random_", "RandomBackward0", g,
                     {.kind = Draw::Integers, .range = range, .base = from});
}
Tensor random_to_(const Tensor& x, int64_t to, Generator* g) { return random_from_to_(x, 0, to, g); }
Tensor random_(const Tensor& x, Generator* g) {
  if (is_complex(x->dtype)) fail_dtype("random", x->dtype);
  return sample_into(x, "random_", "RandomBackward2", g, {Draw::AnyInteger});
}

// --- fresh tensors ---

Tensor fresh(Ints size, MaybeDtype dtype, MaybeDevice device, const Dest& dest, Dtype fallback) {
  return adjoint::empty(size, wanted_dtype(dtype, dest, fallback), device.value_or(Device::Cpu));
}
Tensor rand(Ints size, Generator* g, MaybeDtype dtype, MaybeDevice device, Dest dest) {
  return finish_creation(uniform_(fresh(size, dtype, device, dest, default_dtype()), 0, 1, g), dest, "rand");
}
Tensor randn(Ints size, Generator* g, MaybeDtype dtype, MaybeDevice device, Dest dest) {
  return finish_creation(normal_(fresh(size, dtype, device, dest, default_dtype()), 0, 1, g), dest, "randn");
}
Tensor randint(int64_t low, int64_t high, Ints size, Generator* g, MaybeDtype dtype, MaybeDevice device,
               Dest dest) {
  return finish_creation(random_from_to_(fresh(size, dtype, device, dest, Dtype::I64), low, high, g), dest,
                         "randint");
}
Tensor randint_high(int64_t high, Ints size, Generator* g, MaybeDtype dtype, MaybeDevice device, Dest dest) {
  return randint(0, high, size, g, dtype, device, dest);
}

Tensor like(const Tensor& x, MaybeDtype dtype, MaybeDevice device, MaybeFormat format) {
  return empty_format(x, dtype.value_or(x->dtype), device.value_or(x->device),
                      format.value_or(MemoryFormat::Preserve));
}
Tensor rand_like(const Tensor& x, Generator* g, MaybeDtype dtype, MaybeDevice device, MaybeFormat format) {
  return uniform_(like(x, dtype, device, format), 0, 1, g);
}
Tensor randn_like(const Tensor& x, Generator* g, MaybeDtype dtype, MaybeDevice device, MaybeFormat format) {
  return normal_(like(x, dtype, device, format), 0, 1, g);
}
Tensor randint_like(const Tensor& x, int64_t low, int64_t high, MaybeDtype dtype, MaybeDevice device,
                    MaybeFormat format) {
  return random_from_to_(like(x, dtype, device, format), low, high, nullptr);
}
Tensor randint_like_high(const Tensor& x, int64_t high, MaybeDtype dtype, MaybeDevice device,
                         MaybeFormat format) {
  return randint_like(x, 0, high, dtype, device, format);
}

// Fisher and Yates, forward.
Tensor randperm(int64_t n, Generator* gen, MaybeDtype dtype, MaybeDevice device, Dest dest) {
  check(n >= 0, "Trying to create tensor with negative dimension ", n, ": [", n, "]");
  Dtype d = wanted_dtype(dtype, dest, Dtype::I64);
  if (is_complex(d) || d == Dtype::Bool) fail_dtype("randperm", d);
  check(n <= largest_exact(d) || d == Dtype::U8, "value cannot be converted to type ",
        d == Dtype::I8    ? "int8_t"
        : d == Dtype::I16 ? "int16_t"
                          : type_text(d),
        " without overflow");
  const Device on = device.value_or(Device::Cpu);
  if (on == Device::Meta) return adjoint::empty(Dims{n}, d, on);  // nothing is drawn
  HostTensor<int64_t> order(Dims{n});
  int64_t* p = order.data();
  for (int64_t i = 0; i < n; ++i) p[i] = i;
  Generator& g = generator_or_default(gen);
  for (int64_t i = 0; i < n - 1; ++i) std::swap(p[i], p[i + int64_t(g.random() % uint64_t(n - i))]);
  return finish_creation(raw::cast(order.on(on), d), dest, "randperm");
}

// --- normal(mean, std) ---

void check_std(const Tensor& std) {
  check(!is_complex(std->dtype), "normal expects standard deviation to be non-complex");
  if (std->numel && has_values(std))
    check(!item(any(lt(detach(std), 0))).to_bool(), "normal expects all elements of std >= 0.0");
}

struct NormalOf {  // samples around tensors: no gradient reaches them
  static constexpr const char *name = "normal", *rule = "gx = 0 for mean and std";
  Generator* generator;
  Dims shapes[2] = {};  // of the tensors
  void note(const Tensor& x) { shapes[0] = x->sizes(); }
  void note(const Tensor& mean, const Tensor& std) {
    shapes[0] = mean->sizes();
    shapes[1] = std->sizes();
  }
  void vjp(Backward& b) {
    for (int i = 0; i < int(b.node.inputs); ++i)
      if (b.needs(i)) b.gx[i] = adjoint::zeros(shapes[i], b.grad()->dtype, b.grad()->device);
  }
};
struct NormalMean : NormalOf {
  static constexpr const char* node = "NormalBackward1";
  double std;
  Tensor forward(const Tensor& mean) {
    NoGrad off;
    Dtype d = is_differentiable(mean->dtype) ? mean->dtype : default_dtype();
    return add(normal_(empty_like_strides(mean, d), 0, std, generator), mean);
  }
};
struct NormalStd : NormalOf {
  static constexpr const char* node = "NormalBackward2";
  double mean;
  Tensor forward(const Tensor& std) {
    NoGrad off;
    return add(mul(normal_(empty_like_strides(std, std->dtype), 0, 1, generator), std), mean);
  }
};
struct NormalBoth : NormalOf {
  static constexpr const char* node = "NormalBackward3";
  Tensor forward(const Tensor& mean, const Tensor& std) {
    NoGrad off;
    Dims shape = broadcast_shapes(mean->sizes(), std->sizes());
    return add(mul(normal_(adjoint::empty(shape, mean->dtype, mean->device), 0, 1, generator), std), mean);
  }
};

Tensor normal_number(double mean, double std, Ints size, Generator* g, MaybeDtype dtype, MaybeDevice device,
                     Dest dest) {
  return finish_creation(normal_(fresh(size, dtype, device, dest, default_dtype()), mean, std, g), dest,
                         "normal");
}
Tensor normal_mean(const Tensor& mean, double std, Generator* g) {
  check(std >= 0, "normal expects std >= 0.0, but found std ", std);
  return apply(NormalMean{{g}, std}, mean);
}
Tensor normal_std(double mean, const Tensor& std, Generator* g) {
  check_std(std);
  return apply(NormalStd{{g}, mean}, std);
}
Tensor normal_both(const Tensor& mean, const Tensor& std, Generator* g) {
  check_std(std);
  return apply(NormalBoth{{g}}, mean, std);
}

}  // namespace

Tensor uniform_(const Tensor& x, double from, double to) { return uniform_(x, from, to, nullptr); }
Tensor normal_(const Tensor& x, double mean, double std) { return normal_(x, mean, std, nullptr); }
Tensor bernoulli_(const Tensor& x, double p, Generator* g) { return bernoulli_p_(x, p, g); }

#define OPTIONS "*, Generator? generator=None, dtype? dtype=None, device? device=None) -> Tensor"
#define LIKE                                                                              \
  "*, Generator? generator=None, dtype? dtype=None, device? device=None, memory_format? " \
  "memory_format=None) -> Tensor"
#define LIKE_INT "*, dtype? dtype=None, device? device=None, memory_format? memory_format=None) -> Tensor"
#define GEN "*, Generator? generator=None) -> Tensor"

[[maybe_unused]] static const auto defs = {
    def<[] { return default_generator().get_state(); }>("get_rng_state() -> Tensor", kFunction,
                                                        "The state of the default generator as bytes."),
    def<[](const Tensor& s) { default_generator().set_state(s); }>(
        "set_rng_state(Tensor new_state) -> ()", kFunction, "Restores a state of the default generator."),
    def<rand>("rand(int[] size, " OPTIONS, kFunction | kOut, "Uniform numbers in [0, 1)."),
    def<randn>("randn(int[] size, " OPTIONS, kFunction | kOut, "Standard normal numbers."),
    def<randint>("randint(int low, int high, int[] size, " OPTIONS, kFunction | kOut,
                 "Integers in [low, high)."),
    def<randint_high>("randint(int high, int[] size, " OPTIONS, kFunction | kOut, "Integers in [0, high)."),
    def<randperm>("randperm(int n, " OPTIONS, kFunction | kOut, "A random order of 0 ... n - 1."),
    def<rand_like>("rand_like(Tensor self, " LIKE, kFunction, "Uniform numbers shaped like self."),
    def<randn_like>("randn_like(Tensor self, " LIKE, kFunction, "Standard normal numbers shaped like self."),
    def<randint_like>("randint_like(Tensor self, int low, int high, " LIKE_INT, kFunction,
                      "Integers in [low, high)."),
    def<randint_like_high>("randint_like(Tensor self, int high, " LIKE_INT, kFunction,
                           "Integers in [0, high)."),
    def<normal_both>("normal(Tensor mean, Tensor std, " GEN, kFunction | kOut, "Normal numbers."),
    def<normal_mean>("normal(Tensor mean, float std=1, " GEN, kFunction | kOut,
                     "Normal numbers with the given mean and standard deviation."),
    def<normal_std>("normal(float mean, Tensor std, " GEN, kFunction | kOut,
                    "Normal numbers with the given mean and standard deviation."),
    def<normal_number>("normal(float mean, float std, int[] size, " OPTIONS, kFunction | kOut,
                       "Normal numbers with the given mean and standard deviation."),
    def<[](const Tensor& x, double from, double to, Generator* g) { return uniform_(x, from, to, g); }>(
        "uniform_(Tensor self, float from=0, float to=1, " GEN, kMethod,
        "Fills with uniform numbers in [from, to)."),
    def<[](const Tensor& x, double mean, double std, Generator* g) { return normal_(x, mean, std, g); }>(
        "normal_(Tensor self, float mean=0, float std=1, " GEN, kMethod, "Fills with normal numbers."),
    def<exponential_>("exponential_(Tensor self, float lambd=1, " GEN, kMethod,
                      "Fills with exponential numbers."),
    def<geometric_>("geometric_(Tensor self, float p, " GEN, kMethod, "Fills with geometric numbers."),
    def<cauchy_>("cauchy_(Tensor self, float median=0, float sigma=1, " GEN, kMethod,
                 "Fills with Cauchy numbers."),
    def<log_normal_>("log_normal_(Tensor self, float mean=1, float std=2, " GEN, kMethod,
                     "Fills with log-normal numbers."),
    def<random_from_to_>("random_(Tensor self, int from, int? to, " GEN, kMethod,
                         "Fills with integers in [from, to)."),
    def<random_to_>("random_(Tensor self, int to, " GEN, kMethod, "Fills with random integers."),
    def<random_>("random_(Tensor self, " GEN, kMethod, "Fills with random integers."),
};

}  // namespace adjoint::ops
