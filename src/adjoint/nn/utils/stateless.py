"""A module called with other parameters and buffers than its own."""

from __future__ import annotations

from contextlib import contextmanager
from warnings import warn

from ... import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ..._core import Tensor
    from ..modules.module import Module

__all__ = ["functional_call"]


def functional_call(
    module: Module,
    parameters_and_buffers: dict[str, Tensor],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """Deprecated: adjoint.func.functional_call."""
    warn(
        "`torch.nn.utils.stateless.functional_call` is deprecated as of PyTorch 2.0 and will be removed in a future "
        "version of PyTorch. Please use `torch.func.functional_call` instead which is a drop-in replacement.",
        FutureWarning,
        stacklevel=2,
    )
    return _functional_call(module, parameters_and_buffers, args, kwargs, tie_weights=tie_weights, strict=strict)


def _functional_call(
    module: Module,
    parameters_and_buffers: dict[str, Tensor],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    if args is None:
        args = ()
    elif not isinstance(args, tuple):
        args = (args,)
    with _reparametrize_module(module, parameters_and_buffers, tie_weights=tie_weights, strict=strict):
        return module(*args, **(kwargs or {}))


@contextmanager
def _reparametrize_module(
    module: Module,
    parameters_and_buffers: dict[str, Tensor],
    *,
    tie_weights: bool = False,
    strict: bool = False,
    stack_weights: bool = False,
) -> Iterator[None]:
    """The module with other tensors inside the block. Buffers that the module replaces go into the given dict."""
    given = _with_tied_names(module, parameters_and_buffers) if tie_weights else dict(parameters_and_buffers)
    if strict:
        _check_names(module, given)
    before: list[tuple[Any, str, Any]] = []
    try:
        for path, tensor in given.items():
            owner, name = _place(module, path)
            before.append((owner, name, _swap(owner, name, tensor)))
        yield
    finally:
        # Last first: what is swapped twice, in a module with two paths, gets its first tensor back.
        after = {}
        for path, (owner, name, tensor) in reversed(list(zip(given, before, strict=False))):
            after[path] = _swap(owner, name, tensor)
        parameters_and_buffers.update({k: after[k] for k in parameters_and_buffers if k in after})


_ABSENT: Any = object()


def _place(module: Module, path: str) -> tuple[Any, str]:
    where, _, name = path.rpartition(".")
    if name == "":
        raise KeyError('tensor name can\'t be empty string ""')
    return module.get_submodule(where), name


def _swap(module: Any, name: str, tensor: Any) -> Any:
    """Puts a tensor in the place of another, which is returned."""
    if tensor is not _ABSENT and tensor is not None and not isinstance(tensor, _core.Tensor):
        raise TypeError(f"{tensor} is not an instance of torch.Tensor")
    for members in (module._parameters, module._buffers):
        if name in members:
            found = members[name]
            if tensor is _ABSENT:
                del members[name]
            else:
                members[name] = tensor
            return found
    found = getattr(module, name, _ABSENT)
    if found is not _ABSENT and found is not None and not isinstance(found, _core.Tensor):
        raise TypeError(f"attribute `{name}`: {found} is not an instance of torch.Tensor")
    if tensor is _ABSENT:
        if found is not _ABSENT:
            delattr(module, name)
    else:
        setattr(module, name, tensor)
    return found


def _all_named(module: Module) -> dict[str, Any]:
    return dict(module.named_parameters(remove_duplicate=False)) | dict(module.named_buffers(remove_duplicate=False))


def _check_names(module: Module, given: dict[str, Any]) -> None:
    names = _all_named(module)
    problems = []
    unexpected = sorted(set(given) - set(names))
    missing = sorted(set(names) - set(given))
    if unexpected:
        problems.append(f"Unexpected key(s): {', '.join(map(repr, unexpected))}.")
    if missing:
        problems.append(f"Missing key(s): {', '.join(map(repr, missing))}.")
    if problems:
        raise RuntimeError(f"Error(s) in reparametrizing for {module._get_name()}:\n\t" + "\n\t".join(problems))


def _with_tied_names(module: Module, given: dict[str, Any]) -> dict[str, Any]:
    """The given tensors, and what is tied to one of them gets it, too."""
    groups: dict[int, list[str]] = {}
    for name, tensor in _all_named(module).items():
        groups.setdefault(id(tensor), []).append(name)
    found = dict(given)
    for names in groups.values():
        values = {id(given[name]): given[name] for name in names if name in given}
        if len(names) == 1 or not values:
            continue
        if len(values) > 1:
            raise ValueError(
                f"functional_call got multiple values for keys {sorted(names)}, which are tied. Consider using "
                "tie_weights=False"
            )
        found.update(dict.fromkeys(names, next(iter(values.values()))))
    return found
