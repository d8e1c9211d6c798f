// cross_entropy of a linear map's results, some rows at a time: the logits of all rows are never in memory together,
// neither forward nor backward, where they are made anew.
#include "autograd/door.h"
#include "ops/nn/classes.h"

namespace adjoint {
namespace {

struct LinearCrossEntropy {
  static constexpr const char *name = "linear_cross_entropy", *node = "LinearCrossEntropyBackward0";
  SavedTensor target, weight;
  Reduce reduction;
  int64_t ignore_index;
  double label_smoothing;
  int64_t rows;  // at a time
  SavedTensor x_ = {}, matrix_ = {}, bias_ = {};

  // f(first row, how many).
  template <class F> void each_chunk(int64_t all, F f) const {
    for (int64_t i = 0; i < all; i += rows) f(i, std::min(rows, all - i));
  }
  Tensor counted(const Tensor& t) const { return ops::ne(t, double(ignore_index)); }
  // Classes to index with: 0 for those that do not count.
  Tensor places(const Tensor& t) const { return ops::mul(t, counted(t)); }
  // The weight of each row's class, 0 where it does not count.
  Tensor row_weights(const Tensor& t, const Tensor& class_weight, Dtype type) const {
    const Tensor counts = ops::to(counted(t), type);
    return class_weight ? ops::mul(counts, ops::index_select(class_weight, 0, places(t))) : counts;
  }

  Tensor forward(const Tensor& x, const Tensor& matrix, const Tensor& bias) {
    NoGrad off;
    const Tensor &t = target.raw(), &class_weight = weight.raw();
    std::vector<Tensor> parts;
    each_chunk(x->size(0), [&](int64_t first, int64_t n) {
      const Tensor logits = ops::linear(ops::narrow(x, 0, first, n), matrix, bias);
      parts.push_back(cross_entropy(logits, ops::narrow(t, 0, first, n), class_weight, Reduce::None,
                                    ignore_index, label_smoothing));
    });
    const Tensor losses = parts.empty() ? empty(Dims{0}, x->dtype, x->device) : ops::cat(parts, 0);
    if (reduction == Reduce::None) return losses;
    const Tensor sum = ops::sum(losses);
    return reduction == Reduce::Sum ? sum : ops::div(sum, ops::sum(row_weights(t, class_weight, x->dtype)));
  }

  // g · (softmax · Σq - q) of some rows, q = weight · ((1 - s) · onehot + s / C).
  Tensor logit_rule(const Tensor& logits, const Tensor& t, const Tensor& g,
                    const Tensor& class_weight) const {
    const double each = label_smoothing / double(logits->size(1));
    const Tensor at = ops::unsqueeze(places(t), 1);
    Tensor own = ops::mul(g, 1 - label_smoothing), all = own;
    if (class_weight)
      all = own = ops::mul(own, ops::unsqueeze(ops::index_select(class_weight, 0, places(t)), 1));
    Tensor spread;  // what smoothing takes from every class
    if (label_smoothing > 0) {
      spread = ops::mul(g, each);
      if (class_weight) spread = ops::mul(spread, class_weight);
      const double classes = double(logits->size(1));
      all = ops::add(own, class_weight ? ops::mul(ops::mul(g, each), ops::sum(class_weight))
                                       : ops::mul(g, each * classes));
    }
    Tensor d = ops::mul(ops::softmax(logits, 1), all);
    if (spread) d = ops::sub(d, spread);
    return ops::scatter_add(d, 1, at, ops::neg(own));
  }
  // The cotangents of the rows' losses, a column.
  Tensor row_cotangents(const Tensor& g, const Tensor& t, const Tensor& class_weight) const {
    Tensor each =
        reduction == Reduce::Mean ? ops::div(g, ops::sum(row_weights(t, class_weight, g->dtype))) : g;
    each = ops::expand(each, t->sizes());
    return ops::unsqueeze(ops::masked_fill(each, ops::logical_not(counted(t)), 0), 1);
  }
  static constexpr const char* rule =
      "ginput = d·W; gW = dᵀ·input; gbias = sum(d), d = g·(softmax(input·Wᵀ + bias)·sum(q) − q)";
  void vjp(Backward& b) {
    const Tensor x = x_.get(b.node), matrix = matrix_.get(b.node), bias = bias_.get(b.node);
    const Tensor t = target.get(b.node), class_weight = weight.get(b.node);
    const Tensor g = row_cotangents(b.grad(), t, class_weight);
    std::vector<Tensor> gx;
    Tensor gmatrix, gbias;
    const int64_t dim = 0;
    each_chunk(x->size(0), [&](int64_t first, int64_t n) {
      const Tensor xs = ops::narrow(x, 0, first, n);
      const Tensor d = logit_rule(ops::linear(xs, matrix, bias), ops::narrow(t, 0, first, n),
                                  ops::narrow(g, 0, first, n), class_weight);
      if (b.needs(0)) gx.push_back(ops::mm(d, matrix));
      if (b.needs(1)) gmatrix = gmatrix ? ops::addmm(gmatrix, ops::t(d), xs) : ops::mm(ops::t(d), xs);
      if (!b.needs(2)) return;
      const Tensor sum = ops::sum(d, Ints(&dim, 1));
      gbias = gbias ? ops::add(gbias, sum) : sum;
    });
    if (b.needs(0)) b.gx[0] = gx.empty() ? ops::zeros_like(x) : ops::cat(gx, 0);
    if (b.needs(1)) b.gx[1] = gmatrix ? gmatrix : ops::zeros_like(matrix);
    if (b.needs(2)) b.gx[2] = gbias ? gbias : ops::zeros_like(bias);
  }
  void fields(auto& f) {
    f("ignore_index", ignore_index);
    f("input", x_, input(0));
    f("label_smoothing", label_smoothing);
    f("linear_bias", bias_, input(2));
    f("linear_weight", matrix_, input(1));
    f("reduction", int64_t(reduction));
    f("target", target);
    f("weight", weight);
  }
};

// input [rows, features], target [rows]; shapes are checked by nn.functional's.
Tensor linear_cross_entropy(const Tensor& x, const Tensor& matrix, const Tensor& target, const Tensor& bias,
                            const Tensor& weight, std::string_view reduction, int64_t ignored,
                            double smoothing, int64_t rows) {
  const Reduce how = reduction_of(reduction);
  check(x->ndim == 2 && matrix->ndim == 2 && target->ndim == 1,
        "linear_cross_entropy: expected matrices and a vector of "
        "classes, got ",
        *x, ", ", *matrix, " and ", *target);
  check(x->size(0) == target->size(0), "Expected input batch_size (", x->size(0),
        ") to match target batch_size (", target->size(0), ").");
  check(rows > 0, "linear_cross_entropy: expected a positive number of rows, got ", rows);
  check(smoothing >= 0 && smoothing <= 1, "label_smoothing must be between 0.0 and 1.0. Got: ", smoothing);
  return apply(LinearCrossEntropy{target, weight, how, ignored, smoothing, rows}, x, matrix, bias);
}

[[maybe_unused]] const auto definitions = {
    def<linear_cross_entropy>(
        "_linear_cross_entropy(Tensor input, Tensor linear_weight, Tensor target, Tensor? "
        "linear_bias, Tensor? weight, str reduction, int ignore_index, float label_smoothing, int "
        "rows) -> Tensor",
        kHidden, "cross_entropy of a linear map, `rows` rows at a time."),
};

}  // namespace
}  // namespace adjoint
