"""A call as a small tree, which can be built, printed as a program and cut down.

A call is Call(text, function, args, kwargs, writes); its operands are
    Code(text)               what an expression gives, evaluated anew each time
    Value(object)            a number, a dtype … whose repr is its program
    Tensor(values, dtype)    torch.tensor([...], dtype=...): memory of its own
    Ref(i)                   an earlier operand of the same call
    List(items), Tuple(items)
    Steps(base, steps)       methods called on another recipe, one after another: views, requires_grad_ …
    Call(...)                the result of another call
"""

from dataclasses import dataclass, field
from typing import Any

import adjoint as torch

from .oddities import NAMESPACE

_CODE: dict[str, Any] = {}


@dataclass
class Code:
    text: str

    def build(self, env):
        code = _CODE.get(self.text)
        if code is None:
            code = _CODE[self.text] = compile(self.text, "<recipe>", "eval")
        return eval(code, NAMESPACE if env.torch is torch else {**NAMESPACE, "torch": env.torch})

    def source(self):
        return self.text


@dataclass
class Value:
    value: Any

    def build(self, env):
        return env.value(self.value)

    def source(self):
        text = repr(self.value)
        return text.replace("adjoint.", "torch.") if "adjoint." in text else text


@dataclass
class Tensor:
    values: list
    dtype: Any

    def build(self, env):
        made = env.torch.tensor(self.values, dtype=env.value(self.dtype))
        env.owners.append(made)
        return made

    def source(self):
        return f"torch.tensor({self.values!r}, dtype=torch.{str(self.dtype).split('.')[-1]})"


@dataclass
class Ref:
    index: int

    def build(self, env):
        env.shared.add(self.index)
        return env.operands[self.index]

    def source(self):
        return f"a{self.index}"


@dataclass
class List:
    items: list
    kind: type = list

    def build(self, env):
        return self.kind([item.build(env) for item in self.items])

    def source(self):
        inside = ", ".join(item.source() for item in self.items)
        if self.kind is list:
            return f"[{inside}]"
        return f"({inside}{',' if len(self.items) == 1 else ''})"


@dataclass
class Steps:
    base: Any
    steps: tuple  # (method, arguments) or (attribute,)

    def build(self, env):
        made = self.base.build(env)
        for step in self.steps:
            made = getattr(made, step[0])
            if len(step) > 1:
                made = made(*step[1])
        return made

    def source(self):
        text = self.base.source()
        for step in self.steps:
            text += f".{step[0]}"
            if len(step) > 1:
                text += "(" + ", ".join(a.__name__ if isinstance(a, type) else repr(a) for a in step[1]) + ")"
        return text


@dataclass
class Call:
    kind: str
    text: str  # "torch.add": how a program names it
    function: Any
    args: list
    kwargs: dict = field(default_factory=dict)
    writes: Any = False  # False: changes no operand. True: its first. "any": no telling

    def build(self, env):
        args = [a.build(env) for a in self.args]
        return self.function(*args, **{k: v.build(env) for k, v in self.kwargs.items()})

    def source(self):
        arguments = [a.source() for a in self.args] + [f"{k}={v.source()}" for k, v in self.kwargs.items()]
        return f"{self.text}({', '.join(arguments)})"

    def program(self):
        """The call as lines of Python; operands are named where another refers to them."""
        lines, names = [], []
        for i, a in enumerate([*self.args, *self.kwargs.values()]):
            lines.append(f"a{i} = {a.source()}")
            names.append(f"a{i}")
        positional = names[: len(self.args)]
        # A keyword may be no name.
        keywords = [
            f"{k}={n}" if k.isidentifier() else f"**{{{k!a}: {n}}}"
            for k, n in zip(self.kwargs, names[len(self.args) :], strict=True)
        ]
        lines.append(f"{self.text}({', '.join(positional + keywords)})")
        return "\n".join(lines)


class Environment:
    """What a call's operands were made of: to see afterwards that they are as they were."""

    __slots__ = ("operands", "owned", "owners", "shared", "torch")

    def __init__(self, module=torch):
        self.torch = module
        self.operands, self.owners, self.owned, self.shared = [], [], [], set()

    def value(self, value):
        """What stands for a dtype in the module that builds."""
        if self.torch is not torch and isinstance(value, torch.dtype):
            return getattr(self.torch, str(value).split(".")[-1])
        return value

    def build(self, call):
        for recipe in (*call.args, *call.kwargs.values()):
            first = len(self.owners)
            self.operands.append(recipe.build(self))
            # Where the memory of this operand lies in `owners`: an alias has that of the operand it refers to.
            self.owned.append((first, len(self.owners)))
        n = len(call.args)
        return self.operands[:n], dict(zip(call.kwargs, self.operands[n:], strict=True))
