"""Formulas as LaTeX and HTML; `term` has them as plain text."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape

from ..term import ATOM, POWER, SHOWN, Term, operands, tight

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
        return "-" + tight(term.args[0], latex, bracket, 3)
    if term.kind == "not":
        return r"\lnot " + tight(term.args[0], latex, bracket, ATOM)
    if term.kind == "d":
        a, b = (r"\partial " + tight(x, latex, bracket, ATOM) for x in term.args)
        return rf"\frac{{{a}}}{{{b}}}"
    if term.kind == "op":
        if term.head == "/":
            return rf"\frac{{{latex(term.args[0])}}}{{{latex(term.args[1])}}}"
        a, b = operands(term, latex, bracket)
        return f"{a} {_LATEX_OPERATORS.get(term.head, term.head)} {b}"
    return _latex_call(term.head, term.args, bracket)


_LATEX_OPERATORS = {
    "·": r"\cdot", "<=": r"\le", ">=": r"\ge", "==": "=", "!=": r"\ne",
    "&": r"\text{ and }", "|": r"\text{ or }",
}  # fmt: skip
_LATEX_FUNCTIONS = frozenset("sin cos tan sinh cosh tanh log exp min max".split())


def _latex_call(head: str, args: tuple[Term, ...], bracket: Callable[[str], str]) -> str:
    if head == "pow":
        return f"{tight(args[0], latex, bracket, ATOM)}^{{{latex(args[1])}}}"
    if head == "sqrt":
        return rf"\sqrt{{{latex(args[0])}}}"
    if head == "exp":
        return f"e^{{{latex(args[0])}}}"
    if head == "abs":
        return rf"\left|{latex(args[0])}\right|"
    if head == "t":
        return tight(args[0], latex, bracket, ATOM) + r"^{\mathsf{T}}"
    if head == "@":
        return r"\,".join(tight(a, latex, bracket, POWER) for a in args)
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
        return "−" + tight(term.args[0], html, bracket, 3)
    if term.kind == "not":
        return "not " + tight(term.args[0], html, bracket, ATOM)
    if term.kind == "d":
        a, b = ("∂" + tight(x, html, bracket, ATOM) for x in term.args)
        return _fraction(a, b)
    if term.kind == "op":
        if term.head == "/":
            return _fraction(html(term.args[0]), html(term.args[1]))
        a, b = operands(term, html, bracket)
        head = escape(SHOWN.get(term.head, term.head).replace("-", "−"))
        return f"{a} {head} {b}"
    if term.head == "pow":
        return f"{tight(term.args[0], html, bracket, ATOM)}<sup>{html(term.args[1])}</sup>"
    if term.head == "exp":
        return f"e<sup>{html(term.args[0])}</sup>"
    if term.head == "sqrt":
        return f'√<span class="root">{html(term.args[0])}</span>'
    if term.head == "t":
        return tight(term.args[0], html, bracket, ATOM) + "<sup>T</sup>"
    if term.head == "@":
        return " ".join(tight(a, html, bracket, POWER) for a in term.args)
    if term.head == "abs":
        return f"|{html(term.args[0])}|"
    if term.head == "where":
        c, a, b = map(html, term.args)
        rows = f"<span>{a}</span><span>if {c}</span><span>{b}</span><span>else</span>"
        return f'<span class="cases">{rows}</span>'
    return f"{escape(term.head)}({', '.join(map(html, term.args))})"


def _fraction(above: str, below: str) -> str:
    return f'<span class="frac"><span>{above}</span><span class="bar">/</span><span>{below}</span></span>'
