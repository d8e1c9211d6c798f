"""What load_state_dict is about to write: noted first, carried out when all is known to be well, and undone if not."""

from __future__ import annotations

import sys
from warnings import warn

from ... import _core
from ...autograd.grad_mode import no_grad
from ...overrides import is_tensor_like
from ..parameter import Parameter, is_lazy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

# Note [All or nothing]
# load_state_dict gives its Plan to every module's _load_from_state_dict as `error_msgs`. Module's own one only notes
# there what is to be written; when nothing is wrong, the Plan writes it. Whatever could still fail then, or be found
# wrong later, is saved before: tensors that a copy could refuse, all of them where hooks run after loading or an extra
# state is set, and those of a module whose class loads in its own way. Which tensors the modules hold (pre-hooks may
# put others there) is remembered for all. So an error, whenever it comes, leaves the module as it was.


def tell(text: str) -> None:
    """A warning at the line that called the package of modules."""
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__package__") == __package__:
        level, frame = level + 1, frame.f_back
    warn(text, stacklevel=level)


class Problem(Exception):
    """A tensor of the state cannot be taken."""


class Plan(list):  # of messages
    def __init__(self) -> None:
        super().__init__()
        self.taken: set[str] = set()  # keys of the state that are used
        self.mismatched: list[tuple[str, Any, Any]] = []  # (key, shape in the state, shape in the module)
        self.copies: list[tuple[str, Any, Any]] = []  # (key, tensor of the module, tensor of the state)
        self.assignments: list[tuple[str, Any, Any]] = []  # the same
        self.others: list[Callable[[], None]] = []
        self.undoing: list[Callable[[], None]] = []
        self.roots: list[Any] = []  # where the tensors of the module are looked for

    # --- before -----------------------------------------------------------------------------------------------------

    def remember(self, module: Any, values: bool) -> None:
        """Which tensors the module holds, and if asked, their values."""
        held = [(members, dict(members)) for members in (module._parameters, module._buffers)]

        def undo() -> None:
            for members, before in held:
                if {k: id(v) for k, v in members.items()} != {k: id(v) for k, v in before.items()}:
                    members.clear()
                    members.update(before)

        self.undoing.append(undo)
        if values:
            for _, before in held:
                for tensor in before.values():
                    self.save(tensor)

    def save(self, tensor: Any) -> None:
        """The tensor's values, for undo()."""
        if tensor is None or is_lazy(tensor) or tensor.is_meta:
            return
        version, before = tensor._version, tensor.detach().clone()

        def undo() -> None:
            if tensor._version != version:
                with no_grad():
                    tensor.copy_(before)

        self.undoing.append(undo)

    def later(self, act: Callable[[], None]) -> None:
        self.others.append(act)

    def take(self, key: str, held: Any, given: Any, assign: bool) -> None:
        """Notes that a module's tensor becomes a given one."""
        self.taken.add(key)
        if not is_tensor_like(given):
            raise Problem(
                f'While copying the parameter named "{key}", expected torch.Tensor or Tensor-like object from checkpoint '
                f"but received {type(given)}"
            )
        if not is_lazy(held):
            if held.dim() == 0 and given.dim() == 1 and given.shape[0] == 1:
                given = given[0]  # as scalars were saved before PyTorch 0.4
            if given.shape != held.shape:
                self.mismatched.append((key, given.shape, held.shape))
                raise Problem(
                    f"size mismatch for {key}: copying a param with shape {given.shape} from checkpoint, the shape in "
                    f"current model is {held.shape}."
                )
        if assign:
            self.assignments.append((key, held, given))
            return
        if held.is_meta and not given.is_meta:
            tell(
                f"for {key}: copying from a non-meta parameter in the checkpoint to a meta parameter in the current "
                "model, which is a no-op. (Did you mean to pass `assign=True` to assign items in the state dictionary "
                "to their corresponding key in the module instead of copying them in place?)"
            )
        self.copies.append((key, held, given))

    # --- the deed ---------------------------------------------------------------------------------------------------

    def carry_out(self, save: bool = False) -> list[str]:
        """Writes all that was noted; the messages of what failed. save: everything that is written over, first."""
        errors: list[str] = []
        rounded: dict[str, list[str]] = {}
        unsure = [copy for copy in self.copies if not _surely_copied(*copy[1:])]
        sure = [copy for copy in self.copies if _surely_copied(*copy[1:])]
        for _, held, _ in self.copies if save else unsure:
            self.save(held)
        for key, held, given in unsure + sure:
            if errors:
                break
            try:
                with no_grad():
                    held.copy_(given)
            except Exception as error:
                errors.append(
                    f'While copying the parameter named "{key}", whose dimensions in the model are {held.size()} and '
                    f"whose dimensions in the checkpoint are {given.size()}, an exception occurred : {error.args}."
                )
            else:
                if _lost(held, given):
                    rounded.setdefault(f"{_dtype(given)} to {_dtype(held)}", []).append(key)
        if not errors:
            self._assign()
            for act in self.others:
                act()
            for change, keys in rounded.items():
                tell(f"load_state_dict: values changed in the cast from {change}: {_listed(keys)}")
        return errors

    def _assign(self) -> None:
        """Puts tensors of the state in the place of the module's, everywhere where those are held (tied weights)."""
        chosen: dict[int, Any] = {}
        first: dict[int, tuple[str, Any]] = {}
        for key, held, given in self.assignments:
            if id(held) in first and not _same_values(first[id(held)][1], given):
                tell(
                    f"load_state_dict: {first[id(held)][0]} and {key} are one parameter in the module, but differ in the "
                    "state; it is the latter now"
                )
            first.setdefault(id(held), (key, given))
            if isinstance(held, Parameter) and not (
                isinstance(given, Parameter) and given.requires_grad == held.requires_grad
            ):
                given = Parameter(given.detach(), held.requires_grad)
            chosen[id(held)] = given
        for module in _modules_of(self.roots) if chosen else ():
            for members in (module._parameters, module._buffers):
                for name, held in list(members.items()):
                    if id(held) in chosen:
                        setattr(module, name, chosen[id(held)])

    def undo(self) -> None:
        for act in reversed(self.undoing):
            act()


def _modules_of(roots: Iterable[Any]) -> Iterable[Any]:
    return {id(module): module for root in roots for module in root.modules()}.values()


def _surely_copied(held: Any, given: Any) -> bool:
    """Can copy_ refuse? Not between plain tensors whose elements have places of their own."""
    plain = (_core.Tensor, Parameter)
    return (
        type(held) in plain
        and type(given) in plain
        and held.is_contiguous()
        and held.device == given.device
        and not held.is_inference()
    )


def _dtype(tensor: Any) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _lost(held: Any, given: Any) -> bool:
    """Has a cast changed values?"""
    to, of = held.dtype, given.dtype
    if to == of or held.is_meta or given.is_meta or type(given) not in (_core.Tensor, Parameter):
        return False
    if _core.promote_types(to, of) == to and held.is_floating_point() == given.is_floating_point():
        return False  # a wider type of the same kind
    back, given = held.detach().to(of), given.detach()
    return bool(((back != given) & ~((back != back) & (given != given))).any())


def _same_values(a: Any, b: Any) -> bool:
    if a is b or a.is_meta or b.is_meta:
        return True
    return a.data_ptr() == b.data_ptr() or bool(_core.equal(a.detach(), b.detach()))


def _listed(names: list[str], most: int = 5) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
