"""A module's state as a dict of tensors, and back: state_dict, load_state_dict and their hooks."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from collections.abc import Mapping
from warnings import warn

from ...utils.hooks import RemovableHandle
from .hooks import _WrappedHook
from .loading import Plan, Problem, tell
from .mismatch import report
from .walk import Walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_EXTRA_STATE_KEY_SUFFIX = "_extra_state"


class _IncompatibleKeys(namedtuple("IncompatibleKeys", ["missing_keys", "unexpected_keys"])):
    """What load_state_dict returns."""

    loaded: int | None = None
    causes: list[str] | None = None

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return super().__repr__()

    def __str__(self) -> str:
        if self.loaded is None or not (self.missing_keys or self.unexpected_keys):
            return repr(self)
        wanted = self.loaded + len(self.missing_keys)
        lines = [f"{self.loaded} of {wanted} keys were loaded; {len(self.unexpected_keys)} were not expected"]
        return "\n  ".join([*lines, *(self.causes or ())])

    def tell(self, loaded: int, causes: list[str]) -> None:
        """Takes what __str__ reports; warns if most of the module was not loaded."""
        self.loaded, self.causes = loaded, causes
        if loaded < len(self.missing_keys):
            tell(f"load_state_dict: under half of the keys matched: {self}")


class State(Walk):
    _version: int
    _non_persistent_buffers_set: set[str]
    _state_dict_hooks: dict[int, Callable[..., Any]]
    _state_dict_pre_hooks: dict[int, Callable[..., Any]]
    _load_state_dict_pre_hooks: dict[int, Callable[..., Any]]
    _load_state_dict_post_hooks: dict[int, Callable[..., Any]]

    # --- hooks ------------------------------------------------------------------------------------------------------

    def _register_state_dict_hook(self, hook: Any) -> RemovableHandle:
        """hook(module, state_dict, prefix, local_metadata) after state_dict; may return another dict."""
        if getattr(hook, "_from_public_api", False):
            raise RuntimeError(
                "Cannot register the same function as the state dict post hook that was previously registered via "
                "register_state_dict_post_hook"
            )
        return self._put(self._state_dict_hooks, hook)

    def register_state_dict_post_hook(self, hook: Any) -> RemovableHandle:
        """hook(module, state_dict, prefix, local_metadata) after state_dict, which it may change in place."""
        hook._from_public_api = True
        return self._put(self._state_dict_hooks, hook)

    def register_state_dict_pre_hook(self, hook: Any) -> RemovableHandle:
        """hook(module, prefix, keep_vars) before state_dict."""
        return self._put(self._state_dict_pre_hooks, hook)

    def _register_load_state_dict_pre_hook(self, hook: Any, with_module: bool = False) -> RemovableHandle:
        return self._put(self._load_state_dict_pre_hooks, _WrappedHook(hook, self if with_module else None))

    def register_load_state_dict_pre_hook(self, hook: Any) -> RemovableHandle:
        """hook(module, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs) before
        the module takes its part of a state."""
        return self._register_load_state_dict_pre_hook(hook, with_module=True)

    def register_load_state_dict_post_hook(self, hook: Any) -> RemovableHandle:
        """hook(module, incompatible_keys) after loading; may change the lists of missing and unexpected keys."""
        return self._put(self._load_state_dict_post_hooks, hook)

    @staticmethod
    def _put(hooks: dict[int, Any], hook: Any) -> RemovableHandle:
        handle = RemovableHandle(hooks)
        hooks[handle.id] = hook
        return handle

    # --- out --------------------------------------------------------------------------------------------------------

    def get_extra_state(self) -> Any:
        """What belongs to the state beside tensors: override it together with set_extra_state."""
        raise RuntimeError(
            "Reached a code path in Module.get_extra_state() that should never be called: it is for classes to override."
        )

    def set_extra_state(self, state: Any) -> None:
        """Takes what get_extra_state gave."""
        raise RuntimeError(
            "Reached a code path in Module.set_extra_state() that should never be called: it is for classes to override."
        )

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        """This module's own part of state_dict, without its children's."""
        for name, value in self._own_state():
            destination[prefix + name] = value if keep_vars else value.detach()
        if type(self).get_extra_state is not State.get_extra_state:
            destination[prefix + _EXTRA_STATE_KEY_SUFFIX] = self.get_extra_state()

    def _own_state(self) -> list[tuple[str, Any]]:
        """Parameters and persistent buffers that are there."""
        found = [(name, value) for name, value in self._parameters.items() if value is not None]
        for name, value in self._buffers.items():
            if value is not None and name not in self._non_persistent_buffers_set:
                found.append((name, value))
        return found

    def state_dict(self, *args: Any, destination: Any = None, prefix: str = "", keep_vars: bool = False) -> Any:
        """All parameters and persistent buffers by their paths, detached unless keep_vars."""
        if args:
            warn(
                "Positional args are being deprecated, use kwargs instead. Refer to "
                "https://pytorch.org/docs/main/generated/torch.nn.Module.html#torch.nn.Module.state_dict for details.",
                FutureWarning,
                stacklevel=2,
            )
            destination = args[0] if destination is None else destination
            prefix = args[1] if len(args) > 1 and prefix == "" else prefix
            keep_vars = args[2] if len(args) > 2 and keep_vars is False else keep_vars
        if destination is None:
            destination = OrderedDict()
            destination._metadata = OrderedDict()
        local_metadata = {"version": self._version}
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix[:-1]] = local_metadata
        for hook in self._state_dict_pre_hooks.values():
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        for hook in self._state_dict_hooks.values():
            changed = hook(self, destination, prefix, local_metadata)
            if changed is not None:
                if getattr(hook, "_from_public_api", False):
                    raise RuntimeError("state_dict post-hook must return None")
                destination = changed
        return destination

    # --- in ---------------------------------------------------------------------------------------------------------

    def _load_from_state_dict(
        self,
        state_dict: Any,
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        """Takes this module's own part of a state, without its children's; what is wrong goes into the lists.

        Called by load_state_dict, error_msgs is a Plan: what is to be written is noted there, and written when all
        is known to be well.
        """
        for hook in self._load_state_dict_pre_hooks.values():
            hook(state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)
        plan = error_msgs if isinstance(error_msgs, Plan) else Plan()
        assign = local_metadata.get("assign_to_params_buffers", False)
        own = dict(self._own_state())
        for name, held in own.items():
            key = prefix + name
            if key in state_dict:
                try:
                    plan.take(key, held, state_dict[key], assign)
                except Problem as problem:
                    error_msgs.append(str(problem))
            elif strict:
                missing_keys.append(key)
        extra = prefix + _EXTRA_STATE_KEY_SUFFIX
        if type(self).set_extra_state is not State.set_extra_state:
            if extra in state_dict:
                plan.later(lambda: self.set_extra_state(state_dict[extra]))
            elif strict:
                missing_keys.append(extra)
        elif strict and extra in state_dict:
            unexpected_keys.append(extra)
        if strict:
            for key in state_dict:
                if key.startswith(prefix) and key != extra:
                    name, *below = key[len(prefix) :].split(".", 1)
                    if name not in (self._modules if below else own):
                        unexpected_keys.append(key)
        if plan is not error_msgs:  # called by hand
            plan.roots.append(self)
            error_msgs += plan.carry_out()

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False) -> Any:
        """Copies a state into the module's parameters and buffers.

        All or nothing: where a shape is wrong, or a key missing or unexpected (unless strict is False), the error
        tells of all of them and the module is as it was. assign: the state's tensors take the place of the module's.

        Returns:
            (missing_keys, unexpected_keys); printed, it says what was loaded and what was not, and why.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        plan = Plan()
        plan.roots.append(self)
        try:
            keys = self._fill(plan, state_dict, assign)
            errors = list(plan)
            hooked = _has_load_hooks(self)  # they may take keys out of the lists
            if not errors and (hooked or not (strict and any(keys))):
                errors = plan.carry_out(save=hooked or bool(plan.others))
                if not errors:
                    self._run_load_hooks(keys)
            if strict and keys.unexpected_keys:
                listed = ", ".join(f'"{k}"' for k in keys.unexpected_keys)
                errors.insert(0, f"Unexpected key(s) in state_dict: {listed}. ")
            if strict and keys.missing_keys:
                listed = ", ".join(f'"{k}"' for k in keys.missing_keys)
                errors.insert(0, f"Missing key(s) in state_dict: {listed}. ")
            causes = report(state_dict, keys.missing_keys, keys.unexpected_keys, plan.mismatched)
            if errors:
                text = "\n\t".join(errors)
                error = RuntimeError(f"Error(s) in loading state_dict for {type(self).__name__}:\n\t{text}")
                error.__notes__ = causes  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
                raise error
        except BaseException:
            plan.undo()
            raise
        keys.tell(len(plan.taken), causes)
        return keys

    def _fill(self, plan: Plan, state_dict: Mapping[str, Any], assign: bool) -> _IncompatibleKeys:
        """Lets every module take its part of the state: the plan gets what is to be written and what is wrong."""
        missing: list[str] = []
        unexpected: list[str] = []
        metadata = getattr(state_dict, "_metadata", None)
        given: Any = OrderedDict(state_dict)
        if metadata is not None:
            given._metadata = metadata

        def load(module: Any, state: Any, prefix: str) -> None:
            local = {} if metadata is None else dict(metadata.get(prefix[:-1], {}))
            if assign:
                local["assign_to_params_buffers"] = assign
            plan.remember(module, values=_loads_in_its_own_way(module))
            module._load_from_state_dict(state, prefix, local, True, missing, unexpected, plan)
            for name, child in module._modules.items():
                if child is not None:
                    below = f"{prefix}{name}."
                    load(child, {k: v for k, v in state.items() if k.startswith(below)}, below)

        load(self, given, "")
        return _IncompatibleKeys(missing, unexpected)

    def _run_load_hooks(self, keys: _IncompatibleKeys) -> None:
        for child in self._modules.values():
            if child is not None:
                child._run_load_hooks(keys)
        for hook in self._load_state_dict_post_hooks.values():
            if hook(self, keys) is not None:
                raise AssertionError(
                    "Hooks registered with ``register_load_state_dict_post_hook`` are not expected to return new "
                    "values, if incompatible_keys need to be modified, it should be done inplace."
                )


def _has_load_hooks(module: Any) -> bool:
    return any(m._load_state_dict_post_hooks for m in module.modules())


def _loads_in_its_own_way(module: Any) -> bool:
    """Is its _load_from_state_dict a user's?"""
    function = type(module)._load_from_state_dict
    return not getattr(function, "__module__", "").startswith(f"{__package__}.")
