// Images sampled at the points of a grid, and grids of affine maps.
#include "autograd/door.h"
#include "device/nn/resample.h"
#include "ops/nn/grid_taps.h"
#include "ops/ops.h"
#include "ops/raw.h"
#include "ops/registry.h"

namespace adjoint {
namespace {

using Pair = std::array<Tensor, 2>;

Dtype computed_in(Dtype d) { return is_reduced(d) ? Dtype::F32 : d; }
Tensor prepared(const Tensor& x) { return raw::contiguous(raw::cast(x, computed_in(x->dtype))); }

struct GridSample {
  static constexpr const char* name = "grid_sampler";
  const char* node;
  GridPlan plan;
  SavedTensor x_ = {}, grid_ = {};
  Tensor forward(const Tensor& x, const Tensor& grid) {
    Dims sizes(x->sizes());
    for (int i = 0; i < plan.spatial; ++i) sizes[2 + i] = grid->size(1 + i);
    Tensor y = empty(sizes, computed_in(x->dtype), x->device);
    backend(y).resample->grid_sample(*prepared(x), *prepared(grid), plan, *y);
    return raw::cast(y, x->dtype);
  }
  static constexpr const char* rule =
      "ginput = g·weights added at the taps; ggrid = Σ g·input·slopes of the weights";
  void vjp(Backward& b) {
    Tensor x = x_.get(b.node), grid = grid_.get(b.node);
    if (grad_enabled()) {  // of operations, so that it has derivatives itself
      const Dtype wide = computed_in(x->dtype);
      Pair p = grid_backward(ops::to(b.grad(), wide), ops::to(x, wide), ops::to(grid, wide), plan, b.needs(0),
                             b.needs(1));
      for (int i = 0; i < 2; ++i)
        if (b.needs(i)) b.gx[i] = ops::to(p[size_t(i)], x->dtype);
      return;
    }
    const Dtype wide = computed_in(x->dtype);
    Tensor gx, ggrid;
    if (b.needs(0)) gx = empty(x->sizes(), wide, x->device);
    if (b.needs(1)) ggrid = empty(grid->sizes(), wide, x->device);
    backend(x).resample->grid_sample_backward(*prepared(b.grad()), *prepared(x), *prepared(grid), plan,
                                              gx.get(), ggrid.get());
    if (gx) b.gx[0] = raw::cast(gx, x->dtype);
    if (ggrid) b.gx[1] = raw::cast(ggrid, grid->dtype);
  }
  void fields(auto& f) {
    f("input", x_, input(0));
    f("grid", grid_, input(1));
  }
};

void check_shapes(const Tensor& x, const Tensor& grid) {
  check(x->device == grid->device, "grid_sampler(): expected input and grid to be on same device");
  check(x->ndim >= 1 && grid->ndim >= 1 && x->size(0) == grid->size(0),
        "grid_sampler(): expected grid and input to have same batch size, but got input with sizes ",
        x->sizes(), " and grid with sizes ", grid->sizes());
  check(grid->size(grid->ndim - 1) == x->ndim - 2, "grid_sampler(): expected grid to have size ",
        int(x->ndim) - 2, " in last dimension, but got grid with sizes ", grid->sizes());
  for (int d = 2; d < x->ndim; ++d)
    check(x->size(d) > 0,
          "grid_sampler(): expected input to have non-empty spatial dimensions, but input has sizes ",
          x->sizes(), " with dimension ", d, " being empty");
}

Tensor grid_sampler(const Tensor& x, const Tensor& grid, int64_t mode, int64_t padding, bool align_corners) {
  check_shapes(x, grid);
  check(
      (x->ndim == 4 || x->ndim == 5) && x->ndim == grid->ndim,
      "grid_sampler(): expected 4D or 5D input and grid with same number of dimensions, but got input with sizes ",
      x->sizes(), " and grid with sizes ", grid->sizes());
  check(mode >= 0 && mode <= 2, "grid_sampler(): interpolation_mode is 0, 1 or 2, but got ", mode);
  check(padding >= 0 && padding <= 2, "grid_sampler(): padding_mode is 0, 1 or 2, but got ", padding);
  const int spatial = x->ndim - 2;
  check(spatial == 2 || mode != 2, "grid_sampler(): bicubic interpolation only supports 4D input");
  if (!is_floating(x->dtype))
    fail_dtype(spatial == 2 ? "grid_sampler_2d_cpu_kernel_impl" : "grid_sampler3d_cpu", x->dtype);
  check(x->dtype == grid->dtype, "expected scalar type ", label_of(x->dtype), " but found ",
        label_of(grid->dtype));
  GridPlan p{GridPlan::Mode(mode),
             GridPlan::Padding(padding),
             align_corners,
             spatial,
             x->size(0),
             x->size(1),
             1,
             {1, 1, 1}};
  for (int i = 0; i < spatial; ++i) {
    p.size[3 - spatial + i] = x->size(2 + i);
    p.points *= grid->size(1 + i);
  }
  return apply(GridSample{spatial == 2 ? "GridSampler2DBackward0" : "GridSampler3DBackward0", p}, x, grid);
}
template <int N> Tensor grid_sampler_of(const Tensor& x, const Tensor& grid, int64_t mode, int64_t padding,
                                        bool align_corners) {
  check(x->ndim == N + 2, "grid_sampler_", N, "d(): expected ", N + 2, "D input, but got input with sizes ",
        x->sizes());
  return grid_sampler(x, grid, mode, padding, align_corners);
}

// Points from −1 to 1 over n elements: their centres, or from the first centre to the last.
Tensor centres(int64_t n, bool align_corners, const Tensor& like) {
  const Dtype wide = computed_in(like->dtype);
  if (align_corners && n == 1) return zeros(Dims{1}, wide, like->device);
  const double step = align_corners ? 2.0 / double(n - 1) : 2.0 / double(n),
               first = align_corners ? -1 : step / 2 - 1;
  Tensor k = ops::arange(0, n, 1, wide, like->device);
  return ops::add(ops::mul(k, step), first);
}

// y[n, ..., i] = Σ_j theta[n, i, j] · (x, y, z, 1)[j]
Tensor affine_grid_generator(const Tensor& theta, Ints size, bool align_corners) {
  check(size.size() == 4 || size.size() == 5,
        "AffineGridGenerator needs 4d (spatial) or 5d (volumetric) inputs.");
  if (!is_floating(theta->dtype)) fail_dtype("affine_grid_generator", theta->dtype);
  const int spatial = int(size.size()) - 2;
  check(theta->ndim == 3 && theta->size(1) == spatial && theta->size(2) == spatial + 1,
        "Expected a batch of ", spatial, "D affine matrices of shape Nx", spatial, "x", spatial + 1,
        " for size ", size, ". Got ", theta->sizes(), ".");
  check(theta->size(0) == size[0], "Expected size for first two dimensions of batch2 tensor to be: [",
        size[0], ", ", spatial + 1, "] but got: [", theta->size(0), ", ", spatial + 1, "].");
  const Ints image = size.subspan(2);
  std::vector<Tensor> axes;
  {
    NoGrad off;
    Dims whole(image);
    for (int i = spatial - 1; i >= 0; --i) {  // width first
      Dims lone(int64_t(spatial), 1);
      lone[i] = image[size_t(i)];
      axes.push_back(ops::expand(ops::view(centres(image[size_t(i)], align_corners, theta), lone), whole));
    }
    axes.push_back(full(whole, 1, computed_in(theta->dtype), theta->device));
  }
  Tensor base = ops::reshape(ops::stack(axes, spatial), Dims{1, numel_of(image), spatial + 1});
  Tensor points = ops::matmul(base, ops::transpose(ops::to(theta, base->dtype), 1, 2));
  Dims to{size[0]};
  for (int64_t n : image) to.push_back(n);
  to.push_back(spatial);
  return ops::to(ops::view(points, to), theta->dtype);
}

const auto defs = {
    def<grid_sampler>(
        "grid_sampler(Tensor input, Tensor grid, int interpolation_mode, int padding_mode, "
        "bool align_corners) -> Tensor",
        kFunction,
        "input at the points of grid, each a weighted sum of the elements around it: bilinear (0), the "
        "nearest (1), bicubic (2); outside there are zeros (0), the border (1) or a reflection (2)."),
    def<grid_sampler_of<2>>(
        "grid_sampler_2d(Tensor input, Tensor grid, int interpolation_mode, int padding_mode, "
        "bool align_corners) -> Tensor",
        kFunction, "grid_sampler of images (N, C, H, W)."),
    def<grid_sampler_of<3>>(
        "grid_sampler_3d(Tensor input, Tensor grid, int interpolation_mode, int padding_mode, "
        "bool align_corners) -> Tensor",
        kFunction, "grid_sampler of volumes (N, C, D, H, W)."),
    def<affine_grid_generator>(
        "affine_grid_generator(Tensor theta, int[] size, bool align_corners) -> Tensor", kFunction,
        "The points where affine maps take those of a regular grid over an image: "
        "y[n, ..., i] = Σ_j theta[n, i, j] · (x, y, z, 1)[j]."),
};

}  // namespace
}  // namespace adjoint
