"""Runs PyTorch's operator database against Adjoint: values, dtypes, shapes, strides, gradients, error classes.

    python -m tests.parity.opinfo                       every operator that Adjoint has
    python -m tests.parity.opinfo --ops 'add|mul' -v    some of them, each failure with its text
    python -m tests.parity.opinfo --missing             what the database has and Adjoint lacks

Needs the `parity` extra. Exit status 1 if anything that ran differs.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import faulthandler
import re
import signal
import sys
import traceback
import types
import warnings

TOLERANCE = {"float16": 2e-3, "bfloat16": 2e-2, "float32": 2e-5, "complex64": 5e-5, "float64": 1e-9, "complex128": 1e-9}
DTYPES = "bool uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64 complex64 complex128".split()
# Results that PyTorch leaves open: uninitialised memory.
OPEN = {"empty", "empty_like", "new_empty", "new_empty_strided", "empty_strided", "empty_permuted"}


class Mismatch(Exception):
    pass


class Missing(Exception):
    pass


class Bridge:
    """Carries arguments over to Adjoint and results back."""

    def __init__(self, torch, adjoint):
        self.torch, self.adjoint = torch, adjoint

    def tensor(self, t):
        torch, adjoint = self.torch, self.adjoint
        t = t.resolve_conj().resolve_neg() if not t.is_sparse else t
        if t.layout != torch.strided:
            raise Missing("sparse layout")
        d = t.detach()
        flat = torch.empty(0, dtype=d.dtype).set_(
            d.untyped_storage(), 0, (d.untyped_storage().nbytes() // d.element_size(),)
        )
        if d.dtype == torch.bfloat16:
            base = adjoint.from_numpy(flat.view(torch.int16).numpy().copy()).view(adjoint.bfloat16)
        else:
            base = adjoint.from_numpy(flat.numpy().copy())
        out = base.as_strided(tuple(d.shape), tuple(d.stride()), d.storage_offset()).detach()
        return out.requires_grad_() if t.requires_grad else out

    def value(self, v):
        torch = self.torch
        if type(v).__name__ == "LinearCrossEntropyOptions":
            given = {name: self.value(getattr(v, name)) for name in type(v).__slots__}
            return self.adjoint.nn.LinearCrossEntropyOptions(**given)
        if isinstance(v, torch.Tensor):
            return self.tensor(v)
        if isinstance(v, torch.Size):
            return tuple(v)
        if isinstance(v, (list, tuple)):
            return type(v)(map(self.value, v)) if not hasattr(v, "_fields") else tuple(map(self.value, v))
        if isinstance(v, dict):
            return {k: self.value(x) for k, x in v.items()}
        if isinstance(v, (torch.dtype, torch.layout, torch.memory_format)):
            return getattr(self.adjoint, str(v).split(".")[-1])
        if isinstance(v, torch.device):
            return str(v)
        if isinstance(v, torch.Generator):
            raise Missing("generator argument")
        return v

    def function(self, name, variant=""):
        """Our function for an entry; the database calls some through a lambda with its own order of arguments."""
        tensor = self.adjoint.Tensor
        if name == "rand_like":  # as the database has it
            name = "randn_like"
        name = {"slice": "ops.aten.slice.Tensor"}.get(name, name.removeprefix("torch."))
        if name in ("native_dropout_backward", "_upsample_bilinear2d_aa"):
            name = f"ops.aten.{name}.default"
        if name == "max_pool2d_with_indices_backward":
            return self.max_pool_backward
        if name in ("T", "H", "mT", "mH"):
            return lambda x: getattr(x, name)
        if name in ("resize_", "zero_", "resize_as_"):
            return lambda x, *a: getattr(tensor, name)(x.clone(), *a)
        if name in ("uniform", "exponential", "geometric", "cauchy", "log_normal") or variant == "in_place":
            name += "_"
        obj = self.lookup(name)
        if isinstance(obj, self.adjoint.dtype):  # x.float(), not torch.float
            obj = getattr(tensor, name)
        if name == "where":
            return lambda x, condition, other, **k: obj(condition, x, other, **k)
        if name.endswith("polygamma"):
            return lambda x, n, **k: obj(n, x, **k)
        if variant == "number_mean":
            return lambda std, mean, *a, **k: obj(mean, std, *a, **k)
        if variant == "grad_oriented":  # of linalg.lstsq
            return lambda a, b, driver: obj(a, b, driver=driver)[:2]
        if variant == "singular":  # of linalg.pinv
            return lambda a, b: obj(a @ b.mT)
        if name in ("svd_lowrank", "pca_lowrank"):
            return lambda a, b, **k: self.adjoint.manual_seed(42) and obj(a @ b.mT, **k)
        if name == "einsum":
            return lambda tensors, equation: obj(equation, tensors)
        if name in ("nn.functional.embedding", "nn.functional.embedding_bag"):
            return lambda weight, index, *a, **k: obj(index, weight, *a, **k)
        return obj

    def max_pool_backward(self, x, *, kernel_size=(), stride=(), padding=(0,), dilation=(1,), ceil_mode=False, **_):
        """As the database calls it: with the indices that the forward pass gives."""
        y, indices = self.adjoint.nn.functional.max_pool2d_with_indices(
            x, kernel_size, stride, padding, dilation, ceil_mode, return_indices=True
        )
        backward = self.adjoint.ops.aten.max_pool2d_with_indices_backward.default
        ones, stride = self.adjoint.ones_like(y), kernel_size if stride is None else stride
        return backward(ones, x, kernel_size, stride, padding, dilation, ceil_mode, indices)

    def here(self, wrapper):
        """A wrapper of the database that calls our functions where it calls PyTorch's."""
        names = wrapper.__globals__ | {"torch": self.adjoint}
        mine = types.FunctionType(wrapper.__code__, names, wrapper.__name__, wrapper.__defaults__, wrapper.__closure__)
        mine.__kwdefaults__ = wrapper.__kwdefaults__
        return mine

    def lookup(self, name):
        obj = self.adjoint.Tensor if re.fullmatch(r"__\w+__", name) else self.adjoint
        for part in name.split("."):
            try:
                obj = getattr(obj, part)
            except AttributeError:
                if obj is self.adjoint and hasattr(obj.Tensor, part):
                    return getattr(obj.Tensor, part)
                raise Missing(name) from None
        return obj


def flatten(v):
    if isinstance(v, (list, tuple)):
        return [x for e in v for x in flatten(e)]
    return [v]


def compare(torch, ours, theirs, where="result", factor=1.0, values=True):
    a, b = flatten(ours), flatten(theirs)
    if len(a) != len(b):
        raise Mismatch(f"{where}: {len(a)} values, PyTorch has {len(b)}")
    for i, (x, y) in enumerate(zip(a, b)):
        at = where if len(a) == 1 else f"{where}[{i}]"
        if not isinstance(y, torch.Tensor):
            if isinstance(y, (bool, int, str)) or y is None:
                if x != y and str(x) != str(y):
                    raise Mismatch(f"{at}: {x!r}, PyTorch {y!r}")
            continue
        if x is None:
            raise Mismatch(f"{at}: None")
        if str(x.dtype) != str(y.dtype):
            raise Mismatch(f"{at}: dtype {x.dtype}, PyTorch {y.dtype}")
        if tuple(x.shape) != tuple(y.shape):
            raise Mismatch(f"{at}: shape {tuple(x.shape)}, PyTorch {tuple(y.shape)}")
        if where == "result" and y.layout == torch.strided and tuple(x.stride()) != tuple(y.stride()):
            raise Mismatch(f"{at}: strides {x.stride()}, PyTorch {y.stride()} for shape {tuple(y.shape)}")
        if y.device.type == "meta" or not values:
            continue
        name = str(y.dtype).split(".")[-1]
        got = torch.tensor(x.detach().tolist(), dtype=y.dtype).reshape(y.shape)
        want = y.detach().resolve_conj().resolve_neg()
        tol = TOLERANCE.get(name, 0) * factor
        if not torch.allclose(got, want, rtol=tol, atol=tol, equal_nan=True):
            bad = (got != want) & ~((got != got) & (want != want))
            k = int(bad.reshape(-1).nonzero()[0]) if bad.any() else 0
            raise Mismatch(f"{at}: differs at {k}: {got.reshape(-1)[k].item()}, PyTorch {want.reshape(-1)[k].item()}")


def weights(torch, y):
    n = torch.arange(1, y.numel() + 1, dtype=torch.float64).reshape(y.shape)
    w = torch.cos(n)
    return (w + 1j * torch.sin(n) if y.is_complex() else w).to(y.dtype)


def differentiable(values):
    return [v for v in flatten(values) if hasattr(v, "requires_grad") and v.requires_grad]


def gradients(module, outputs, inputs, seeds, second=False):
    outs = [o for o in flatten(outputs) if hasattr(o, "grad_fn") and o.requires_grad]
    if not outs:
        return None
    grads = module.autograd.grad(
        outs, inputs, seeds[: len(outs)], allow_unused=True, create_graph=second, retain_graph=True
    )
    if not second:
        return grads
    again = [g for g in grads if g is not None and g.requires_grad]
    if not again:
        return None
    return module.autograd.grad(again, inputs, [module.ones_like(g) for g in again], allow_unused=True)


@contextlib.contextmanager
def same_seed(torch, adjoint):
    """The database seeds inside its functions: what seeds torch seeds Adjoint."""
    original = torch.manual_seed

    def both(seed):
        adjoint.manual_seed(seed)
        return original(seed)

    torch.manual_seed = both
    try:
        both(0)
        yield
    finally:
        torch.manual_seed = original


class Runner:
    def __init__(self, torch, adjoint, second):
        self.torch, self.adjoint, self.second = torch, adjoint, second
        self.bridge = Bridge(torch, adjoint)

    def run_sample(self, op, ours, theirs, sample, grad):
        torch, adjoint = self.torch, self.adjoint
        args, kwargs = [sample.input, *sample.args], dict(sample.kwargs)
        mine, mykw = self.bridge.value(args), self.bridge.value(kwargs)
        try:
            with same_seed(torch, adjoint):
                want = theirs(*args, **kwargs)
        except Exception as error:
            expected = Exception if isinstance(error, NotImplementedError) else type(error)
            try:
                ours(*mine, **mykw)
            except expected:
                return
            raise Mismatch(f"PyTorch raises {type(error).__name__}: {str(error)[:80]}") from None
        got = ours(*mine, **mykw)
        if op.name in OPEN:
            return
        # Of factorisations the database says what is determined of their results, and what of their input is read.
        process, wrapper = sample.output_process_fn_grad, op.gradcheck_wrapper
        part = process(want)
        compare(torch, got, want, values=part is want)
        if part is not want:
            compare(torch, process(got), part, "determined part")
        if not grad:
            return
        if part is not want or wrapper.__name__ != "<lambda>":
            with same_seed(torch, adjoint):
                want = process(wrapper(theirs, *args, **kwargs))
                got = process(self.bridge.here(wrapper)(ours, *mine, **mykw))
        self.compare_gradients(mine, mykw, got, args, kwargs, want)

    def compare_gradients(self, mine, mykw, got, args, kwargs, want):
        torch, adjoint = self.torch, self.adjoint
        inputs = differentiable([args, list(kwargs.values())])
        my_inputs = differentiable([mine, list(mykw.values())])
        outs = [o for o in flatten(want) if isinstance(o, torch.Tensor) and o.requires_grad]
        my_outs = [o for o in flatten(got) if hasattr(o, "requires_grad") and o.requires_grad]
        if len(outs) != len(my_outs):
            raise Mismatch(f"{len(my_outs)} outputs require grad, PyTorch {len(outs)}")
        if not outs or not inputs:
            return
        seeds = [weights(torch, o) for o in outs]
        my_seeds = [self.bridge.tensor(s) for s in seeds]
        for second in [False, True] if self.second else [False]:
            try:
                theirs = gradients(torch, want, inputs, seeds, second)
            except Exception:
                return
            # The first pass keeps the graph only when a second follows.
            ours = gradients(adjoint, got, my_inputs, my_seeds, second)
            if theirs is None or ours is None:
                if (theirs is None) != (ours is None):
                    raise Mismatch(f"second derivative exists {'only in PyTorch' if ours is None else 'only here'}")
                return
            compare(torch, ours, theirs, "second gradient" if second else "gradient", 10)

    def variants(self, op):
        yield op.name, self.bridge.function(op.name, op.variant_test_name), op.op
        if op.method_variant is not None and hasattr(self.torch.Tensor, op.name):
            yield f"Tensor.{op.name}", getattr(self.adjoint.Tensor, op.name, None), op.method_variant
        for alias in op.aliases:
            yield alias.name, self.bridge.function(alias.name), alias.op

    def run_op(self, op, dtypes, limit):
        """(passed, failures) over the samples of every dtype."""
        passed, failures = 0, []
        supported = {str(d).split(".")[-1]: d for d in op.supported_dtypes("cpu")}
        for name in dtypes:
            if name not in supported:
                continue
            grad = op.supports_autograd and name in ("float64", "complex128")
            samples = list(op.sample_inputs("cpu", supported[name], requires_grad=grad))[:limit]
            for k, sample in enumerate(samples):
                for label, ours, theirs in self.variants(op):
                    try:
                        if ours is None:
                            raise Missing(label)
                        if label != op.name and k > 3:
                            continue
                        self.run_sample(op, ours, theirs, sample, grad)
                        passed += 1
                    except Missing as e:
                        if label == op.name:
                            raise
                        failures.append(f"{label}: missing {e}")
                    except Exception as e:
                        last = traceback.extract_tb(e.__traceback__)[-1]
                        line = "" if isinstance(e, Mismatch) else f" ({last.name}:{last.lineno})"
                        failures.append(f"{label} {name} #{k} {type(e).__name__}: {str(e)[:160]}{line}")
        return passed, failures


def alarm(*_):
    raise TimeoutError("took too long")


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ops", default="", help="regular expression over operators' names")
    parser.add_argument("--dtypes", default=",".join(DTYPES))
    parser.add_argument("--limit", type=int, default=40, help="samples per operator and dtype")
    parser.add_argument("--second", action="store_true", help="second derivatives, too")
    parser.add_argument("--missing", action="store_true", help="only list what Adjoint lacks")
    parser.add_argument("-v", "--verbose", action="count", default=0)
    options = parser.parse_args(argv)
    faulthandler.enable()
    warnings.simplefilter("ignore")
    import torch
    from torch.testing._internal.common_methods_invocations import op_db

    import adjoint

    runner = Runner(torch, adjoint, options.second)
    signal.signal(signal.SIGALRM, alarm)
    total, missing, broken = collections.Counter(), [], []
    for op in op_db:
        if not re.search(options.ops, op.name):
            continue
        label = op.name + (f".{op.variant_test_name}" if op.variant_test_name else "")
        try:
            if options.missing:
                runner.bridge.function(op.name)
                continue
            print(f"{label} ...", end="\r", file=sys.stderr)
            signal.alarm(60)
            passed, failures = runner.run_op(op, options.dtypes.split(","), options.limit)
        except Missing as e:
            missing.append(str(e))
            continue
        except Exception as e:
            failures, passed = [f"{type(e).__name__}: {str(e)[:160]}"], 0
        finally:
            signal.alarm(0)
        total["passed"] += passed
        total["failed"] += len(failures)
        if failures:
            broken.append(label)
            shown = len(failures) if options.verbose > 1 else 6 if options.verbose else 1
            print(f"{label}: {passed} passed, {len(failures)} failed")
            for f in failures[:shown]:
                print(f"    {f}")
        else:
            total["clean"] += 1
    print(f"missing ({len(set(missing))}): {' '.join(sorted(set(missing)))}")
    print(
        f"operators: {total['clean']} clean, {len(broken)} with differences; samples: {total['passed']} passed, {total['failed']} failed"
    )
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
