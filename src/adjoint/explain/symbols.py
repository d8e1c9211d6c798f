"""Formulas as trees: read from the records' texts, with the caller's names put in, simplified, and computed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from .. import _core
from .term import LEVEL, Term, call, name, number, op

# --- reading ---

_TOKEN = re.compile(
    r"\s*(\d+\.?\d*(?:e[+-]?\d+)?|[A-Za-z_][A-Za-z_0-9.]*|<=|>=|==|!=|[-+·/<>&|(),²])", re.UNICODE
)  # what core/ops/formula.cpp writes


class _Reader:
    def __init__(self, text: str) -> None:
        self.tokens: list[str] = []
        at = 0
        while at < len(text.rstrip()):
            m = _TOKEN.match(text, at)
            if m is None:
                raise ValueError(f"cannot read the formula {text!r} at {text[at:]!r}")
            self.tokens.append(m[1])
            at = m.end()
        self.tokens.append("")

    def take(self) -> str:
        return self.tokens.pop(0)

    def binary(self, level: int = 0) -> Term:
        if level == 4:
            return self.sign()
        left = self.binary(level + 1)
        while LEVEL.get(self.tokens[0]) == level:
            head = self.take()
            left = op(head, left, self.binary(level + 1))
        return left

    def sign(self) -> Term:
        if self.tokens[0] == "-":
            self.take()
            return Term("neg", "-", (self.sign(),))
        if self.tokens[0] == "not":
            self.take()
            return Term("not", "not", (self.power(),))
        return self.power()

    def power(self) -> Term:
        base = self.atom()
        while self.tokens[0] == "²":
            self.take()
            base = call("pow", base, Term("number", "2"))
        return base

    def atom(self) -> Term:
        token = self.take()
        if token == "(":
            inner = self.binary()
            self.expect(")")
            return inner
        if token[:1].isdigit():
            return Term("number", token)
        if not token[:1].isalpha() and token[:1] != "_":
            raise ValueError(f"cannot read a formula: expected an operand, got {token or 'its end'!r}")
        if self.tokens[0] != "(":
            return Term("number", token) if token in ("nan", "inf") else name(token)
        self.expect("(")
        args = [self.binary()]
        while self.tokens[0] == ",":
            self.take()
            args.append(self.binary())
        self.expect(")")
        return call(token, *args)

    def expect(self, wanted: str) -> None:
        if (found := self.take()) != wanted:
            raise ValueError(f"cannot read a formula: expected {wanted!r}, got {found or 'its end'!r}")


@lru_cache(maxsize=4096)
def read(text: str) -> Term:
    """A record's text, such as "where(a > 0, 1, b)", as a formula; ValueError if it is none."""
    reader = _Reader(text)
    term = reader.binary()
    if reader.tokens != [""]:
        raise ValueError(f"cannot read the formula {text!r} to its end")
    return term


# --- changing ---


def substitute(term: Term, by: Mapping[str, Term]) -> Term:
    """The formula with terms in place of names."""
    if term.kind == "name":
        return by.get(term.head, term)
    if not term.args:
        return term
    return Term(term.kind, term.head, tuple(substitute(a, by) for a in term.args))


def names_in(term: Term | None) -> set[str]:
    """The names that a formula speaks of."""
    if term is None:
        return set()
    if term.kind == "name":
        return {term.head}
    return set().union(*(names_in(a) for a in term.args))


def value_of(term: Term) -> float | None:
    """Of a number, also a negative one."""
    if term.kind == "neg":
        inner = value_of(term.args[0])
        return None if inner is None else -inner
    try:
        return float(term.head) if term.kind == "number" else None
    except ValueError:  # complex
        return None


def is_number(term: Term, value: float) -> bool:
    return value_of(term) == value


def simplify(term: Term) -> Term:
    """Without 1·x, x + 0, -1·x, pow(x, 1) and the like; numbers next to each other are added up."""
    if not term.args:
        return term
    args = tuple(simplify(a) for a in term.args)
    rule = _SIMPLER.get(term.head) if term.kind in ("op", "call") else None
    if term.kind == "neg" and args[0].kind == "neg":
        return args[0].args[0]
    found = rule(*args) if rule is not None else None
    return found if found is not None else Term(term.kind, term.head, args)


def _negative(a: Term) -> Term:
    return a.args[0] if a.kind == "neg" else Term("neg", "-", (a,))


def _sum(a: Term, b: Term) -> Term | None:
    x, y = value_of(a), value_of(b)
    if x is not None and y is not None:
        return number(_whole(x + y))
    return b if x == 0 else a if y == 0 else None


def _difference(a: Term, b: Term) -> Term | None:
    x, y = value_of(a), value_of(b)
    if x is not None and y is not None:
        return number(_whole(x - y))
    return _negative(b) if x == 0 else a if y == 0 else None


def _product(a: Term, b: Term) -> Term | None:
    x, y = value_of(a), value_of(b)
    if x is not None and y is not None:
        return number(_whole(x * y))
    if x == 1:
        return b
    if y == 1:
        return a
    if x == -1:
        return _negative(b)
    if y == -1:
        return _negative(a)
    if y is not None and a.kind in ("name", "call"):
        return op("·", b, a)  # numbers come first
    return None


def _quotient(a: Term, b: Term) -> Term | None:
    return a if is_number(b, 1) else None


def _power(a: Term, b: Term) -> Term | None:
    return a if is_number(b, 1) else None


def _whole(x: float) -> float | int:
    return int(x) if x == int(x) and abs(x) < 1e15 else x


_SIMPLER: dict[str, Callable[..., Term | None]] = {
    "+": _sum,
    "-": _difference,
    "·": _product,
    "/": _quotient,
    "pow": _power,
    "square": lambda a: call("pow", a, number(2)),
    "reciprocal": lambda a: op("/", number(1), a),
    "rsqrt": lambda a: op("/", number(1), call("sqrt", a)),
}


# --- computing ---

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "·": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
}


def compute(term: Term, by: Mapping[str, Any]) -> Any:
    """The value of a formula, from tensors and numbers for its names.

    Raises:
        KeyError: a name without a value, or a function that is not known.
    """
    if term.kind == "number":
        value = float(term.head)
        return int(value) if term.head.isdigit() else value
    if term.kind == "name":
        return by[term.head]
    args = [compute(a, by) for a in term.args]
    if term.kind == "op":
        return _OPERATORS[term.head](*args)
    if term.kind == "neg":
        return -args[0]
    if term.kind == "not":
        return ~args[0]
    function = getattr(_core, term.head, None)
    if function is None:
        raise KeyError(term.head)
    if not any(isinstance(a, _core.Tensor) for a in args):
        args = [_core.tensor(float(a), dtype=_core.float64) for a in args]
    elif term.head == "where" and not isinstance(args[0], _core.Tensor):
        return args[1] if args[0] else args[2]
    elif term.head in ("minimum", "maximum"):
        like = next(a for a in args if isinstance(a, _core.Tensor))
        args = [a if isinstance(a, _core.Tensor) else _core.full_like(like, a) for a in args]
    return function(*args)
