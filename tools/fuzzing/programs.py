"""Random differentiable programs: a dozen lines of tensors, views, in-place changes, reductions and indexing.

A program is the text of a function f(torch, a, b, c). It runs with any module that speaks PyTorch's language. Each line is
tried as it is drawn, so that the shapes are known; a line that raises is dropped.
"""

import copy
import random

import adjoint

SHAPES = [(3,), (2, 3), (3, 3), (2, 1, 3), (4,), (3, 2), (1, 3), ()]
# x, y: any two values; s: a value with one dimension at least; m, n: matrices. {d} a dimension, {k} a small number.
POINTWISE = [
    "x.sin()", "x.cos()", "x.tanh()", "x.sigmoid()", "x.tanh().exp()", "(x * x + 0.5).log()", "(x * x + 0.3).sqrt()", "x.erf()", "x.atan()", "x.asinh()",
    "x.tanh().expm1()", "torch.nn.functional.gelu(x)", "torch.nn.functional.silu(x)", "torch.nn.functional.softplus(x)", "x.abs()", "x.relu()",
    "x.clamp(-0.7, 0.9)", "torch.nn.functional.elu(x)", "x.square()", "x.sinc()", "(x * x + 1).lgamma()", "(x * x + 1).digamma()", "(x * x + 0.4).rsqrt()",
    "(x.tanh() * 0.9).asin()", "(x.tanh() * 0.8).atanh()", "x.tanh().sinh()", "(x * x + 1).reciprocal()", "torch.nn.functional.mish(x)", "x.sign() * x",
    "torch.nn.functional.logsigmoid(x)", "torch.special.i0e(x)", "torch.special.ndtr(x * 1)", "torch.special.log_ndtr(x)", "torch.special.erfcx(x.tanh())",
    "torch.nan_to_num(x)", "x.tanh().erfinv()", "(x.sigmoid() * 0.9 + 0.05).logit()", "x.frac()", "x ** 3", "2.0 ** x.tanh()", "x % 2.0", "x.neg()",
    "x + y", "x * y", "x - y * {f}", "x / (y * y + 0.5)", "torch.maximum(x, y)", "torch.where(x > y, x, y * {f})", "torch.atan2(x, y * y + 0.5)",
    "torch.hypot(x, y)", "(x * x + 0.5) ** y.tanh()", "torch.logaddexp(x, y)", "torch.addcmul(x, y, y, value={f})", "torch.addcdiv(x, y, x * x + 1)",
    "torch.lerp(x, y, {f})", "torch.lerp(x, y, x.sigmoid())", "torch.fmin(x, y)", "torch.xlogy(x, y * y + 0.5)", "torch.copysign(x, y)", "x.masked_fill(y > 0, {f})",
    "torch.complex(x, y).abs()", "torch.complex(x, y).exp().imag.tanh()", "torch.polar(x * x + 0.5, y * 1).real", "torch.dist(x, y, {k})",
]  # fmt: skip
VIEWS = [
    "s.unsqueeze({d})", "s.transpose({d}, -1)", "s.reshape(-1)", "s[{k}:]", "s[..., ::2]", "s[0]", "s.flip({d})", "s.expand(2, *s.shape)", "s.narrow({d}, 0, 1)",
    "s.select({d}, 0)", "s.squeeze()", "s.permute(*reversed(range(s.dim())))", "s.unfold({d}, 1, 1)", "m.diagonal()", "m.t()", "s.roll(1, {d})", "s.repeat(*[2] * s.dim())",
    "s.chunk(2, {d})[0]", "s.movedim({d}, 0)", "s.contiguous().as_strided((2,), (1,))", "s.contiguous()", "s.clone()", "s.view_as(s)", "m.tril()", "m.triu(1)", "s.split(1, {d})[-1]",
    "s.unbind({d})[0]", "s.flatten()", "m.rot90()", "s.tile(2)", "s.detach() * x",
]  # fmt: skip
REDUCTIONS = [
    "s.sum({d})", "s.sum({d}, keepdim=True)", "s.mean({d})", "s.prod({d})", "s.prod()", "s.logsumexp({d})", "s.amax({d})", "s.max({d}).values", "s.min()", "s.var(unbiased=False)",
    "torch.cat([s, 2 * s + 1]).std(0)", "(s + 2).norm()", "s.norm({k} + 1, {d})", "s.cumsum({d})", "s.cumprod({d})", "s.softmax({d})", "s.log_softmax({d})", "s.sort({d}).values",
    "s.topk(1, {d}).values", "s.median()", "s.logcumsumexp({d})", "s.cummax({d}).values", "s.kthvalue(1, {d}).values", "s.nansum({d})", "s.diff(dim={d})", "s.trapezoid(dim={d})",
    "m.trace()", "s.var_mean({d}, unbiased=False)[1]", "s.quantile(0.4)", "s.renorm(2, 0, 1.5)", "torch.linalg.vector_norm(s + 1, 3)", "torch.cdist(m, m + 1.5)", "m.cov(correction=0)",
]  # fmt: skip
INDEXING = [
    "s[torch.tensor([0, 0, -1])]", "s[s > 0.1]", "s.index_select({d}, torch.tensor([0, 0]))", "s.take(torch.tensor([0, 0]))", "s.masked_select(s < 0.5)", "s[None, ..., 0]",
    "s.gather({d}, torch.zeros_like(s, dtype=torch.int64))", "s.scatter_add({d}, torch.zeros_like(s, dtype=torch.int64), s * s)", "s.index_add(0, torch.tensor([0]), s[:1] * 2)",
    "s.index_put((torch.tensor([0, 0]),), s[0] * {f}, accumulate=True)", "s.index_fill({d}, torch.tensor([0]), {f})", "s.scatter({d}, torch.zeros_like(s, dtype=torch.int64)[:1], {f})",
    "s.scatter_reduce({d}, torch.zeros_like(s, dtype=torch.int64), s.cos(), 'amax')", "s.slice_scatter(s[:1].sin(), 0, 0, 1)", "s.select_scatter(s.select({d}, 0).exp(), {d}, 0)",
    "s.masked_scatter(s > 0, s.sin())", "s.index_copy(0, torch.tensor([0]), s[-1:] * 2)",
]  # fmt: skip
PRODUCTS = [
    "m @ m.t()", "m.t() @ n if m.shape[0] == n.shape[0] else m @ m.t()", "torch.einsum('ij,kj->ik', m, m)", "m @ m[0]", "torch.outer(m[0], m[-1])", "torch.dot(m[0], m[0])",
    "torch.bmm(m[None], m.t()[None])", "torch.addmm(m @ m.t(), m, m.t(), beta={f})", "torch.kron(m[:1] * 1, m * 1)", "torch.nn.functional.linear(m, m, m[:, 0])", "torch.baddbmm(m[None] @ m.t()[None], m[None], m.t()[None])",
]  # fmt: skip
JOINS = ["torch.cat([x, x.sin()], -1) if x.dim() else x", "torch.stack([x, x * y if x.shape == y.shape else x])", "torch.block_diag(m, m)", "torch.nn.functional.pad(s, (1, 1), value={f})"]  # fmt: skip
# Statements; x is no leaf here, and may be a view of something else.
IN_PLACE = [
    "s.mul_({f})", "s.add_({f})", "s[0] = {f}", "s[0] *= 2", "s[..., -1:].mul_({f})", "s.sin_()", "s.tanh_()", "s.copy_(s.detach() * {f})", "s.masked_fill_(s > 0, {f})", "s.zero_()",
    "s[:1].copy_(s[-1:])", "s[s > 0.4] = {f}", "s.clamp_(-1, 1)", "s.index_add_(0, torch.tensor([0]), s[:1].clone())", "s.transpose(0, -1).mul_({f})", "s.sigmoid_()", "s.reshape(-1)[0] += 1.5",
    "s.add_(y) if s.shape == y.shape else None", "s.fill_({f})", "s.unsqueeze_(0)", "s.t_() if s.dim() == 2 else None", "s.cumsum_(0)", "s.exp_()", "s.detach_()", "s.div_(s.detach() ** 2 + 1)",
]  # fmt: skip
FAMILIES = [POINTWISE] * 6 + [VIEWS] * 3 + [REDUCTIONS] * 3 + [INDEXING] * 2 + [PRODUCTS, JOINS] + [IN_PLACE] * 2


class Program:
    """Leaves with their shapes and values, and the lines that lead to one number."""

    def __init__(self, seed, length=12, extra=()):
        rng = random.Random(seed)
        self.shapes = [rng.choice(SHAPES) for _ in range(3)]
        self.leaves = [_normal(rng, s) for s in self.shapes]
        self.lines, self.extra = [], list(extra)
        with adjoint.no_grad():
            self._draw(rng, length)
        used = [n for n in self.names if self.names[n].dtype == adjoint.float64][-5:]
        self.terms = {n: f"({n} * {0.3 + 0.1 * i:.1f}).sin().sum()" for i, n in enumerate(used)}
        self.compile()

    def compile(self):
        self.source = "def f(torch, a, b, c):\n" + "".join(f"    {line}\n" for line in self.lines)
        self.source += "    return " + " + ".join(self.terms.values()) + "\n"
        space = {}
        exec(self.source, space)
        self.function = space["f"]

    def without(self, lines=(), terms=()):
        """The same program with fewer lines and terms."""
        smaller = copy.copy(self)
        smaller.lines = [line for i, line in enumerate(self.lines) if i not in lines]
        smaller.terms = {n: t for n, t in self.terms.items() if n not in terms}
        smaller.compile()
        return smaller

    def _draw(self, rng, length):
        self.names = {
            n: adjoint.tensor(v, dtype=adjoint.float64).reshape(s)
            for n, v, s in zip("abc", self.leaves, self.shapes, strict=True)
        }
        space = {"torch": adjoint}
        for i in range(3 * length):
            if len(self.lines) >= length:
                return
            family = rng.choice([*FAMILIES, self.extra] if self.extra else FAMILIES)
            own = [n for n in self.names if n not in "abc"]
            matrices = [n for n, t in self.names.items() if t.dim() == 2 and t.numel()]
            full = [
                n
                for n, t in (self.names.items() if family is not IN_PLACE else [(n, self.names[n]) for n in own])
                if t.dim() and t.numel()
            ]
            text = rng.choice(family)
            names = {"x": rng.choice(list(self.names)), "y": rng.choice(list(self.names)), "s": full and rng.choice(full), "m": matrices and rng.choice(matrices), "n": matrices and rng.choice(matrices)}  # fmt: skip
            values = {"d": rng.choice((0, -1)), "k": rng.choice((0, 1)), "f": rng.choice((0.5, -1.5, 0.7, 2.0))}
            text = _filled(text, names, values)
            line = text if family is IN_PLACE else f"t{i} = {text}"
            kept = {n: (t, t.clone()) for n, t in self.names.items()}
            try:
                exec(line, space, self.names)
            except Exception:  # does not fit these shapes
                self.names = {n: t for n, (t, _) in kept.items()}
                continue
            large = any(
                t.numel() > 64 or not bool(t.isfinite().all()) or bool((t.abs() > 30).any())
                for t in self.names.values()
                if isinstance(t, adjoint.Tensor)
            )
            if large:
                # In place, it cannot be undone by name: the views of x changed with it.
                if family is IN_PLACE:
                    self.lines.append(line)
                    return
                del self.names[f"t{i}"]
                continue
            self.lines.append(line)


def _filled(text, names, values):
    out, word = "", ""
    for c in text.format(**values) + " ":
        if c.isalnum() or c in "_'":
            word += c
            continue
        standing = not out.endswith(".")  # not a method's name
        out += names[word] if standing and word in names and names[word] else word
        out, word = out + c, ""
    return out.strip()


def _normal(rng, shape):
    n = 1
    for s in shape:
        n *= s
    return [rng.gauss(0, 1) for _ in range(n)]
