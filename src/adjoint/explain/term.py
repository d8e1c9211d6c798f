"""A formula as a tree, and as plain text."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

LEVEL = {"|": 0, "&": 0, "<": 1, "<=": 1, ">": 1, ">=": 1, "==": 1, "!=": 1, "+": 2, "-": 2, "·": 3, "/": 3}
_SIGN, POWER, ATOM = 4, 5, 9
SHOWN = {"<=": "≤", ">=": "≥", "==": "=", "!=": "≠", "&": "and", "|": "or"}
_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


@dataclass(frozen=True)
class Term:
    """A formula.

    kind: "number", "name", "call" (head: the function), "op" (head: one of `LEVEL`), "neg", "not", or "d" (a
    derivative: of the first argument by the second).
    """

    kind: str
    head: str
    args: tuple[Term, ...] = ()

    def __str__(self) -> str:
        return plain(self)


def number(value: Any) -> Term:
    """A number as the texts of the records write it."""
    if isinstance(value, bool):
        return Term("number", str(int(value)))
    if isinstance(value, complex):
        if value.imag == 0:
            return number(value.real)
        return Term("number", f"({value.real:.6g}{value.imag:+.6g}i)")
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return Term("neg", "-", (Term("number", text[1:]),)) if text[0] == "-" else Term("number", text)


def name(text: str) -> Term:
    return Term("name", text)


def call(head: str, *args: Term) -> Term:
    return Term("call", head, args)


def op(head: str, a: Term, b: Term) -> Term:
    return Term("op", head, (a, b))


def derivative(of: Term, by: Term) -> Term:
    return Term("d", "d", (of, by))


# --- as text ---


def level(term: Term) -> int:
    """How tightly the outermost operation binds."""
    if term.kind == "op":
        return LEVEL[term.head]
    if term.kind in ("neg", "not"):
        return _SIGN
    if term.kind == "call" and term.head in ("pow", "t"):
        return POWER
    if term.kind == "call" and term.head == "@":
        return 3
    if term.kind == "name" and not re.fullmatch(r"[\w.\[\]'\"]+", term.head):
        return 0
    return ATOM


def operands(term: Term, show: Callable[[Term], str], bracket: Callable[[str], str]) -> list[str]:
    """Both sides of an operation, in brackets where they are needed."""
    own = level(term)
    right = own + 1 if term.head in "-/" else own
    at_least = (own, max(right, 1 + own if term.args[1].kind == "neg" else right))
    return [show(a) if level(a) >= n else bracket(show(a)) for a, n in zip(term.args, at_least, strict=True)]


def tight(term: Term, show: Callable[[Term], str], bracket: Callable[[str], str], at_least: int) -> str:
    """In brackets if it binds less tightly than that."""
    return show(term) if level(term) >= at_least else bracket(show(term))


def plain(term: Term) -> str:
    """ "where(l1 > 0, 1, 0)", "2·w", "x²"."""
    bracket = "({})".format
    if term.kind in ("number", "name"):
        return term.head
    if term.kind == "neg":
        return "-" + tight(term.args[0], plain, bracket, 3)
    if term.kind == "not":
        return "not " + tight(term.args[0], plain, bracket, ATOM)
    if term.kind == "d":
        return "/".join("d" + tight(a, plain, bracket, ATOM) for a in term.args)
    if term.kind == "op":
        a, b = operands(term, plain, bracket)
        head = SHOWN.get(term.head, term.head)
        return f"{a}{head}{b}" if term.head in "·/" else f"{a} {head} {b}"
    if term.head == "pow":
        base = tight(term.args[0], plain, bracket, ATOM)
        exponent = plain(term.args[1])
        if re.fullmatch(r"-?\d+", exponent):
            return base + exponent.translate(_RAISED)
        return f"{base}^" + tight(term.args[1], plain, bracket, ATOM)
    if term.head == "sqrt":
        return "√" + tight(term.args[0], plain, bracket, ATOM)
    if term.head == "t":
        return tight(term.args[0], plain, bracket, ATOM) + "ᵀ"
    if term.head == "@":
        return " @ ".join(tight(a, plain, bracket, POWER) for a in term.args)
    if term.head == "abs":
        return f"|{plain(term.args[0])}|"
    return f"{term.head}({', '.join(map(plain, term.args))})"
