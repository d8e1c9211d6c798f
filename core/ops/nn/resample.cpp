// Resampling of images: nearest neighbours, linear, cubic, with or without antialiasing. Each axis by itself, all of them
// linear in the image; the transpose is the gradient. nn/_resample.py chooses by interpolate's arguments.
#include "autograd/door.h"
#include "device/nn/resample.h"
#include "ops/layout.h"
#include "ops/nn/pool.h"
#include "ops/registry.h"

namespace adjoint {
namespace {

struct Mode {
  std::string_view name;  // interpolate's; antialias: "bilinear_aa"
  int spatial;
  Resampling how;
  const char *node, *kernel;  // PyTorch's node; what it says of types that it does not take
  bool bytes;
};
constexpr const char *kNear = "compute_indices_weights_nearest", *kWide = "compute_index_ranges_weights";
constexpr Mode kModes[] = {
    {"nearest", 1, Resampling::Nearest, "UpsampleNearest1DBackward0", kNear, true},
    {"nearest", 2, Resampling::Nearest, "UpsampleNearest2DBackward0", kNear, true},
    {"nearest", 3, Resampling::Nearest, "UpsampleNearest3DBackward0", kNear, true},
    {"nearest-exact", 1, Resampling::NearestExact, "UpsampleNearestExact1DBackward0", kNear, true},
    {"nearest-exact", 2, Resampling::NearestExact, "UpsampleNearestExact2DBackward0", kNear, true},
    {"nearest-exact", 3, Resampling::NearestExact, "UpsampleNearestExact3DBackward0", kNear, true},
    {"linear", 1, Resampling::Linear, "UpsampleLinear1DBackward0", "compute_indices_weights_linear", false},
    {"bilinear", 2, Resampling::Linear, "UpsampleBilinear2DBackward0", "compute_indices_weights_linear",
     true},
    {"trilinear", 3, Resampling::Linear, "UpsampleTrilinear3DBackward0", "compute_indices_weights_linear",
     false},
    {"bicubic", 2, Resampling::Cubic, "UpsampleBicubic2DBackward0", "compute_indices_weights_cubic", true},
    {"bilinear_aa", 2, Resampling::LinearAntialias, "UpsampleBilinear2DAaBackward0", kWide, true},
    {"bicubic_aa", 2, Resampling::CubicAntialias, "UpsampleBicubic2DAaBackward0", kWide, true},
    {"lanczos_aa", 2, Resampling::LanczosAntialias, "UpsampleLanczos2DAaBackward0", kWide, true},
};

// Of the images of `from` to those of `to`; transposed: back.
struct Resample {
  static constexpr const char* name = "interpolate";
  const char* node;
  ResamplePlan plan;
  Dims from, to;
  bool last;
  Tensor forward(const Tensor& x) {
    Tensor in = pool::laid(x, last),
           y = pool::empty_laid(plan.transposed ? from : to, x->dtype, x->device, last);
    backend(y).resample->resample(*in, plan, *y);
    return y;
  }
  const char* rule() const {
    return plan.transposed ? "gx = g resampled" : "gx = g with the transposed weights of each axis";
  }
  void vjp(Backward& b) {
    ResamplePlan back = plan;
    back.transposed = !plan.transposed;
    b.gx[0] = apply(Resample{"UpsampleBackwardBackward0", back, from, to, last}, b.grad());
  }
};

constexpr const char* kSides[3] = {"D: ", "H: ", "W: "};
std::string listed(Ints sizes, int spatial) {
  std::string s;
  for (int i = 0; i < spatial; ++i)
    s += str(i ? ", " : "", kSides[3 - spatial + i], sizes[sizes.size() - size_t(spatial - i)]);
  return s;
}

void check_sizes(const Tensor& x, const Dims& to, int spatial) {
  bool positive = true;
  for (int i = 0; i < spatial; ++i) positive &= x->size(2 + i) > 0 && to[2 + i] > 0;
  check(positive, "Input and output sizes should be greater than 0, but got input (",
        listed(x->sizes(), spatial), spatial == 1 ? ") and output (" : ") output (", listed(to, spatial),
        ")");
  check(x->size(1) > 0, "Non-empty ", spatial + 2, "D data tensor expected but got a tensor with sizes ",
        x->sizes());
}

// `scales`: how many results there are for an element of each axis; nothing where the sizes alone tell.
Tensor interpolate(const Tensor& x, Ints size, std::string_view mode, bool align_corners,
                   std::optional<double> depth, std::optional<double> height, std::optional<double> width) {
  const int spatial = x->ndim - 2;
  const Mode* m = nullptr;
  for (const Mode& each : kModes)
    if (each.name == mode && each.spatial == spatial) m = &each;
  check(m && size.size() == size_t(spatial), "interpolate: no mode ", mode, " for ", int(x->ndim),
        " dimensions");
  Dims to(x->sizes());
  for (int i = 0; i < spatial; ++i) to[2 + i] = size[size_t(i)];
  check_sizes(x, to, spatial);
  if (!is_floating(x->dtype) && !(m->bytes && x->dtype == Dtype::U8)) fail_dtype(m->kernel, x->dtype);
  ResamplePlan plan{m->how, align_corners, false, x->size(0), x->size(1), {}};
  const std::optional<double> scales[3] = {depth, height, width};
  for (int i = 0; i < spatial; ++i)
    plan.axis[3 - spatial + i] = {x->size(2 + i), to[2 + i], scales[3 - spatial + i].value_or(0)};
  const bool last = suggested_format(*x) != MemoryFormat::Contiguous && x->size(1) > 1;
  if (!last) plan.planes *= std::exchange(plan.channels, 1);
  return apply(Resample{m->node, plan, x->sizes(), to, last}, x);
}

const auto defs = {
    def<interpolate>(
        "interpolate(Tensor self, int[] output_size, str mode, bool align_corners, float? scales_d=None, "
        "float? scales_h=None, float? scales_w=None) -> Tensor",
        kHidden,
        "Images resampled to `output_size`, each axis by itself: nearest neighbours, linear, cubic "
        "(Keys 1981); _aa: with kernels widened as the image shrinks."),
};

}  // namespace
}  // namespace adjoint
