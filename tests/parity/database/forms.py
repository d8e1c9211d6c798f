"""The forms of an operator, each held against PyTorch's: what `Forms.run` counts."""

from __future__ import annotations

import itertools
import operator
import traceback

from .bridge import Bridge, Missing
from .compare import (
    Mismatch,
    Outcome,
    agree_on_errors,
    compare,
    differentiable,
    flatten,
    same_kind,
    weights,
)

DTYPES = "bool uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64 complex64 complex128".split()
FORMS = "function method inplace out dtypes errors gradient second".split()
# Results that PyTorch leaves open: uninitialised memory.
OPEN = {"empty", "empty_like", "new_empty", "new_empty_strided", "empty_strided", "empty_permuted", "resize_"}
# Targets of other types, sizes and layouts are tried with results of these types.
OUT_DTYPES = {"bool", "int64", "bfloat16", "float32", "float64", "complex64"}
WIDE = {"float16": "float64", "bfloat16": "float64", "float32": "float64", "complex64": "complex128"}


class Count:
    def __init__(self):
        self.passed, self.failures = 0, []


def short(dtype):
    return str(dtype).split(".")[-1]


class Forms:
    """Runs one entry of the database."""

    def __init__(self, torch, adjoint, op, forms, dtypes, limit, reference=False):
        self.torch, self.adjoint, self.op = torch, adjoint, op
        self.bridge = Bridge(torch, adjoint)
        self.forms, self.dtypes, self.limit, self.reference = forms, dtypes, limit, reference
        self.counts = {form: Count() for form in FORMS}
        self.supported = {short(d): d for d in op.supported_dtypes("cpu")}

    def attempt(self, form, label, check):
        if form not in self.forms:
            return
        count = self.counts[form]
        try:
            check()
            count.passed += 1
        except Missing as e:
            if str(e).startswith(("torch.", "generator", "sparse")):
                return  # a type or layout that Adjoint does not have: the lists of what is missing name them
            count.failures.append(f"{label}: missing {e}")
        except Mismatch as e:
            count.failures.append(f"{label}: {e}")
        except Exception as e:
            last = traceback.extract_tb(e.__traceback__)[-1]
            text = " ".join(str(e).split())[:160]
            count.failures.append(f"{label}: {type(e).__name__}: {text} ({last.name}:{last.lineno})")

    def run(self):
        function = self.bridge.function(self.op.name, self.op.variant_test_name)
        for name in self.dtypes:
            if name in self.supported:
                self.run_dtype(function, name)
        if "dtypes" in self.forms:
            self.run_dtypes(function)
        if "errors" in self.forms and self.op.error_inputs_func is not None:
            self.run_errors(function)
        return self.counts

    def samples(self, name, grad):
        dtype = getattr(self.torch, name)
        inputs = self.op.reference_inputs if self.reference else self.op.sample_inputs
        yield from itertools.islice(inputs("cpu", dtype, requires_grad=grad), self.limit)

    def run_dtype(self, function, name):
        grad = self.op.supports_autograd and name in ("float64", "complex128")
        for k, sample in enumerate(self.samples(name, grad)):
            at = f"{name} #{k}"
            self.run_values("function", at, function, self.op.op, sample, grad)
            if k < 4 or name == "float64":
                self.run_variants(at, sample, grad and k < 4)
            if k < 6:
                self.run_layouts(at, name, function, sample)
            if k < 2 and self.op.supports_out and "out" in self.forms:
                self.run_out(at, function, sample)

    def run_layouts(self, at, name, function, sample):
        if name not in ("float32", "complex64", "int64"):
            return

        def transposed(t):
            if not isinstance(t, self.torch.Tensor) or t.ndim < 2:
                return t
            return t.detach().mT.contiguous().mT.requires_grad_(t.requires_grad)

        for label, changed in [("noncontiguous", sample.noncontiguous()), ("transposed", sample.transform(transposed))]:
            self.run_values("function", f"{at} {label}", function, self.op.op, changed, False)

    def run_variants(self, at, sample, grad):
        op, bridge = self.op, self.bridge
        variants = [("method", "method", op.method_variant), ("method", "operator", op.operator_variant)]
        for form, label, theirs in variants:
            if theirs is not None:
                self.attempt(
                    form, f"{label} {at}", lambda t=theirs: self.values(self.variant(t), t, sample, grad, False)
                )
        if op.inplace_variant is not None:
            self.attempt("inplace", f"inplace {at}", lambda: self.inplace(op.inplace_variant, sample, grad))
        if op.inplace_operator_variant is not None:
            self.attempt(
                "inplace", f"inplace operator {at}", lambda: self.inplace(op.inplace_operator_variant, sample, grad)
            )
        for alias in op.aliases:
            self.attempt(
                "function",
                f"{alias.name} {at}",
                lambda a=alias: self.values(bridge.function(a.name), a.op, sample, False, False),
            )
            for form, theirs in [("method", alias.method_variant), ("inplace", alias.inplace_variant)]:
                if theirs is not None:
                    self.attempt(form, f"{alias.name} {form} {at}", lambda a=theirs, f=form: self.alias(f, a, sample))

    def alias(self, form, theirs, sample):
        if form == "inplace":
            self.inplace(theirs, sample, False)
        else:
            self.values(self.bridge.method(theirs), theirs, sample, False, False)

    def variant(self, theirs):
        return (
            theirs
            if getattr(theirs, "__module__", "") in ("_operator", operator.__name__)
            else self.bridge.method(theirs)
        )

    def run_values(self, form, at, ours, theirs, sample, grad):
        self.attempt(form, f"{form} {at}", lambda: self.values(ours, theirs, sample, grad, True, at))

    def call_both(self, ours, theirs, sample, clone=False):
        """The two outcomes of a call, and the arguments of each."""
        args, kwargs = [sample.input, *sample.args], dict(sample.kwargs)
        mine, mykw = self.bridge.value(args), self.bridge.value(kwargs)
        first, my_first = args[0], mine[0]
        if clone:
            first, my_first = first.clone(), my_first.clone()
        with self.bridge.same_seed():
            want = Outcome(lambda: theirs(first, *args[1:], **kwargs))
            got = Outcome(lambda: ours(my_first, *mine[1:], **mykw))
        return got, want, (mine, mykw, my_first), (args, kwargs, first)

    def exactly(self, theirs, sample):
        """The function that gives PyTorch's answer in double precision."""

        def widen(v):
            name = (
                short(v.dtype)
                if isinstance(v, self.torch.Tensor)
                else short(v)
                if isinstance(v, self.torch.dtype)
                else None
            )
            if name not in WIDE:
                return v
            wide = getattr(self.torch, WIDE[name])
            return wide if isinstance(v, self.torch.dtype) else v.detach().to(wide)

        def run():
            wide = sample.transform(widen)
            return theirs(wide.input, *wide.args, **wide.kwargs)

        return run

    def values(self, ours, theirs, sample, grad, derivatives, at=""):
        got, want, mine, his = self.call_both(ours, theirs, sample)
        if agree_on_errors(got, want) or self.op.name in OPEN:
            return
        same_kind(got.value, want.value)
        wrapped = self.compare_determined(got.value, want.value, sample, "result", self.exactly(theirs, sample))
        if not (grad and derivatives):
            return
        if wrapped or self.op.gradcheck_wrapper.__name__ != "<lambda>":
            process, wrapper = sample.output_process_fn_grad, self.op.gradcheck_wrapper
            with self.bridge.same_seed():
                want.value = process(wrapper(theirs, *his[0], **his[1]))
                got.value = process(self.bridge.rebound(wrapper)(ours, *mine[0], **mine[1]))
        self.attempt("gradient", f"gradient {at}", lambda: self.gradients(got.value, want.value, mine, his, at))

    def compare_determined(self, got, want, sample, where, exact, computed=()):
        """Compares what is determined of a result: the database says which part that is of a factorisation."""
        process = sample.output_process_fn_grad
        part = process(want)
        if part is want:
            compare(self.torch, got, want, where, 1, True, exact, computed)
            return False
        compare(self.torch, got, want, where, 1, True, numbers=False)
        compare(self.torch, process(got), part, f"determined part of {where}", 10, computed=computed)
        return True

    def inplace(self, theirs, sample, grad):
        if not isinstance(sample.input, self.torch.Tensor):
            return
        got, want, mine, his = self.call_both(self.variant(theirs), theirs, sample, clone=True)
        if agree_on_errors(got, want):
            return
        if got.value is not mine[2]:
            raise Mismatch("another object than the one that it was called on")
        compare(
            self.torch,
            got.value,
            want.value,
            strides=True,
            exact=self.exactly(
                theirs, sample.transform(lambda t: t.clone() if isinstance(t, self.torch.Tensor) else t)
            ),
        )
        if grad:
            self.gradients(got.value, want.value, mine, his, "", second=False)

    def gradients(self, got, want, mine, his, at, second=None):
        torch, adjoint = self.torch, self.adjoint
        inputs, my_inputs = differentiable([his[0], his[1]]), differentiable([mine[0], mine[1]])
        outs = [o for o in flatten(want) if isinstance(o, torch.Tensor) and o.requires_grad]
        my_outs = [o for o in flatten(got) if hasattr(o, "requires_grad") and o.requires_grad]
        if len(outs) != len(my_outs):
            raise Mismatch(f"{len(my_outs)} outputs require grad, PyTorch {len(outs)}")
        if not outs or not inputs:
            return
        seeds = [weights(torch, o).requires_grad_() for o in outs]
        my_seeds = [self.bridge.tensor(s) for s in seeds]
        second = "second" in self.forms and self.op.supports_gradgrad if second is None else second
        theirs = Outcome(lambda: torch.autograd.grad(outs, inputs, seeds, allow_unused=True, create_graph=second))
        if theirs.error is not None:
            return  # what PyTorch cannot derive may be there
        ours = adjoint.autograd.grad(my_outs, my_inputs, my_seeds, allow_unused=True, create_graph=second)
        filled = [
            torch.zeros_like(x) if g is None and o is not None else g for g, o, x in zip(theirs.value, ours, inputs)
        ]
        compare(torch, ours, filled, "gradient", 10)
        if second:
            given = (theirs.value, [*inputs, *seeds]), (ours, [*my_inputs, *my_seeds])
            self.attempt("second", f"second {at}", lambda: self.second(*given))

    def second(self, theirs, ours):
        torch, adjoint = self.torch, self.adjoint
        pairs = [(g, m) for g, m in zip(theirs[0], ours[0]) if g is not None and m is not None]
        kept = [(g, m) for g, m in pairs if g.requires_grad and m.requires_grad]
        if not kept:
            return
        seeds = [weights(torch, g) for g, _ in kept]
        my_seeds = [self.bridge.tensor(s) for s in seeds]
        want = Outcome(lambda: torch.autograd.grad([g for g, _ in kept], theirs[1], seeds, allow_unused=True))
        if want.error is not None:
            return
        got = adjoint.autograd.grad([m for _, m in kept], ours[1], my_seeds, allow_unused=True)
        filled = [
            torch.zeros_like(x) if g is None and o is not None else g for g, o, x in zip(want.value, got, theirs[1])
        ]
        compare(torch, got, filled, "second gradient", 100)

    # out=

    def run_out(self, at, function, sample):
        with self.bridge.same_seed():
            result = Outcome(lambda: self.op.op(sample.input, *sample.args, **sample.kwargs))
        if result.error is not None or not all(isinstance(r, self.torch.Tensor) for r in flatten(result.value)):
            return
        for label, make in self.outs() if short(flatten(result.value)[0].dtype) in OUT_DTYPES else [next(self.outs())]:
            self.attempt("out", f"out {label} {at}", lambda m=make: self.out(function, sample, result.value, m))

    def outs(self):
        torch = self.torch
        yield (
            "right",
            lambda r: torch.empty_strided(r.shape, r.stride(), dtype=r.dtype).fill_(7 if r.dtype != torch.bool else 1),
        )
        yield "empty", lambda r: torch.empty(0, dtype=r.dtype)
        yield "larger", lambda r: torch.ones([n + 1 for n in r.shape] or [2], dtype=r.dtype)
        yield "spread", lambda r: torch.empty([*r.shape, 2], dtype=r.dtype).fill_(1)[..., 0]
        yield "int64", lambda r: torch.ones(r.shape, dtype=torch.int64)
        yield "float64", lambda r: torch.ones(r.shape, dtype=torch.float64)
        yield "complex128", lambda r: torch.ones(r.shape, dtype=torch.complex128)
        yield "meta", lambda r: torch.empty(r.shape, dtype=r.dtype, device="meta")

        def recorded(r):
            return torch.ones(r.shape, dtype=r.dtype, requires_grad=r.is_floating_point() or r.is_complex())

        yield "recorded", recorded

    def out(self, function, sample, result, make):
        outs = (
            type(result)(map(make, result))
            if type(result) in (list, tuple)
            else tuple(map(make, result))
            if isinstance(result, tuple)
            else make(result)
        )
        my_outs = self.bridge.value(outs)
        plain = sample.transform(lambda t: t.detach() if isinstance(t, self.torch.Tensor) else t)
        got, want, _, _ = self.call_both(
            lambda *a, **k: function(*a, out=my_outs, **k), lambda *a, **k: self.op.op(*a, out=outs, **k), plain
        )
        if agree_on_errors(got, want) or self.op.name in OPEN:
            return
        computed = [r.dtype for r in flatten(result)]
        self.compare_determined(my_outs, outs, sample, "out", self.exactly(self.op.op, plain), computed)
        if any(a is not b for a, b in zip(flatten(got.value), flatten(my_outs))):
            raise Mismatch("the result is not the object given as out")
        resized = (
            ["was resized" in text for _, text in want.warnings],
            ["was resized" in text for _, text in got.warnings],
        )
        if any(resized[0]) != any(resized[1]):
            raise Mismatch(f"{'does not warn' if any(resized[0]) else 'warns'} that out was resized")

    # Types

    def run_dtypes(self, function):
        """Every type: taken where PyTorch takes it, refused where it refuses it."""
        for name in DTYPES:
            made = Outcome(
                lambda n=name: list(itertools.islice(self.op.sample_inputs("cpu", getattr(self.torch, n)), 6))
            )
            for k, sample in enumerate(made.value or ()):
                self.attempt("dtypes", f"dtypes {name} #{k}", lambda s=sample: self.dtype(function, s))

    def dtype(self, function, sample):
        got, want, _, _ = self.call_both(function, self.op.op, sample)
        if agree_on_errors(got, want) or self.op.name in OPEN:
            return
        for a, b in zip(flatten(got.value), flatten(want.value)):
            if isinstance(b, self.torch.Tensor) and str(a.dtype) != str(b.dtype):
                raise Mismatch(f"dtype {a.dtype}, PyTorch {b.dtype}")

    # Errors

    def run_errors(self, function):
        made = Outcome(lambda: list(self.op.error_inputs("cpu")))
        for k, error in enumerate(made.value or ()):
            self.attempt("errors", f"errors #{k}", lambda e=error: self.error(function, e))

    def error(self, function, error):
        import re

        got, want, _, _ = self.call_both(function, self.op.op, error.sample_input)
        if want.error is None:
            return
        if agree_on_errors(got, want) and re.search(error.error_regex, str(want.error)):
            if not re.search(error.error_regex, str(got.error)):
                raise Mismatch(f"text: {got}, PyTorch {want}")
