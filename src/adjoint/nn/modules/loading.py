"""What load_state_dict is about to write: noted first, carried out when all is known to be well, and undone if not."""

from __future__ import annotations

from warnings import warn

from ...autograd.grad_mode import no_grad
from ...overrides import is_tensor_like
from ..parameter import Parameter, is_lazy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class Problem(Exception):
    """A tensor of the state cannot be taken."""


class Plan(list):  # of messages: it is what _load_from_state_dict gets as error_msgs
    def __init__(self) -> None:
        super().__init__()
        self.copies: list[tuple[str, Any, Any]] = []  # (key, tensor of the module, tensor of the state)
        self.assignments: list[tuple[str, Any, str, Any]] = []  # (key, module, name, tensor of the state)
        self.others: list[Callable[[], None]] = []
        self.undoing: list[Callable[[], None]] = []

    def later(self, act: Callable[[], None]) -> None:
        self.others.append(act)

    def take(self, module: Any, name: str, key: str, held: Any, given: Any, assign: bool) -> None:
        """Notes that a module's tensor becomes a given one."""
        if not is_tensor_like(given):
            raise Problem(
                f'While copying the parameter named "{key}", expected torch.Tensor or Tensor-like object from checkpoint '
                f"but received {type(given)}"
            )
        if not is_lazy(held):
            if held.dim() == 0 and given.dim() == 1 and given.shape[0] == 1:
                given = given[0]  # as scalars were saved before PyTorch 0.4
            if given.shape != held.shape:
                raise Problem(
                    f"size mismatch for {key}: copying a param with shape {given.shape} from checkpoint, the shape in "
                    f"current model is {held.shape}."
                )
        if assign:
            self.assignments.append((key, module, name, given))
            return
        if held.is_meta and not given.is_meta:
            warn(
                f"for {key}: copying from a non-meta parameter in the checkpoint to a meta parameter in the current "
                "model, which is a no-op. (Did you mean to pass `assign=True` to assign items in the state dictionary "
                "to their corresponding key in the module instead of copying them in place?)",
                stacklevel=5,
            )
        self.copies.append((key, held, given))

    def carry_out(self) -> list[str]:
        """Writes all that was noted; the messages of what failed."""
        errors = []
        with no_grad():
            for key, held, given in self.copies:
                try:
                    held.copy_(given)
                except Exception as error:
                    errors.append(
                        f'While copying the parameter named "{key}", whose dimensions in the model are {held.size()} and '
                        f"whose dimensions in the checkpoint are {given.size()}, an exception occurred : {error.args}."
                    )
            for _, module, name, given in self.assignments:
                held = getattr(module, name)
                if isinstance(held, Parameter):
                    given = (
                        given.requires_grad_(held.requires_grad)
                        if isinstance(given, Parameter)
                        else Parameter(given, held.requires_grad)
                    )
                setattr(module, name, given)
        for act in self.others:
            act()
        return errors

    def undo(self) -> None:
        for act in reversed(self.undoing):
            act()
