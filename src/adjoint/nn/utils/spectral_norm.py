"""Spectral normalisation by a hook (Miyato et al. 2018); parametrizations.spectral_norm is the newer way."""

from __future__ import annotations

from ... import _core
from ...autograd.grad_mode import no_grad
from .._factors import solve
from ..parameter import Parameter, is_lazy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    from ..._core import Tensor

    _Module = TypeVar("_Module")

__all__ = [
    "SpectralNorm",
    "SpectralNormLoadStateDictPreHook",
    "SpectralNormStateDictHook",
    "remove_spectral_norm",
    "spectral_norm",
]


def unit(v: Tensor, eps: float) -> Tensor:
    """v / max(‖v‖, eps)."""
    return v / v.norm().clamp_min(eps)


def as_matrix(weight: Tensor, dim: int) -> Tensor:
    """One dimension as rows, all others as columns."""
    return weight.movedim(dim, 0).flatten(1)


def rows_dim(module: Any) -> int:
    """Where a layer's weight has its outputs: convolutions that are transposed have them second."""
    return 1 if type(module).__name__.startswith("ConvTranspose") or getattr(module, "transposed", False) else 0


class SpectralNorm:
    """The hook: divides the weight by its largest singular value, found by power iteration, before each forward."""

    _version: int = 1

    def __init__(self, name: str = "weight", n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        if n_power_iterations <= 0:
            raise ValueError(
                f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}"
            )
        self.name, self.dim, self.n_power_iterations, self.eps = name, dim, n_power_iterations, eps

    def reshape_weight_to_matrix(self, weight: Tensor) -> Tensor:
        return as_matrix(weight, self.dim)

    def compute_weight(self, module: Any, do_power_iteration: bool) -> Tensor:
        weight = getattr(module, self.name + "_orig")
        u, v = getattr(module, self.name + "_u"), getattr(module, self.name + "_v")
        matrix = self.reshape_weight_to_matrix(weight)
        if do_power_iteration:
            with no_grad():
                for _ in range(self.n_power_iterations):
                    v.copy_(unit(_core.mv(matrix.t(), u), self.eps))
                    u.copy_(unit(_core.mv(matrix, v), self.eps))
            u, v = u.clone(), v.clone()  # the graph keeps these; the buffers go on changing
        return weight / _core.dot(u, _core.mv(matrix, v))

    def remove(self, module: Any) -> None:
        with no_grad():
            weight = self.compute_weight(module, do_power_iteration=False)
        for suffix in ("", "_u", "_v", "_orig"):
            delattr(module, self.name + suffix)
        module.register_parameter(self.name, Parameter(weight.detach()))

    def __call__(self, module: Any, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module, do_power_iteration=module.training))

    def _solve_v_and_rescale(self, matrix: Tensor, u: Tensor, sigma: Tensor) -> Tensor:
        """v with u = matrix v as nearly as can be, and u · matrix v = sigma."""
        tall = matrix.shape[0] >= matrix.shape[1]
        inner = matrix.mT @ matrix if tall else matrix @ matrix.mT
        right = _core.mv(matrix.mT, u) if tall else u
        v = solve(inner, right.unsqueeze(1)).squeeze(1)
        v = v if tall else _core.mv(matrix.mT, v)
        return v * (sigma / _core.dot(u, _core.mv(matrix, v)))

    @staticmethod
    def apply(module: Any, name: str, n_power_iterations: int, dim: int, eps: float) -> SpectralNorm:
        for hook in module._forward_pre_hooks.values():
            if isinstance(hook, SpectralNorm) and hook.name == name:
                raise RuntimeError(f"Cannot register two spectral_norm hooks on the same parameter {name}")
        hook = SpectralNorm(name, n_power_iterations, dim, eps)
        weight = module._parameters[name]
        if weight is None:
            raise ValueError(f"`SpectralNorm` cannot be applied as parameter `{name}` is None")
        if is_lazy(weight):
            raise ValueError(
                "The module passed to `SpectralNorm` can't have uninitialized parameters. Make sure to run the dummy "
                "forward before applying spectral normalization"
            )
        with no_grad():
            height, width = hook.reshape_weight_to_matrix(weight).shape
            u = unit(weight.new_empty(height).normal_(0, 1), eps)
            v = unit(weight.new_empty(width).normal_(0, 1), eps)
        delattr(module, name)
        module.register_parameter(name + "_orig", weight)
        setattr(module, name, weight.data)  # a plain attribute: what the hook computes is no parameter
        module.register_buffer(name + "_u", u)
        module.register_buffer(name + "_v", v)
        module.register_forward_pre_hook(hook)
        module._register_state_dict_hook(SpectralNormStateDictHook(hook))
        module._register_load_state_dict_pre_hook(SpectralNormLoadStateDictPreHook(hook))
        return hook


class SpectralNormLoadStateDictPreHook:
    """Takes states of version 0, of PyTorch before 1.1: they hold the normalised weight in the place of v."""

    def __init__(self, fn: SpectralNorm) -> None:
        self.fn = fn

    def __call__(
        self,
        state_dict: Any,
        prefix: str,
        local_metadata: Any,
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        fn, key = self.fn, prefix + self.fn.name
        version = local_metadata.get("spectral_norm", {}).get(fn.name + ".version")
        if version is not None and version >= 1:
            return
        if version is None and all(key + s in state_dict for s in ("_orig", "_u", "_v")) and key not in state_dict:
            return  # a newer state without metadata
        missing = [key + s for s in ("_orig", "", "_u") if key + s not in state_dict]
        if missing:
            missing_keys += missing if strict else []
            return
        with no_grad():
            original, u = state_dict[key + "_orig"], state_dict[key + "_u"]
            sigma = (original / state_dict.pop(key)).mean()
            state_dict[key + "_v"] = fn._solve_v_and_rescale(fn.reshape_weight_to_matrix(original), u, sigma)


class SpectralNormStateDictHook:
    """Writes the version into the state's metadata, as PyTorch does."""

    def __init__(self, fn: SpectralNorm) -> None:
        self.fn = fn

    def __call__(self, module: Any, state_dict: Any, prefix: str, local_metadata: Any) -> None:
        versions = local_metadata.setdefault("spectral_norm", {})
        key = self.fn.name + ".version"
        if key in versions:
            raise RuntimeError(f"Unexpected key in metadata['spectral_norm']: {key}")
        versions[key] = self.fn._version


def spectral_norm(
    module: _Module,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
) -> _Module:
    """name = name_orig / σ(name_orig), with the largest singular value by power iteration; one step each forward in
    training.

    >>> import adjoint as torch
    >>> layer = torch.nn.utils.spectral_norm(torch.nn.Linear(4, 3))
    >>> [name for name, _ in layer.named_parameters()], [name for name, _ in layer.named_buffers()]
    (['bias', 'weight_orig'], ['weight_u', 'weight_v'])
    """
    SpectralNorm.apply(module, name, n_power_iterations, rows_dim(module) if dim is None else dim, eps)
    return module


def remove_spectral_norm(module: _Module, name: str = "weight") -> _Module:
    """Makes what spectral_norm computes an ordinary parameter again."""
    layer: Any = module
    for number, hook in layer._forward_pre_hooks.items():
        if isinstance(hook, SpectralNorm) and hook.name == name:
            hook.remove(module)
            del layer._forward_pre_hooks[number]
            break
    else:
        raise ValueError(f"spectral_norm of '{name}' not found in {module}")
    for hooks in (layer._state_dict_hooks, layer._load_state_dict_pre_hooks):
        for number, hook in list(hooks.items()):
            fn = getattr(getattr(hook, "hook", hook), "fn", None)
            if isinstance(fn, SpectralNorm) and fn.name == name:
                del hooks[number]
    return module
