// unfold and fold: the blocks that a kernel slides over, as columns; and back, summed where they overlap.
#include "autograd/door.h"
#include "device/backend.h"
#include "ops/nn/conv.h"
#include "ops/raw.h"
#include "tensor/checked.h"

namespace adjoint {
namespace {

struct Blocks {
  Dims kernel, dilation, padding, stride;  // two numbers each
  void fields(auto& f) const {
    f("kernel_size", kernel), f("dilation", dilation), f("padding", padding), f("stride", stride);
  }
};

void check_blocks(const Blocks& b) {
  auto two = [](const Dims& v, const char* name, int64_t least, const char* what) {
    check(v.size() == 2, "It is expected ", name, " equals to 2, but got size ", v.size());
    check(v[0] >= least && v[1] >= least, name, " should be ", what, ", but got ", name, "_height: ", v[0],
          " ", name, "_width: ", v[1]);
  };
  two(b.kernel, "kernel_size", 1, "greater than zero");
  two(b.dilation, "dilation", 1, "greater than zero");
  two(b.padding, "padding", 0, "non-negative");
  two(b.stride, "stride", 1, "greater than zero");
}

int64_t blocks_along(const Blocks& b, int d, int64_t size) {
  const int64_t padded = checked_add(size, checked_mul(2, b.padding[d])),
                kernel = checked_add(checked_mul(b.dilation[d], b.kernel[d] - 1), 1);
  return padded < kernel ? 0 : (padded - kernel) / b.stride[d] + 1;
}

Tensor framed(const Blocks& b, int64_t batch, int64_t channels, Ints size, const Tensor& like) {
  const int64_t h = size[0] + 2 * b.padding[0], w = size[1] + 2 * b.padding[1];
  return zeros(Dims{batch, channels, h, w}, like->dtype, like->device);
}
Tensor inside(const Blocks& b, const Tensor& frame, Ints size) {
  const int64_t offset = b.padding[0] * frame->stride(2) + b.padding[1];
  return alias(frame, Dims{frame->size(0), frame->size(1), size[0], size[1]}, frame->strides(),
               frame->byte_offset + offset * int64_t(frame->itemsize()));
}
// The blocks of a frame, [batch, channels, kernel, kernel, blocks, blocks]: a view.
Tensor blocks_of(const Blocks& b, const Tensor& x, int64_t rows, int64_t cols) {
  const int64_t h = x->stride(2), w = x->stride(3);
  return alias(x, Dims{x->size(0), x->size(1), b.kernel[0], b.kernel[1], rows, cols},
               Dims{x->stride(0), x->stride(1), h * b.dilation[0], w * b.dilation[1], h * b.stride[0],
                    w * b.stride[1]},
               x->byte_offset);
}
Dims columns_of(const Blocks& b, int64_t batch, int64_t channels, int64_t blocks) {
  return {batch, checked_mul(channels, checked_mul(b.kernel[0], b.kernel[1])), blocks};
}

Tensor im2col(const Tensor& x, const Blocks& b);
Tensor col2im(const Tensor& x, Ints size, const Blocks& b);

struct Im2Col {
  static constexpr const char *name = "im2col", *node = "Im2ColBackward0";
  Blocks b;
  Dims sizes = {};
  Tensor forward(const Tensor& x) {  // [N, C, H, W]
    const Ints size = x->sizes().subspan(2);
    const int64_t rows = blocks_along(b, 0, size[0]), cols = blocks_along(b, 1, size[1]);
    Tensor y = empty(columns_of(b, x->size(0), x->size(1), rows * cols), x->dtype, x->device), frame = x;
    if (y->numel == 0) return y;
    if (b.padding[0] || b.padding[1]) {
      frame = framed(b, x->size(0), x->size(1), size, x);
      raw::copy(inside(b, frame, size), x);
    }
    const Tensor blocks = blocks_of(b, frame, rows, cols);
    raw::copy(alias_contiguous(y, blocks->sizes()), blocks);
    return y;
  }
  static constexpr const char* rule = "gself = fold(g)";
  void vjp(Backward& v) { v.gx[0] = col2im(v.grad(), Ints(sizes).subspan(2), b); }
  void fields(auto& f) { b.fields(f), f("self_sym_sizes", sizes, input(0)); }
};

struct Col2Im {
  static constexpr const char *name = "col2im", *node = "Col2ImBackward0";
  Dims output_size;
  Blocks b;
  Tensor forward(const Tensor& x) {  // [N, C · kernel, blocks]
    const int64_t rows = blocks_along(b, 0, output_size[0]), cols = blocks_along(b, 1, output_size[1]),
                  channels = x->size(1) / (b.kernel[0] * b.kernel[1]);
    if (x->numel == 0)
      return zeros(Dims{x->size(0), channels, output_size[0], output_size[1]}, x->dtype, x->device);
    const Tensor wide = is_reduced(x->dtype) ? raw::cast(x, Dtype::F32) : x;
    const Tensor frame = framed(b, x->size(0), channels, output_size, wide),
                 blocks = blocks_of(b, frame, rows, cols);
    backend(x).add_overlapping(*blocks, *alias_contiguous(raw::contiguous(wide), blocks->sizes()));
    return raw::contiguous(raw::cast(inside(b, frame, output_size), x->dtype));
  }
  static constexpr const char* rule = "gself = unfold(g)";
  void vjp(Backward& v) { v.gx[0] = im2col(v.grad(), b); }
  void fields(auto& f) { b.fields(f); }
};

Tensor im2col(const Tensor& x, const Blocks& b) { return apply(Im2Col{b}, x); }
Tensor col2im(const Tensor& x, Ints size, const Blocks& b) { return apply(Col2Im{size, b}, x); }

Dims two(Ints given) { return given.size() == 1 ? Dims{given[0], given[0]} : Dims(given); }

Tensor unfold(const Tensor& x, Ints kernel, Ints dilation, Ints padding, Ints stride) {
  const Blocks b{two(kernel), two(dilation), two(padding), two(stride)};
  check_blocks(b);
  check(
      (x->ndim == 3 || x->ndim == 4) &&
          std::ranges::all_of(x->sizes().last(3), [](int64_t n) { return n > 0; }),
      "Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for input, but "
      "got: ",
      x->sizes());
  const Ints size = x->sizes().last(2);
  const int64_t rows = blocks_along(b, 0, size[0]), cols = blocks_along(b, 1, size[1]);
  check(rows > 0 && cols > 0, "Given input with spatial size (", size[0], ", ", size[1], "), kernel_size=(",
        b.kernel[0], ", ", b.kernel[1], "), dilation=(", b.dilation[0], ", ", b.dilation[1], "), padding=(",
        b.padding[0], ", ", b.padding[1], "), stride=(", b.stride[0], ", ", b.stride[1],
        "), calculated shape of the array of sliding blocks as (", rows, ", ", cols,
        "), but its components must be at least one.");
  return x->ndim == 4 ? im2col(x, b) : ops::squeeze(im2col(ops::unsqueeze(x, 0), b), 0);
}

void check_columns(const Tensor& x, const Dims& size, const Blocks& b) {
  check(
      (x->ndim == 2 || x->ndim == 3) && x->size(x->ndim - 2) > 0 && x->size(x->ndim - 1) > 0,
      "Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and non-zero dimensions for input, "
      "but got: ",
      x->sizes());
  const int64_t area = checked_mul(b.kernel[0], b.kernel[1]), columns = x->size(x->ndim - 2);
  check(columns % area == 0,
        "Expected size of input's dimension 1 to be divisible by the product of kernel_size, but "
        "got input.size(1)=",
        columns, " and kernel_size=(", b.kernel[0], ", ", b.kernel[1], ").");
  const int64_t rows = blocks_along(b, 0, size[0]), cols = blocks_along(b, 1, size[1]),
                given = x->size(x->ndim - 1);
  check(given == checked_mul(rows, cols), "Given output_size=(", size[0], ", ", size[1], "), kernel_size=(",
        b.kernel[0], ", ", b.kernel[1], "), dilation=(", b.dilation[0], ", ", b.dilation[1], "), padding=(",
        b.padding[0], ", ", b.padding[1], "), stride=(", b.stride[0], ", ", b.stride[1],
        "), expected size of input's dimension 2 to match the calculated number of sliding blocks ", rows,
        " * ", cols, " = ", rows * cols, ", but got input.size(2)=", given, ".");
}

Tensor fold(const Tensor& x, Ints output_size, Ints kernel, Ints dilation, Ints padding, Ints stride) {
  const Blocks b{two(kernel), two(dilation), two(padding), two(stride)};
  const Dims size = two(output_size);
  check(size.size() == 2, "It is expected output_size equals to 2, but got size ", size.size());
  check_blocks(b);
  check(size[0] >= 1 && size[1] >= 1,
        "output_size should be greater than zero, but got output_height: ", size[0],
        " output_width: ", size[1]);
  check_columns(x, size, b);
  return x->ndim == 3 ? col2im(x, size, b) : ops::squeeze(col2im(ops::unsqueeze(x, 0), size, b), 0);
}

}  // namespace

static const auto defs = {
    def<unfold>(
        "unfold(Tensor input, int[1] kernel_size, int[1] dilation=1, int[1] padding=0, int[1] stride=1) -> "
        "Tensor",
        kNN,
        "The blocks that a kernel slides over, as columns: [N, C, H, W] to [N, C · kernel places, blocks]."),
    def<fold>(
        "fold(Tensor input, int[1] output_size, int[1] kernel_size, int[1] dilation=1, int[1] padding=0, int[1] "
        "stride=1) -> Tensor",
        kNN,
        "Columns of unfold put back: each element of the result is the sum of all that came from its place."),
};

}  // namespace adjoint
