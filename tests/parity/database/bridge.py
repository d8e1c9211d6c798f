"""Carries PyTorch's arguments and functions over to Adjoint."""

from __future__ import annotations

import contextlib
import functools
import re
import types


class Missing(Exception):
    """Adjoint has no such function, or no such argument."""


class Bridge:
    def __init__(self, torch, adjoint):
        self.torch, self.adjoint = torch, adjoint

    def tensor(self, t):
        """The same elements at the same places of the same storage."""
        torch, adjoint = self.torch, self.adjoint
        if t.layout != torch.strided:
            raise Missing("sparse layout")
        t = t.resolve_conj().resolve_neg()
        if not hasattr(adjoint, str(t.dtype).split(".")[-1]):
            raise Missing(str(t.dtype))
        if t.device.type == "meta":
            dtype = getattr(adjoint, str(t.dtype).split(".")[-1])
            return adjoint.empty_strided(tuple(t.shape), tuple(t.stride()), dtype=dtype, device="meta")
        d = t.detach()
        count = d.untyped_storage().nbytes() // d.element_size()
        flat = torch.empty(0, dtype=d.dtype).set_(d.untyped_storage(), 0, (count,))
        if d.dtype == torch.bfloat16:
            base = adjoint.from_numpy(flat.view(torch.int16).clone().numpy()).view(adjoint.bfloat16)
        else:  # a copy first: what shares memory with an array cannot be resized
            base = adjoint.from_numpy(flat.clone().numpy())
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
            return self.adjoint.Size(v)
        if isinstance(v, (list, tuple)):
            return type(v)(map(self.value, v)) if not hasattr(v, "_fields") else tuple(map(self.value, v))
        if isinstance(v, dict):
            return {k: self.value(x) for k, x in v.items()}
        if isinstance(v, (torch.dtype, torch.layout, torch.memory_format)):
            try:
                return getattr(self.adjoint, str(v).split(".")[-1])
            except AttributeError:
                raise Missing(str(v)) from None
        if isinstance(v, torch.device):
            return self.adjoint.device(str(v))
        if isinstance(v, torch.Generator):
            raise Missing("generator argument")
        if isinstance(v, torch.nn.Module):
            return getattr(self.adjoint.nn, type(v).__name__)()
        if isinstance(v, types.FunctionType):
            return self.rebound(v)
        return v

    def rebound(self, f):
        """A function of the database that calls `torch`, as one that calls Adjoint."""
        if f.__module__.startswith("torch.nn.functional"):
            return self.lookup(f"nn.functional.{f.__name__}")
        cells = tuple(types.CellType(self.value(c.cell_contents)) for c in f.__closure__ or ())
        scope = {**f.__globals__, "torch": self.adjoint}
        mine = types.FunctionType(f.__code__, scope, f.__name__, f.__defaults__, cells)
        mine.__kwdefaults__ = f.__kwdefaults__
        return mine

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
            return self.lookup(name + "_")
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

    def method(self, f):
        """Our method for one of torch.Tensor's, or for a lambda around one."""
        if isinstance(f, types.FunctionType) and f.__module__ != "torch._tensor":
            return self.rebound(f)
        if isinstance(f, functools.partial):
            return functools.partial(self.value(f.func), *self.value(f.args), **self.value(f.keywords))
        try:
            return getattr(self.adjoint.Tensor, f.__name__)
        except AttributeError:
            raise Missing(f"Tensor.{f.__name__}") from None

    @contextlib.contextmanager
    def same_seed(self):
        """The database seeds inside its functions: what seeds torch seeds Adjoint."""
        original = self.torch.manual_seed

        def both(seed):  # torch.manual_seed itself takes milliseconds, for all devices
            self.adjoint.manual_seed(seed)
            return self.torch.default_generator.manual_seed(seed)

        self.torch.manual_seed = both
        try:
            both(0)
            yield
        finally:
            self.torch.manual_seed = original
