"""Formulas: read, substituted, simplified, computed, and written in three ways."""

import pytest

import adjoint as torch
from adjoint import _core
from adjoint.explain.render.formula import html, latex, latex_name, latex_text
from adjoint.explain.symbols import compute, read, simplify, substitute
from adjoint.explain.term import name, number, plain
from adjoint.explain.value import short, value_of


@pytest.mark.parametrize(
    "text",
    [
        "a·b", "-a·b", "-(a·b)", "a - (b - c)", "a/(b·c)", "1 - y²", "(a + b)²", "not a", "-y²", "a - b - c",
        "where(a > 0, 1, b)", "x·0.5·(1 + erf(x·0.707107))",
    ],
)  # fmt: skip
def test_reading_and_writing(text):
    shown = plain(read(text))
    assert plain(read(shown)) == shown
    values = {"a": 2.0, "b": -3.0, "c": 5.0, "x": 0.5, "y": 4.0}
    if "not" not in text and "where" not in text:
        first, again = (torch.as_tensor(compute(read(t), values)) for t in (text, shown))
        assert torch.allclose(first.double(), again.double())


def test_every_records_text_can_be_read():
    """Texts come from core/ops/formula.cpp: whatever it writes is understood."""
    import catalogue

    from adjoint.explain import capture

    seen = set()
    for operation in catalogue.names():
        if not catalogue.differentiable(operation):
            continue
        for args, kwargs in catalogue.samples(torch, operation, torch.float64)[:1]:
            flat = [
                t for a in args for t in (a if isinstance(a, (list, tuple)) else [a]) if isinstance(t, torch.Tensor)
            ]
            for t in flat:
                if t.is_floating_point():
                    t.requires_grad_()
            out = catalogue.resolve(torch, operation)(*args, **kwargs)
            for o in out if isinstance(out, (list, tuple)) else [out]:
                if isinstance(o, torch.Tensor) and o.requires_grad:
                    seen |= {t for n in capture(o).nodes for t in (n.formula, *n.slopes, *n.pulls) if t}
    assert len(seen) > 150
    for text in seen:
        term = simplify(read(text))
        assert plain(term) and latex(term) and html(term)
        assert latex(term).count("{") == latex(term).count("}")


@pytest.mark.parametrize(
    ("text", "simple"),
    [
        ("1·x", "x"), ("x·1", "x"), ("x + 0", "x"), ("-1·x", "-x"), ("x/1", "x"), ("0 - x", "-x"), ("2·3", "6"),
        ("b·pow(a, 2 - 1)", "b·a"), ("square(x)", "x²"), ("pow(x, 3)", "x³"), ("rsqrt(x)", "1/√x"),
        ("reciprocal(x)", "1/x"), ("a·-1", "-a"), ("a²·a", "a²·a"), ("pow(a, b)", "a^b"), ("x·2", "2·x"),
        ("pow(a, 0.5)", "a^0.5"), ("sqrt(a + b)", "√(a + b)"), ("abs(x)", "|x|"), ("(a + b)²", "(a + b)²"),
        ("a >= b & a <= c", "a ≥ b and a ≤ c"), ("a != b", "a ≠ b"),
    ],
)  # fmt: skip
def test_simplify(text, simple):
    assert plain(simplify(read(text))) == simple


def test_substitute():
    by = {"a": name("l1"), "b": number(-2.5)}
    assert (
        plain(simplify(substitute(read("a·b"), by))) == "l1·(-2.5)"
        or plain(simplify(substitute(read("a·b"), by))) == "-2.5·l1"
    )
    assert plain(substitute(read("b - a"), {"a": read("x + y"), "b": number(3 + 4j)})) == "(3+4i) - (x + y)"


def test_bad_formulas():
    for text in ("a §", "a b", "a +)"):
        with pytest.raises((ValueError, IndexError)):
            read(text)
    with pytest.raises(KeyError):
        compute(read("a·b"), {"a": 1})
    with pytest.raises(KeyError):
        compute(read("nosuchfunction(a)"), {"a": 1.0})


def test_latex():
    assert latex(read("where(a > 0, exp(x), sqrt(b))")) == (
        r"\begin{cases}e^{x} & \text{if } a > 0 \\ \sqrt{b} & \text{else}\end{cases}"
    )
    assert latex(read("a/b")) == r"\frac{a}{b}" and latex(read("x²")) == "x^{2}"
    assert latex_name("l1") == "l_{1}" and latex_name("mul_7") == r"\mathrm{mul}_{7}" and latex_name("α") == r"\alpha"
    assert latex_name("loss") == r"\mathrm{loss}" and latex_name("a_b") == r"\text{a\_b}"
    assert latex_text("g ↦ g·bᵀ") == r"g \ensuremath{\mapsto{}} g\ensuremath{\cdot{}}b\ensuremath{^{\mathsf{T}}}"


def test_html():
    assert html(read("x²")) == "<var>x</var><sup>2</sup>" and html(name("l1")) == "<var>l</var><sub>1</sub>"
    assert html(name("mul_7")) == "<var>mul</var><sub>7</sub>" and "cases" in html(read("where(a > 0, 1, 0)"))


def test_numbers():
    assert [short(x) for x in (28.0, 2.5, 1.25e-7, 1 / 3, 1e20, 0.1 + 0.2, float("nan"), float("-inf"), 3 - 4j, True)] == [
        "28", "2.5", "1.25e-07", "0.33333", "1e+20", "0.3", "nan", "-inf", "3-4i", "True",
    ]  # fmt: skip


def test_values():
    assert str(value_of(torch.tensor([0.1, 0.2]))) == "[0.1, 0.2]" and value_of(torch.tensor(0.1)).numbers == (0.1,)
    v = value_of(torch.arange(100.0).reshape(4, 25))
    assert (
        v.numbers is None and (v.min, v.mean, v.max) == (0, 49.5, 99) and str(v).startswith("[4×25: min 0, mean 49.5")
    )
    assert str(value_of(torch.full((5, 5), 2.0))) == "2 everywhere" and str(value_of(torch.ones(0))) == "[]"
    assert value_of(torch.tensor([1.0, float("nan")])).bad == 1
    assert value_of(torch.full((20,), 60000.0, dtype=_core.float16)).norm == pytest.approx(60000 * 20**0.5, rel=1e-2)
