"""Formulas as plain text, LaTeX and HTML."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape

from ..symbols import Term

_LEVEL = {"|": 0, "&": 0, "+": 2, "-": 2, "·": 3, "/": 3}  # others, comparisons, are 1
_SIGN, _POWER, _ATOM = 4, 5, 9
_SHOWN = {"<=": "≤", ">=": "≥", "==": "=", "!=": "≠", "&": "and", "|": "or"}
_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def level(term: Term) -> int:
    """How tightly the outermost operation binds."""
    if term.kind == "op":
        return _LEVEL.get(term.head, 1)
    if term.kind in ("neg", "not"):
        return _SIGN
    if term.kind == "call" and term.head in ("pow", "t"):
        return _POWER
    if term.kind == "call" and term.head == "@":
        return 3
    if term.kind == "name" and not re.fullmatch(r"[\w.\[\]'\"]+", term.head):
        return 0
    return _ATOM


def _operands(term: Term, show: Callable[[Term], str], bracket: Callable[[str], str]) -> list[str]:
    """Both sides of an operation, in brackets where they are needed."""
    own = level(term)
    right = own + 1 if term.head in "-/" else own
    at_least = (own, max(right, 1 + own if term.args[1].kind == "neg" else right))
    return [show(a) if level(a) >= n else bracket(show(a)) for a, n in zip(term.args, at_least, strict=True)]


def _tight(term: Term, show: Callable[[Term], str], bracket: Callable[[str], str], at_least: int) -> str:
    return show(term) if level(term) >= at_least else bracket(show(term))


# --- plain text ---


def plain(term: Term) -> str:
    """ "where(l1 > 0, 1, 0)", "2·w", "x²"."""
    bracket = "({})".format
    if term.kind in ("number", "name"):
        return term.head
    if term.kind == "neg":
        return "-" + _tight(term.args[0], plain, bracket, 3)
    if term.kind == "not":
        return "not " + _tight(term.args[0], plain, bracket, _ATOM)
    if term.kind == "d":
        return "/".join("d" + _tight(a, plain, bracket, _ATOM) for a in term.args)
    if term.kind == "op":
        a, b = _operands(term, plain, bracket)
        head = _SHOWN.get(term.head, term.head)
        return f"{a}{head}{b}" if term.head in "·/" else f"{a} {head} {b}"
    if term.head == "pow":
        base = _tight(term.args[0], plain, bracket, _ATOM)
        exponent = plain(term.args[1])
        if re.fullmatch(r"-?\d+", exponent):
            return base + exponent.translate(_RAISED)
        return f"{base}^" + _tight(term.args[1], plain, bracket, _ATOM)
    if term.head == "sqrt":
        return "√" + _tight(term.args[0], plain, bracket, _ATOM)
    if term.head == "t":
        return _tight(term.args[0], plain, bracket, _ATOM) + "ᵀ"
    if term.head == "@":
        return " @ ".join(_tight(a, plain, bracket, _POWER) for a in term.args)
    if term.head == "abs":
        return f"|{plain(term.args[0])}|"
    return f"{term.head}({', '.join(map(plain, term.args))})"


# --- LaTeX ---

_GREEK = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau phi chi psi omega"
_LETTERS = dict(zip("αβγδεζηθικλμνξπρστφχψω", _GREEK.split(), strict=True)) | dict(
    zip("ΓΔΘΛΞΠΣΦΨΩ", "Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega".split(), strict=True)
)
_SPECIAL = {c: "\\" + c for c in "#$%&_{}"} | {"~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
_SPECIAL |= {"\\": r"\textbackslash{}", "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}"}
_SIGNS = {
    "·": r"\cdot{}", "²": "^2", "³": "^3", "⁻": "^-", "¹": "^1", "ᵀ": r"^{\mathsf{T}}", "ᴴ": r"^{\mathsf{H}}",
    "Σ": r"\sum{}", "√": r"\surd{}", "≤": r"\le{}", "≥": r"\ge{}", "≠": r"\ne{}", "×": r"\times{}",
    "⊙": r"\odot{}", "∂": r"\partial{}", "∞": r"\infty{}", "→": r"\to{}", "↦": r"\mapsto{}", "Φ": r"\Phi{}", "Γ": r"\Gamma{}", "∈": r"\in{}", "…": r"\dots{}",
    "∘": r"\circ{}", "⊗": r"\otimes{}", "−": "-", "≈": r"\approx{}", "ᵢ": "_i", "ⱼ": "_j", "∏": r"\prod{}",
    "∑": r"\sum{}", "‖": r"\|{}", "ȳ": r"\bar{y}", "ā": r"\bar{a}", "b̄": r"\bar{b}", "⁺": "^+", "₁": "_1", "₂": "_2",
}  # fmt: skip


def latex_text(text: str) -> str:
    """Any text inside LaTeX's text mode; what pdflatex cannot set is written as its code point."""
    out = []
    for c in text:
        if c in _SPECIAL:
            out.append(_SPECIAL[c])
        elif c in _LETTERS:
            out.append(rf"\ensuremath{{\{_LETTERS[c]}}}")
        elif c in _SIGNS:
            out.append(rf"\ensuremath{{{_SIGNS[c]}}}")
        elif " " <= c <= "~" or c in "äöüÄÖÜßéèàçñ—–":
            out.append(c)
        elif c in "\n\t":
            out.append(" ")
        else:
            out.append(f"[U+{ord(c):04X}]")
    return "".join(out)


def latex_name(text: str) -> str:
    """ "l1" is l with an index; a longer name is set upright."""
    m = re.fullmatch(r"([A-Za-zα-ωΑ-Ω]|[A-Za-z_]*[A-Za-z]_)_?(\d+)", text)
    if m is not None:
        return f"{latex_name(m[1].rstrip('_'))}_{{{m[2]}}}"
    if len(text) == 1 and text.isascii() and text.isalpha():
        return text
    if text in _LETTERS:
        return "\\" + _LETTERS[text]
    return rf"\mathrm{{{latex_text(text)}}}" if re.fullmatch(r"[A-Za-z0-9]+", text) else rf"\text{{{latex_text(text)}}}"


def latex(term: Term) -> str:
    r""" "\frac{\partial l_{4}}{\partial l_{3}}", "\begin{cases} ... \end{cases}"."""
    bracket = r"\left({}\right)".format
    if term.kind == "number":
        return latex_number(term.head)
    if term.kind == "name":
        return latex_name(term.head)
    if term.kind == "neg":
        return "-" + _tight(term.args[0], latex, bracket, 3)
    if term.kind == "not":
        return r"\lnot " + _tight(term.args[0], latex, bracket, _ATOM)
    if term.kind == "d":
        a, b = (r"\partial " + _tight(x, latex, bracket, _ATOM) for x in term.args)
        return rf"\frac{{{a}}}{{{b}}}"
    if term.kind == "op":
        if term.head == "/":
            return rf"\frac{{{latex(term.args[0])}}}{{{latex(term.args[1])}}}"
        a, b = _operands(term, latex, bracket)
        return f"{a} {_LATEX_OPERATORS.get(term.head, term.head)} {b}"
    return _latex_call(term.head, term.args, bracket)


_LATEX_OPERATORS = {
    "·": r"\cdot", "<=": r"\le", ">=": r"\ge", "==": "=", "!=": r"\ne",
    "&": r"\text{ and }", "|": r"\text{ or }",
}  # fmt: skip
_LATEX_FUNCTIONS = frozenset("sin cos tan sinh cosh tanh log exp min max".split())


def _latex_call(head: str, args: tuple[Term, ...], bracket: Callable[[str], str]) -> str:
    if head == "pow":
        return f"{_tight(args[0], latex, bracket, _ATOM)}^{{{latex(args[1])}}}"
    if head == "sqrt":
        return rf"\sqrt{{{latex(args[0])}}}"
    if head == "exp":
        return f"e^{{{latex(args[0])}}}"
    if head == "abs":
        return rf"\left|{latex(args[0])}\right|"
    if head == "t":
        return _tight(args[0], latex, bracket, _ATOM) + r"^{\mathsf{T}}"
    if head == "@":
        return r"\,".join(_tight(a, latex, bracket, _POWER) for a in args)
    if head == "where":
        rows = [rf"{latex(args[1])} & \text{{if }} {latex(args[0])}", rf"{latex(args[2])} & \text{{else}}"]
        return r"\begin{cases}" + r" \\ ".join(rows) + r"\end{cases}"
    shown = "\\" + head if head in _LATEX_FUNCTIONS else rf"\operatorname{{{latex_text(head)}}}"
    return shown + bracket(", ".join(map(latex, args)))


def latex_number(text: str) -> str:
    """ "1.25e-07" as a power of ten."""
    m = re.fullmatch(r"(-?[\d.]+)e([+-]?\d+)", text)
    if m is not None:
        return rf"{m[1]} \times 10^{{{int(m[2])}}}"
    return {"inf": r"\infty", "-inf": r"-\infty", "nan": r"\text{nan}"}.get(text, text)


# --- HTML ---


def html_name(text: str) -> str:
    """ "l1" with an index below the line."""
    m = re.fullmatch(r"([^\W\d_]|\w*[^\W\d_]_)_?(\d+)", text)
    if m is not None:
        return f"<var>{escape(m[1].rstrip('_'))}</var><sub>{m[2]}</sub>"
    return escape(text) if "=" in text else f"<var>{escape(text)}</var>"


def html(term: Term) -> str:
    """With fractions, indices, exponents and cases."""
    bracket = "({})".format
    if term.kind == "number":
        return escape(term.head)
    if term.kind == "name":
        return html_name(term.head)
    if term.kind == "neg":
        return "−" + _tight(term.args[0], html, bracket, 3)
    if term.kind == "not":
        return "not " + _tight(term.args[0], html, bracket, _ATOM)
    if term.kind == "d":
        a, b = ("∂" + _tight(x, html, bracket, _ATOM) for x in term.args)
        return _fraction(a, b)
    if term.kind == "op":
        if term.head == "/":
            return _fraction(html(term.args[0]), html(term.args[1]))
        a, b = _operands(term, html, bracket)
        head = escape(_SHOWN.get(term.head, term.head).replace("-", "−"))
        return f"{a} {head} {b}"
    if term.head == "pow":
        return f"{_tight(term.args[0], html, bracket, _ATOM)}<sup>{html(term.args[1])}</sup>"
    if term.head == "exp":
        return f"e<sup>{html(term.args[0])}</sup>"
    if term.head == "sqrt":
        return f'√<span class="root">{html(term.args[0])}</span>'
    if term.head == "t":
        return _tight(term.args[0], html, bracket, _ATOM) + "<sup>T</sup>"
    if term.head == "@":
        return " ".join(_tight(a, html, bracket, _POWER) for a in term.args)
    if term.head == "abs":
        return f"|{html(term.args[0])}|"
    if term.head == "where":
        c, a, b = map(html, term.args)
        rows = f"<span>{a}</span><span>if {c}</span><span>{b}</span><span>else</span>"
        return f'<span class="cases">{rows}</span>'
    return f"{escape(term.head)}({', '.join(map(html, term.args))})"


def _fraction(above: str, below: str) -> str:
    return f'<span class="frac"><span>{above}</span><span class="bar">/</span><span>{below}</span></span>'
