// einsum: parses the equation, lines the operands' dimensions up, and contracts pair by pair with bmm.
//
// Labels are numbered 0-51 (a-z after A-Z, as PyTorch orders an implicit output); an ellipsis takes numbers
// of its own.
#include "ops/linalg/products.h"

namespace adjoint {
namespace {

constexpr int kEllipsis = 52;
int label_of_char(char c) {
  return c >= 'A' && c <= 'Z' ? c - 'A' : c >= 'a' && c <= 'z' ? c - 'a' + 26 : -1;
}
std::string label_name(int l) { return std::string(1, l < 26 ? char('A' + l) : char('a' + l - 26)); }

struct Equation {
  std::vector<std::vector<int>> inputs;
  std::vector<int> output;
  bool has_output = false;
};

void parse_ellipsis(std::string_view eq, size_t& i, const std::string& whose, std::vector<int>& labels) {
  bool twice = std::find(labels.begin(), labels.end(), kEllipsis) != labels.end();
  check(!twice, "einsum(): found '.' for ", whose, " for which an ellipsis was already found");
  check(i + 2 < eq.size() && eq[i + 1] == '.' && eq[i + 2] == '.', "einsum(): found '.' for ", whose,
        " that is not part of any ellipsis");
  i += 2;
  labels.push_back(kEllipsis);
}

int parse_label(std::string_view eq, size_t i) {
  int l = label_of_char(eq[i]);
  check(l >= 0, "einsum(): invalid subscript given at index ", i,
        " in the equation string, subscripts must be in [a-zA-Z]");
  return l;
}

Equation parse(std::string_view eq, size_t operands) {
  Equation e;
  size_t arrow = eq.find("->"), end = arrow == eq.npos ? eq.size() : arrow;
  e.inputs.emplace_back();
  for (size_t i = 0; i < end; ++i) {
    if (eq[i] == ' ') continue;
    if (eq[i] == '.')
      parse_ellipsis(eq, i, str("operand ", e.inputs.size() - 1), e.inputs.back());
    else if (eq[i] == ',') {
      e.inputs.emplace_back();
      check(e.inputs.size() <= operands,
            "einsum(): fewer operands were provided than specified in the equation");
    } else
      e.inputs.back().push_back(parse_label(eq, i));
  }
  check(e.inputs.size() >= operands, "einsum(): more operands were provided than specified in the equation");
  if (arrow == eq.npos) return e;
  e.has_output = true;
  for (size_t i = arrow + 2; i < eq.size(); ++i) {
    if (eq[i] == ' ') continue;
    if (eq[i] == '.')
      parse_ellipsis(eq, i, "the output", e.output);
    else
      e.output.push_back(parse_label(eq, i));
  }
  return e;
}

// Where each label stands among the dimensions of the lined-up operands: output first, then what is summed.
struct Plan {
  int count[53] = {}, position[53];
  int64_t ellipsis = 0, out_dims = 0, dims = 0;
  bool lone = false;  // a single operand: what the output leaves out is summed, even dimensions of size one
  Plan() { std::fill_n(position, 53, -1); }
};

void measure(const Equation& e, std::span<const Tensor> xs, Plan& p) {
  for (size_t k = 0; k < xs.size(); ++k) {
    int64_t named = 0, nd = xs[k]->ndim;
    bool dots = false;
    for (int l : e.inputs[k]) {
      ++p.count[l];
      if (l == kEllipsis)
        dots = true;
      else
        ++named;
    }
    if (dots) {
      check(named <= nd, "einsum(): the number of subscripts in the equation (", named,
            ") is more than the number of dimensions (", nd, ") for operand ", k);
      p.ellipsis = std::max(p.ellipsis, nd - named);
    } else {
      check(named == nd, "einsum(): the number of subscripts in the equation (", named,
            ") does not match the number of dimensions (", nd, ") for operand ", k,
            " and no ellipsis was given");
    }
  }
}

void place_output(const Equation& e, Plan& p) {
  auto put = [&](int l) {
    p.position[l] = int(p.dims);
    p.dims += l == kEllipsis ? p.ellipsis : 1;
  };
  if (!e.has_output) {  // the ellipsis, then the labels that occur once, in order
    put(kEllipsis);
    for (int l = 0; l < kEllipsis; ++l)
      if (p.count[l] == 1) put(l);
  } else {
    for (int l : e.output) {
      if (l == kEllipsis) {
        put(l);
        continue;
      }
      check(p.position[l] < 0, "einsum(): output subscript ", label_name(l),
            " appears more than once in the output");
      check(p.count[l] > 0, "einsum(): output subscript ", label_name(l),
            " does not appear in the equation for any input operand");
      put(l);
    }
  }
  p.out_dims = p.dims;
  if (p.position[kEllipsis] < 0) put(kEllipsis);  // summed when the output leaves it out
  for (int l = 0; l < kEllipsis; ++l)
    if (p.count[l] > 0 && p.position[l] < 0) put(l);
}

// One operand with all dimensions of the plan, in order; repeated labels become diagonals, absent ones
// size 1.
Tensor line_up(Tensor x, const std::vector<int>& labels, const Plan& p, size_t k) {
  std::vector<int64_t> order(size_t(p.dims), -1);  // plan position → dimension of x
  int seen[53];
  std::fill_n(seen, 53, -1);
  int64_t named = int64_t(labels.size()), dim = 0;
  for (const int& l : labels) {
    if (l == kEllipsis) {
      int64_t have = x->ndim - (dim + (named - 1 - (&l - labels.data())));
      for (int64_t i = 0; i < have; ++i) order[size_t(p.position[l] + (p.ellipsis - have) + i)] = dim++;
      continue;
    }
    if (seen[l] >= 0) {
      int64_t first = seen[l];
      check(x->size(int(first)) == x->size(int(dim)), "einsum(): subscript ", label_name(l),
            " is repeated for operand ", k, " but the sizes don't match, ", x->size(int(dim)),
            " != ", x->size(int(first)));
      x = ops::movedim(ops::diagonal(x, 0, first, dim), Dims{-1}, Dims{first});  // `dim` is gone
      continue;
    }
    seen[l] = int(dim);
    order[size_t(p.position[l])] = dim++;
  }
  Dims perm;
  int64_t extra = x->ndim;
  for (int64_t& o : order)
    if (o < 0) {
      x = ops::unsqueeze(x, -1);
      o = extra++;
    }
  for (int64_t o : order) perm.push_back(o);
  return ops::permute(x, perm);
}

void check_sizes(std::span<const Tensor> xs, const Equation& e, const Plan& p) {
  for (int64_t d = 0; d < p.dims; ++d) {
    int64_t size = 1;
    for (size_t k = 0; k < xs.size(); ++k) {
      int64_t s = xs[k]->size(int(d));
      if (s == 1 || s == size) continue;
      if (size == 1) {
        size = s;
        continue;
      }
      std::string name = "...";
      for (int l : e.inputs[k])
        if (l != kEllipsis && p.position[l] == d) name = label_name(l);
      fail("einsum(): subscript ", name, " has size ", s, " for operand ", k,
           " which does not broadcast with previously seen size ", size);
    }
  }
}

bool contains(Ints v, int64_t x) { return std::find(v.begin(), v.end(), x) != v.end(); }

// Σ over `summed` of l · r, by one bmm: dimensions in both and kept are the batch, in one only the rows or
// columns.
Tensor contract(Tensor l, Tensor r, Ints summed) {
  if (summed.empty()) return ops::mul(l, r);
  Dims batch, left, right, sum, sizes;
  int64_t nb = 1, nl = 1, nr = 1, ns = 1;
  Dims sum_l, sum_r;
  for (int64_t d = 0; d < l->ndim; ++d) {
    int64_t a = l->size(int(d)), b = r->size(int(d));
    if (contains(summed, d)) {
      if (a != 1 && b != 1)
        sum.push_back(d), ns *= a;
      else if (a != 1)
        sum_l.push_back(d);
      else if (b != 1)
        sum_r.push_back(d);
      else
        sum.push_back(d);
    } else if (a != 1 && b != 1)
      batch.push_back(d), nb *= a;
    else if (a != 1)
      left.push_back(d), nl *= a;
    else
      right.push_back(d), nr *= b;
  }
  // Sums of small integers are int64, and the product then is, too.
  if (!sum_l.empty()) l = ops::sum(l, sum_l, true);
  if (!sum_r.empty()) r = ops::sum(r, sum_r, true);
  if (sum.empty()) return ops::mul(l, r);
  for (const Dims* s : {&sum_l, &sum_r})
    for (int64_t d : *s) sum.push_back(d);
  Dims pl, pr, back(l->ndim), out;
  for (const Dims* s : {&batch, &left, &sum, &right})
    for (int64_t d : *s) pl.push_back(d);
  for (const Dims* s : {&batch, &sum, &right, &left})
    for (int64_t d : *s) pr.push_back(d);
  int64_t at = 0;
  for (const Dims* s : {&batch, &left, &sum, &right})
    for (int64_t d : *s) {
      back[d] = at++;
      out.push_back(s == &sum ? 1 : s == &right ? r->size(int(d)) : l->size(int(d)));
    }
  Tensor a = ops::reshape(ops::permute(l, pl), Dims{nb, nl, ns}),
         b = ops::reshape(ops::permute(r, pr), Dims{nb, ns, nr});
  return ops::permute(ops::reshape(ops::bmm(a, b), out), back);
}

// The size of what a contraction of two operands costs, for the order of contractions.
double cost_of(const Tensor& a, const Tensor& b) {
  double c = 1;
  for (int i = 0; i < a->ndim; ++i) c *= double(std::max(a->size(i), b->size(i)));
  return c;
}

Tensor contract_all(std::vector<Tensor> xs, const Plan& p) {
  auto summed_by = [&](size_t i, size_t j) {  // dimensions that only these two operands still have
    Dims s;
    for (int64_t d = p.out_dims; d < p.dims; ++d) {
      bool others = false;
      for (size_t k = 0; k < xs.size(); ++k) others |= k != i && k != j && xs[k]->size(int(d)) != 1;
      bool mine = xs[i]->size(int(d)) != 1 || xs[j]->size(int(d)) != 1;
      if (!others && mine) s.push_back(d);
    }
    return s;
  };
  while (xs.size() > 1) {
    size_t bi = 0, bj = 1;
    if (xs.size() > 2) {  // greedy: the cheapest pair first
      double best = -1;
      for (size_t i = 0; i < xs.size(); ++i)
        for (size_t j = i + 1; j < xs.size(); ++j) {
          double c = cost_of(xs[i], xs[j]) - double(xs[i]->numel) - double(xs[j]->numel);
          if (best < 0 || c < best) best = std::max(c, 0.0), bi = i, bj = j;
        }
    }
    Dims s = summed_by(bi, bj);
    Tensor y = contract(xs[bi], xs[bj], s);
    xs.erase(xs.begin() + long(bj));
    xs[bi] = std::move(y);
  }
  Tensor y = xs[0];
  if (p.dims == p.out_dims) return y;
  Dims rest;
  bool ones = true;
  for (int64_t d = p.out_dims; d < p.dims; ++d) {
    rest.push_back(d);
    ones &= y->size(int(d)) == 1;
  }
  if (!ones || p.lone) return ops::sum(y, rest);
  return ops::reshape(y, y->sizes().first(size_t(p.out_dims)));
}

Tensor tensordot_checked(const Tensor& x, const Tensor& y, Ints da, Ints db) {
  Tensor a = x, b = y;
  check(da.size() == db.size(), "both dimension lists should have same length");
  Dims ia, ib;
  for (size_t i = 0; i < da.size(); ++i) {
    ia.push_back(wrap_dim(da[i], a->ndim));
    ib.push_back(wrap_dim(db[i], b->ndim));
  }
  Dims fold_a, fold_b;
  for (int64_t i = 0; i < ia.size(); ++i) {
    int64_t m = a->size(int(ia[i])), n = b->size(int(ib[i]));
    if (n == 1 && m != 1)
      fold_a.push_back(ia[i]);
    else if (m == 1 && n != 1)
      fold_b.push_back(ib[i]);
    else
      check(m == n, "contracted dimensions need to match, but first has size ", m, " in dim ", da[size_t(i)],
            " and second has size ", n, " in dim ", db[size_t(i)]);
  }
  if (!fold_a.empty()) a = ops::to(ops::sum(a, fold_a, true), x->dtype);
  if (!fold_b.empty()) b = ops::to(ops::sum(b, fold_b, true), y->dtype);
  Dims pa, pb(ib), out;
  int64_t k = 1, rows = 1, cols = 1;
  for (int64_t d = 0; d < a->ndim; ++d)
    if (!ia.contains(d)) pa.push_back(d), out.push_back(a->size(int(d))), rows *= a->size(int(d));
  for (int64_t d : ia) pa.push_back(d), k *= a->size(int(d));
  for (int64_t d = 0; d < b->ndim; ++d)
    if (!ib.contains(d)) pb.push_back(d), out.push_back(b->size(int(d))), cols *= b->size(int(d));
  Tensor l = ops::reshape(ops::permute(a, pa), Dims{rows, k}),
         r = ops::reshape(ops::permute(b, pb), Dims{k, cols});
  return ops::reshape(ops::mm(l, r), out);
}

}  // namespace

namespace ops {

Tensor einsum(std::string_view equation, Tensors xs) {
  check(!xs.empty(), "einsum(): must provide at least one operand");
  Equation e = parse(equation, xs.size());
  Plan p;
  measure(e, xs, p);
  place_output(e, p);
  p.lone = xs.size() == 1;
  std::vector<Tensor> lined;
  for (size_t k = 0; k < xs.size(); ++k) lined.push_back(line_up(xs[k], e.inputs[k], p, k));
  check_sizes(lined, e, p);
  return contract_all(std::move(lined), p);
}

Tensor tensordot(const Tensor& a, const Tensor& b, Ints dims_a, Ints dims_b) {
  return tensordot_checked(a, b, dims_a, dims_b);
}

}  // namespace ops

static const auto defs = {
    def<[](std::string_view equation, std::span<const Tensor> xs, std::optional<Ints>) {
      return ops::einsum(equation, xs);
    }>("einsum(str equation, Tensor[] tensors, *, int[]? path=None) -> Tensor", kHidden,
       "Sums of products of elements, by Einstein's convention."),
    def<tensordot_checked>(
        "_tensordot(Tensor self, Tensor other, int[] dims_self, int[] dims_other) -> Tensor", kHidden | kOut,
        "A sum of products over the given dimensions of both tensors."),
};

}  // namespace adjoint
