"""How gradcheck checks. A Jacobian is a matrix with a row per input element and a column per output element.

Inputs are perturbed in place behind the graph's back (through ``.data``), so that a function which closes over them,
as a module does over its parameters, sees the change; the outputs to differentiate are computed afterwards.
"""

import itertools
import math
import random

from .. import _core
from .errors import GradcheckError
from .function import Function
from .passes import grad as autograd_grad

Tensor = _core.Tensor

NONDETERMINISTIC = """Backward is not reentrant, i.e., running backward with same input and grad_output multiple times \
gives different values, although analytical gradient matches numerical gradient. The tolerance for nondeterminism was \
{tol}.

NOTE: If your op relies on non-deterministic operations i.e., it is listed here:
https://pytorch.org/docs/stable/generated/torch.use_deterministic_algorithms.html
this failure might be expected. If you are adding a new operator, pass a value for `nondet_tol`; if a test of an existing \
operator fails, check that its backward does not depend on chance."""
UNDEFINED = (
    "Expected backward function to handle undefined output grads. A backward gets None for an output through which no "
    "gradient flowed; check for it, or let ctx.set_materialize_grads(True) give zeros."
)
UNDEFINED_RESULT = (
    "Expected all input grads to be undefined or zero when all output grads are undefined or zero. A backward must be "
    "linear in its cotangents."
)


def as_tuple(x):
    return x if isinstance(x, tuple) else tuple(x) if isinstance(x, list) else (x,)


def is_float(x):
    return isinstance(x, Tensor) and (x.is_floating_point() or x.is_complex())


def differentiable(outputs):
    return tuple(o for o in as_tuple(outputs) if isinstance(o, Tensor) and o.requires_grad)


class _Undefined(Function):
    """Passes a value on; no gradient comes back."""

    @staticmethod
    def forward(ctx, x):
        ctx.set_materialize_grads(False)
        return x.view_as(x)

    @staticmethod
    def backward(ctx, g):
        return None


class Check:
    """One run of gradcheck, with its settings."""

    def __init__(self, eps, atol, rtol, nondet_tol, undefined, dtypes, batched, fast):
        self.eps, self.atol, self.rtol, self.nondet_tol = eps, atol, rtol, nondet_tol
        self.undefined, self.dtypes, self.batched, self.fast = undefined, dtypes, batched, fast

    def run(self, func, inputs):
        inputs = as_tuple(inputs)
        check_inputs(inputs)
        outputs = func(*inputs)
        check_outputs(outputs)
        if not differentiable(outputs):
            self.expect_constant(func, inputs)
            return True
        compare = self.compare_direction if self.fast else self.compare_jacobians
        if any(o.is_complex() for o in differentiable(outputs)):
            compare(part_of(func, _core.imag), inputs, "imaginary", only=complex_places(outputs))
            compare(part_of(func, _core.real), inputs, "real")
        else:
            compare(func, inputs, None)
        if self.batched:
            self.check_batched(func, inputs)
        check_linear(func, inputs)
        if self.undefined:
            check_undefined(func, inputs)
        return True

    # --- all elements ---

    def numerical(self, func, inputs, x):
        """Jacobians of every differentiable output with respect to the input x, and those outputs' shapes."""
        rows = [[]]
        data = x.data
        for index in itertools.product(*map(range, x.shape)):
            row = self.difference(func, inputs, data, index, 1)
            if x.is_complex():
                imag = self.difference(func, inputs, data, index, 1j)
                row = [a + b * 1j for a, b in zip(row, imag, strict=True)]
            if len(rows) != len(row):
                rows = [[] for _ in row]
            for column, r in zip(rows, row, strict=True):
                column.append(r)
        return [_core.stack(r) for r in rows if r]

    def difference(self, func, inputs, data, index, direction):
        """(f(x + eps d) - f(x - eps d)) / (2 eps), flat, for one element of x."""
        original = data[index].item()
        try:
            data[index] = original + self.eps * direction
            above = values_of(func(*inputs))
            data[index] = original - self.eps * direction
            below = values_of(func(*inputs))
        finally:
            data[index] = original
        for i, (a, b) in enumerate(zip(above, below, strict=True)):
            check_same_kind(a, b, self.eps, i)
        return [((a - b) / (2 * self.eps)).reshape(-1) for a, b in zip(above, below, strict=True)]

    def analytical(self, inputs, wanted, output):
        """Jacobians of one output with respect to the wanted inputs, by a backward pass per output element."""
        columns = [[] for _ in wanted]
        for k in range(output.numel()):
            cotangent = _core.zeros(output.numel(), dtype=output.dtype)
            cotangent[k] = 1
            grads = autograd_grad(output, wanted, cotangent.reshape(output.shape), retain_graph=True, allow_unused=True)
            for column, g, x in zip(columns, grads, wanted, strict=True):
                self.check_gradient(g, x)
                column.append(_core.zeros_like(x).reshape(-1) if g is None else g.detach().to(x.dtype).reshape(-1))
        return [
            _core.stack(c, 1) if c else _core.zeros((x.numel(), 0), dtype=x.dtype)
            for c, x in zip(columns, wanted, strict=True)
        ]

    def check_gradient(self, g, x):
        if g is None:
            return
        if self.dtypes and g.dtype != x.dtype:
            raise GradcheckError("Gradient has dtype mismatch")
        if g.shape != x.shape:
            raise GradcheckError("Analytical gradient has incorrect size")

    def compare_jacobians(self, func, inputs, part, only=None):
        wanted = [x for x in inputs if isinstance(x, Tensor) and x.requires_grad]
        places = [i for i, x in enumerate(inputs) if isinstance(x, Tensor) and x.requires_grad]
        numerical = [self.numerical(func, inputs, x) for x in wanted]
        outputs = differentiable(func(*inputs))
        for i, output in enumerate(outputs):
            if only is not None and i not in only:
                continue
            first = self.analytical(inputs, wanted, output)
            second = self.analytical(inputs, wanted, output)
            for a, b in zip(first, second, strict=True):
                if a.numel() and not _core.allclose(a, b, 0, self.nondet_tol):
                    raise GradcheckError(NONDETERMINISTIC.format(tol=self.nondet_tol))
            for j, (a, n) in enumerate(zip(first, numerical, strict=True)):
                expected = n[i] if n else _core.zeros_like(a)
                if a.numel() and not close(a, expected, self.rtol, self.atol):
                    raise GradcheckError(mismatch(a, expected, i, places[j], part, any(x.is_complex() for x in wanted)))

    # --- one random direction ---

    def compare_direction(self, func, inputs, part, only=None):
        rng = random.Random(20)
        places = [i for i, x in enumerate(inputs) if isinstance(x, Tensor) and x.requires_grad]
        for place in places:
            x = inputs[place]
            u = direction(rng, x)
            along = self.difference_along(func, inputs, x, u)
            outputs = differentiable(func(*inputs))
            for i, (output, n) in enumerate(zip(outputs, along, strict=True)):
                if (only is not None and i not in only) or not output.numel():
                    continue
                v = direction(rng, output)
                g = [autograd_grad(output, x, v, retain_graph=True, allow_unused=True)[0] for _ in range(2)]
                self.check_gradient(g[0], x)
                zero = g[0] is None
                if not zero and not _core.allclose(g[0], g[1], 0, self.nondet_tol):
                    raise GradcheckError(NONDETERMINISTIC.format(tol=self.nondet_tol))
                analytical = _core.zeros_like(output).sum() if zero else inner(u, g[0])
                numerical = (v * n).sum()
                scale = float(u.abs().sum()) * float(v.sum())
                if not close(analytical, numerical, self.rtol, self.atol * scale):
                    text = mismatch(analytical, numerical, i, place, part, x.is_complex())
                    raise GradcheckError(text + self.slow_report(func, inputs, part, only))

    def difference_along(self, func, inputs, x, u):
        data = x.data
        original = data.clone()
        try:
            data.copy_(original + self.eps * u)
            above = values_of(func(*inputs))
            data.copy_(original - self.eps * u)
            below = values_of(func(*inputs))
        finally:
            data.copy_(original)
        return [(a - b) / (2 * self.eps) for a, b in zip(above, below, strict=True)]

    def slow_report(self, func, inputs, part, only):
        try:
            self.compare_jacobians(func, inputs, part, only)
        except GradcheckError as e:
            return f"\nThe above quantities relating the numerical and analytical jacobians are computed in fast mode. In slow mode:\n{e}"
        return (
            "\nThe above quantities relating the numerical and analytical jacobians are computed in fast mode. The slow "
            "mode, element by element, finds no mismatch at these tolerances."
        )

    # --- the rest ---

    def expect_constant(self, func, inputs):
        """Without differentiable outputs the differences must vanish, too."""
        for x in inputs:
            if isinstance(x, Tensor) and x.requires_grad:
                for jacobian in self.numerical(float_outputs(func), inputs, x):
                    if jacobian.numel() and jacobian.abs().max().item() > self.atol:
                        raise GradcheckError("Numerical gradient for function expected to be zero")

    def check_batched(self, func, inputs):
        wanted = [x for x in inputs if isinstance(x, Tensor) and x.requires_grad]
        for output in differentiable(func(*inputs)):
            batch = _core.stack([_core.ones_like(output), _core.ones_like(output) * 2])
            together = autograd_grad(output, wanted, batch, retain_graph=True, allow_unused=True, is_grads_batched=True)
            single = autograd_grad(output, wanted, batch[1], retain_graph=True, allow_unused=True)
            for a, b in zip(together, single, strict=True):
                if a is not None and b is not None and not _core.allclose(a[1], b):
                    raise GradcheckError(
                        "gradcheck or gradgradcheck failed while testing batched gradient computation."
                    )


def direction(rng, like):
    """A random direction of length 1 with positive parts (complex ones, too, for complex tensors)."""
    count = like.numel() * (2 if like.is_complex() else 1)
    numbers = [rng.random() + 0.01 for _ in range(count)]
    length = math.sqrt(sum(v * v for v in numbers)) or 1.0
    numbers = [v / length for v in numbers]
    if like.is_complex():
        numbers = [complex(a, b) for a, b in zip(numbers[::2], numbers[1::2], strict=True)]
    return _core.tensor(numbers, dtype=like.dtype).reshape(like.shape)


def inner(u, g):
    """The change along u that the gradient g foretells."""
    return (u.conj() * g).real.sum() if g.is_complex() else (u * g).sum()


def values_of(outputs):
    """Differentiable outputs, cut from the graph and from the inputs' memory."""
    return [o.detach().clone() for o in differentiable(outputs)]


def float_outputs(func):
    """`func`, its floating-point outputs made to look differentiable, so that differences are taken of them."""

    def wrapped(*inputs):
        return tuple(o.detach().clone().requires_grad_() for o in as_tuple(func(*inputs)) if is_float(o))

    return wrapped


def complex_places(outputs):
    return {i for i, o in enumerate(differentiable(outputs)) if o.is_complex()}


def part_of(func, part):
    def wrapped(*inputs):
        return tuple(part(o) if o.is_complex() else o for o in differentiable(func(*inputs)))

    return wrapped


def close(a, b, rtol, atol):
    dtype = _core.promote_types(a.dtype, b.dtype)
    return _core.allclose(a.to(dtype), b.to(dtype), rtol, atol)


def mismatch(analytical, numerical, output, input_, part, complex_inputs):
    text = ""
    if part is not None:
        text = f"While considering the {part} part of complex outputs only, "
    return text + (
        f"Jacobian mismatch for output {output} with respect to input {input_},\n"
        f"numerical:{numerical}\nanalytical:{analytical}\n"
    )


def check_same_kind(a, b, eps, index):
    for what in ("shape", "dtype"):
        if getattr(a, what) != getattr(b, what):
            raise AssertionError(
                f"Expected `func` to return outputs with the same {what} when inputs are perturbed on index {index} by "
                f"{eps}, but got: {what}s {getattr(a, what)} and {getattr(b, what)}."
            )


def check_inputs(inputs):
    found = False
    for i, x in enumerate(inputs):
        if not (isinstance(x, Tensor) and x.requires_grad):
            continue
        found = True
        if x.dtype not in (_core.float64, _core.complex128):
            import warnings

            warnings.warn(
                f"Input #{i} requires gradient and is not a double precision floating point or complex. This check will "
                "likely fail if all the inputs are not of double precision floating point or complex. ",
                stacklevel=4,
            )
        if any(st == 0 and sz > 1 for st, sz in zip(x.stride(), x.shape, strict=True)):
            raise RuntimeError(
                f"The {i}th input has a dimension with stride 0. gradcheck only supports inputs that are non-overlapping "
                "to be able to compute the numerical gradients correctly. You should call .contiguous on the input before "
                "passing it to gradcheck."
            )
        x.retain_grad()
    if not found:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of the them have "
            "requires_grad=True."
        )


def check_outputs(outputs):
    for o in as_tuple(outputs):
        if not isinstance(o, Tensor) and o is not None:
            raise TypeError(f"gradcheck: expected `func` to return tensors, got {type(o).__name__}")


def check_linear(func, inputs):
    """A zero cotangent gives zero gradients."""
    wanted = [x for x in inputs if isinstance(x, Tensor) and x.requires_grad]
    outputs = differentiable(func(*inputs))
    if not wanted:
        raise GradcheckError("no Tensors requiring grad found in input")
    grads = autograd_grad(outputs, wanted, [_core.zeros_like(o) for o in outputs], allow_unused=True)
    for g, x in zip(grads, wanted, strict=True):
        if g is None:
            continue
        if g.numel() and not bool((g == 0).all()):
            raise GradcheckError("backward not multiplied by grad_output")
        if g.device != x.device:
            raise GradcheckError("grad is incorrect device")
        if g.shape != x.shape:
            raise GradcheckError("grad is incorrect size")


def check_undefined(func, inputs):
    """Undefined cotangents, of all outputs and of each one, are taken for zero."""
    wanted = [x for x in inputs if isinstance(x, Tensor) and x.requires_grad]

    def gradients(hidden):
        outputs = differentiable(func(*inputs))
        shown = [_Undefined.apply(o) if i in hidden else o for i, o in enumerate(outputs)]
        cotangents = [_core.zeros_like(o) for o in shown]
        try:
            return autograd_grad(shown, wanted, cotangents, allow_unused=True)
        except RuntimeError as e:
            raise GradcheckError(UNDEFINED) from e

    count = len(differentiable(func(*inputs)))
    cases = [set(range(count))]
    if count > 1:
        cases += [{i} for i in range(count)]
    for hidden in cases:
        for g in gradients(hidden):
            if g is not None and g.numel() and not bool((g == 0).all()):
                raise GradcheckError(UNDEFINED_RESULT)


# --- second derivatives ---


def random_like(rng, x):
    count = x.numel()
    numbers = [rng.uniform(-1, 1) for _ in range(2 * count)]
    if x.is_complex():
        numbers = [complex(a, b) for a, b in zip(numbers[::2], numbers[1::2], strict=True)]
    dtype = x.dtype if x.is_complex() or x.is_floating_point() else _core.float64
    return _core.tensor(numbers[:count], dtype=dtype).reshape(x.shape)


def spread(x):
    """The same values, not contiguous."""
    if x.numel() < 2 or not x.dim():
        return x
    return _core.stack([x, _core.zeros_like(x)], -1)[..., 0]


def backward_as_function(func, inputs, grad_outputs, non_contiguous):
    """The backward pass of `func` as a function of its inputs and cotangents, and arguments for it."""
    inputs = as_tuple(inputs)
    if grad_outputs is None:
        rng = random.Random(7)
        made = []
        for o in differentiable(func(*inputs)):
            g = random_like(rng, o)
            made.append((spread(g) if non_contiguous else g).detach().requires_grad_())
        grad_outputs = tuple(made)
    else:
        grad_outputs = as_tuple(grad_outputs)
    count = len(grad_outputs)

    def backward(*args):
        args, cotangents = (args[:-count], args[-count:]) if count else (args, ())
        outputs = differentiable(func(*args))
        wanted = tuple(x for x in args if isinstance(x, Tensor) and x.requires_grad)
        grads = autograd_grad(outputs, wanted, cotangents, create_graph=True, allow_unused=True)
        return tuple(g for g in grads if g is not None)

    return backward, inputs + grad_outputs
