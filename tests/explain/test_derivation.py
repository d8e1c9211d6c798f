"""explain(): the article's derivation to the letter, and what a derivation holds."""

import json
import linecache
import pathlib
import shutil
import subprocess

import pytest

import adjoint as torch
from adjoint.explain import Derivation, explain

GOLDEN = pathlib.Path(__file__).parent / "golden"

ARTICLE = """\
input = torch.ones([2, 2])
w1 = torch.tensor(2.0, requires_grad=True)
w2 = torch.tensor(3.0, requires_grad=True)
w3 = torch.tensor(4.0, requires_grad=True)
l1 = input * w1
l2 = l1 + w2
l3 = l1 * w3
l4 = l2 * l3
loss = l4.mean()
derivation = explain(loss, w1)
"""


def named(space):
    return {k: v for k, v in space.items() if isinstance(v, torch.Tensor)}


def article():
    """The article's program under a name that is the same on every machine."""
    linecache.cache["article.py"] = (len(ARTICLE), None, ARTICLE.splitlines(True), "article.py")
    space = {"torch": torch, "explain": explain}
    exec(compile(ARTICLE, "article.py", "exec"), space)
    return space


@pytest.mark.parametrize("form", ["txt", "md", "tex", "html"])
def test_article_golden(form):
    d = article()["derivation"]
    told = {"txt": lambda: d.text(80), "md": d.markdown, "tex": d.latex, "html": d.html}[form]()
    assert told == (GOLDEN / f"article_w1.{form}").read_text(encoding="utf-8")


def test_article_says_what_the_article_says():
    text = article()["derivation"].text(80)
    for line in (
        "dloss/dl4 = 1/4 = 0.25",
        "dl4/dl3   = l2 = [5, 5, 5, 5]",
        "dl4/dl2   = l3 = [8, 8, 8, 8]",
        "dl3/dl1   = w3 = 4",
        "dl2/dl1   = 1",
        "dl1/dw1   = input = [1, 1, 1, 1]",
        "dloss/dl4 · dl4/dl3 · dl3/dl1 · dl1/dw1 = 0.25 · 5 · 4 · 1 = [5, 5, 5, 5]",
        "dloss/dl4 · dl4/dl2 · dl2/dl1 · dl1/dw1 = 0.25 · 8 · 1 · 1 = [2, 2, 2, 2]",
        "dloss/dw1 = [5, 5, 5, 5] + [2, 2, 2, 2] = [7, 7, 7, 7]",
        "dloss/dw1 = 28",
    ):
        assert line in text


def test_article_other_inputs():
    space = article()
    d = explain(space["loss"], "w2", "w3", names=named(space))
    assert [g.value.numbers for g in d.gradients] == [(8.0,), (10.0,)]
    assert "dloss/dl4 · dl4/dl2 · dl2/dw2 = 0.25 · 8 · 1 = [2, 2, 2, 2]" in str(d.text(80))
    assert "dloss/dl4 · dl4/dl3 · dl3/dw3 = 0.25 · 5 · 2 = [2.5, 2.5, 2.5, 2.5]" in str(d.text(80))


def test_attributes():
    d = article()["derivation"]
    assert isinstance(d, Derivation) and d.nodes == 9
    g = d["w1"]
    assert g is d[0] and g.count == 2 and g.rest is None and g.engine is True and g.grad_note is None
    assert g.total.numbers == (7.0,) * 4 and torch.equal(g.tensor, torch.tensor(28.0))
    assert [p.product.numbers for p in d.paths] == [(5.0,) * 4, (2.0,) * 4]
    assert [p.share for p in d.paths] == pytest.approx([20 / 28, 8 / 28])
    assert [str(s.derivative) for s in d.paths[0].steps] == ["dloss/dl4", "dl4/dl3", "dl3/dl1", "dl1/dw1"]
    assert [str(s.formula) for s in d.paths[0].steps] == ["1/4", "l2", "w3", "input"]
    assert [s.where.line for s in d.paths[0].steps] == [9, 8, 7, 5]
    assert d.outputs[0].value.numbers == (40.0,) and d.outputs[0].cotangent is None
    with pytest.raises(KeyError, match="there are w1"):
        d["w9"]


def test_json():
    d = article()["derivation"]
    told = json.loads(d.json(indent=1))
    assert told == json.loads(json.dumps(d.data()))
    assert told["gradients"][0]["value"]["numbers"] == [28.0]
    assert told["gradients"][0]["paths"][0]["expression"] == "dloss/dl4 · dl4/dl3 · dl3/dl1 · dl1/dw1"
    assert told["steps"][2]["formula"] == "w3" and told["steps"][2]["where"][:2] == ["article.py", 7]


def test_json_takes_nan_and_complex():
    x = torch.tensor([0.0, -1.0], requires_grad=True)
    assert '"nan"' in explain(x.sqrt().sum(), x).json()
    z = torch.tensor([1 + 2j], requires_grad=True)
    json.loads(explain(z.abs().sum(), z).json())


def test_callable_package_and_notebooks():
    space = article()
    d = torch.explain(space["loss"], space["w1"])
    assert isinstance(d, Derivation)
    assert d._repr_html_().startswith('<div class="adjoint-derivation">')
    assert d._repr_latex_().startswith("$$\\begin{aligned}") and d._repr_latex_().endswith("\\end{aligned}$$")
    assert d._repr_markdown_() == d.markdown()


def test_prints_at_the_terminals_width(monkeypatch):
    d = article()["derivation"]
    for columns in (40, 80, 200):
        monkeypatch.setenv("COLUMNS", str(columns))
        assert str(d) == repr(d) == d.text(columns)
        assert max(map(len, str(d).splitlines())) <= columns


def test_rich():
    rich = pytest.importorskip("rich.console")
    console = rich.Console(width=60, record=True, file=open("/dev/null", "w"))
    console.print(article()["derivation"])
    text = console.export_text()
    assert "dl3/dl1   = w3 = 4" in text and max(map(len, text.splitlines())) <= 60
    console.file.close()


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_latex_compiles(tmp_path):
    h = torch.tensor([0.5, -0.3], requires_grad=True)
    start, w_1, β = h, torch.tensor(0.9, requires_grad=True), torch.tensor([1 + 2j], requires_grad=True)
    for _ in range(20):
        h = torch.tanh(h * w_1)
    many = torch.relu(torch.ones(3, 4) @ torch.ones(4, 2, requires_grad=True)).softmax(1)[:, 0].log().sum()
    odd = (β * β).abs().sum() + torch.where(start > 0, start, start.exp()).sum()
    documents = [
        article()["derivation"],
        explain(h.sum(), start, w_1),
        explain(many),
        explain(odd, names={"β": β, "a_b#%&{}^~\\$": start, "名": odd}),
    ]
    for i, d in enumerate(documents):
        (tmp_path / f"{i}.tex").write_text(d.latex(document=True), encoding="utf-8")
        run = subprocess.run(
            ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", f"{i}.tex"], cwd=tmp_path, capture_output=True
        )
        assert run.returncode == 0, run.stdout.decode(errors="replace")[-2000:]
        assert b"Overfull" not in run.stdout, run.stdout.decode(errors="replace")[-2000:]


def test_html_needs_nothing_else():
    page = article()["derivation"].html()
    for outside in ("http", "src=", "@import", "url("):
        assert outside not in page
    assert "prefers-color-scheme:dark" in page and 'name="viewport"' in page


def test_html_escapes_names():
    x = torch.tensor(1.0, requires_grad=True)
    page = explain(x * x, names={"<script>alert(1)</script>": x}).html()
    assert "<script>" not in page and "&lt;script&gt;" in page


# --- what .grad holds ---


def test_grad_note():
    space = article()
    loss, w1 = space["loss"], space["w1"]
    loss.backward(retain_graph=True)
    assert explain(loss, w1, names=named(space))[0].grad_note == "w1.grad = 28: the same"
    loss.backward(retain_graph=True)
    assert "56: 2 times this gradient" in explain(loss, w1, names=named(space))[0].grad_note
    w1.grad = torch.tensor(5.0)
    assert "not this gradient alone" in explain(loss, w1, names=named(space))[0].grad_note
    assert torch.equal(w1.grad, torch.tensor(5.0))


# --- which graph, which paths ---


def test_nothing_is_touched():
    space = article()
    seen = []
    handle = space["l1"].register_hook(seen.append)
    space["l2"].retain_grad()
    d = explain(space["loss"], space["w1"], space["l1"])
    assert not seen and space["w1"].grad is None and space["l2"].grad is None
    assert d[0].engine is None and "hooks" in d.notes[0] and "was not run" in d.text(80)
    handle.remove()
    space["loss"].backward()
    assert space["w1"].grad.item() == 28


def test_intermediate_inputs():
    space = article()
    d = explain(space["loss"], space["l1"], space["loss"])
    assert d[0].value.numbers == (7.0,) * 4 and d[0].count == 2
    assert d[1].value.numbers == (1.0,) and d[1].count == 1 and d[1].paths[0].steps == ()


def test_no_inputs_means_all_leaves():
    space = article()
    assert sorted(str(g.symbol) for g in explain(space["loss"], names=named(space)).gradients) == ["w1", "w2", "w3"]
    x, y = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    assert {str(g.symbol) for g in explain((x * y).sum()).gradients} == {"x", "y"}


def test_several_outputs_and_cotangents():
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = x * x
    s = x.sum()
    d = explain([y, s], x, grad_output=[torch.tensor([1.0, 0.0, 2.0]), None])
    assert d[0].value.numbers == (3.0, 1.0, 13.0) and d[0].count == 3
    assert "grad_outputs[0]·dy/dx + ds/dx" in d.text(80)
    d = explain(y, x, grad_output=torch.tensor([1.0, 0.0, 2.0]))
    assert d[0].value.numbers == (2.0, 0.0, 12.0) and "grad_output · dy/dx" in d.text(80)


def test_many_paths_are_counted_and_grouped():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x
    for _ in range(100):
        y = y + y
    g = explain((y * 2.0**-100).sum(), x, paths=3)[0]
    assert g.count == 2**100 and len(g.paths) == 3
    assert g.value.numbers == (1.0, 1.0) and g.paths[0].share == pytest.approx(2.0**-100)
    text = explain((y * 2.0**-100).sum(), x, paths=3).text(80)
    assert "1.3·10^30 paths; the 3 heaviest" in text and "the other 1.3·10^30 paths together" in text


def test_heaviest_paths_come_first():
    x = torch.tensor(1.0, requires_grad=True)
    parts = [x * k for k in (1.0, 50.0, 3.0, 20.0, 7.0)]
    total = parts[0] + parts[1] + parts[2] + parts[3] + parts[4]
    g = explain(total, x, paths=3)[0]
    assert [p.gradient.numbers[0] for p in g.paths] == [50.0, 20.0, 7.0]
    assert g.rest.numbers == (4.0,) and g.count == 5
    assert explain(total, x, paths=5)[0].rest is None


def test_a_small_budget_is_kept():
    x = torch.tensor(1.0, requires_grad=True)
    y = x
    for _ in range(30):
        y = y * 1.5 + y
    g = explain(y, x, budget=10)[0]
    assert g.count == 2**30 and not g.paths and g.engine is True
    assert "none is short enough to be followed" in explain(y, x, budget=10).text(80)


def test_long_paths_are_folded():
    h = torch.tensor(0.5, requires_grad=True)
    start, w = h, torch.tensor(0.9)
    for _ in range(300):
        h = torch.tanh(h * w)
    d = explain(h, start)
    assert len(d.paths[0].steps) == 600 and len(d.text(80)) < 2000
    assert "[300 × (tanh, mul)]" in d.text(80)


def test_modules_fold():
    x = torch.ones(2, requires_grad=True)
    names, y = {}, x
    for i in range(6):
        w, b = (torch.full((2,), 1.0 + i, requires_grad=True) for _ in "wb")
        names |= {f"net.{i}.weight": w, f"net.{i}.bias": b}
        y = (y * w + b).exp().log() if i % 2 else (y * w + b).tanh()
    d = explain(y.sum(), x, names=names)
    assert "net.5" in d.text(80) and d[0].engine


def test_large_tensors_are_summarised():
    x = torch.ones(30, 40, requires_grad=True)
    d = explain((x * torch.arange(1200.0).reshape(30, 40)).mean(), x)
    assert d[0].value.numbers is None and d[0].value.max == pytest.approx(1199 / 1200)
    assert "[30×40: min 0, mean 0.49958, max 0.99917" in d.text(100)
    assert "0.00083333 everywhere" in explain(x.mean(), x).text(80)


def test_unnamed_values():
    x = torch.tensor(3.0, requires_grad=True)
    d = explain(((x * 2 + 1) ** 2).exp().log(), x)
    text = d.text(80)
    assert "d(2·x + 1)/d(2·x)        = 1" in text and "= 2·(2·x + 1) = 14" in text


def test_multiple_outputs_of_a_node():
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    a, b, c = x.unbind()
    d = explain(a * b + c, x, a)
    assert d[0].value.numbers == (2.0, 1.0, 1.0) and d[0].count == 3 and d[1].value.numbers == (2.0,)


def test_views_and_in_place():
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = x * 2
    y[0] = y[1] * 3
    y.mul_(2)
    d = explain(y.sum(), x)
    assert torch.equal(d[0].tensor, torch.tensor([0.0, 16.0, 4.0])) and d[0].engine


def test_higher_order():
    x = torch.tensor(3.0, requires_grad=True)
    (g,) = torch.autograd.grad(x * x * x, x, create_graph=True)
    d = explain(g, x)
    assert d[0].value.numbers == (18.0,) and d[0].engine and d[0].rest is None


def test_complex_follows_pytorch():
    z = torch.tensor([1 + 2j, 3 - 1j], requires_grad=True)
    w = torch.tensor(2 - 1j)
    d = explain((z * w).real.sum(), z)
    assert d[0].value.numbers == (2 + 1j, 2 + 1j) and "conjugate" in d.text(80)
    assert "dmul_2/dz" in d.text(80) or "d(z·w)/dz" in d.text(80)


def test_dead_relu_has_no_share():
    x = torch.tensor([-1.0, -2.0], requires_grad=True)
    d = explain(torch.relu(x).sum(), x)
    assert d[0].value.numbers == (0.0, 0.0) and d.paths[0].share is None


def test_nan_is_told():
    x = torch.tensor([-1.0, 4.0], requires_grad=True)
    d = explain(x.sqrt().sum(), x)
    assert d[0].value.bad == 1 and "[nan, 0.25]" in d.text(80)


def test_two_paths_through_a_custom_function():
    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = Double.apply(x)
    d = explain((y * y).sum(), x)
    assert d[0].value.numbers == (8.0, 16.0) and d[0].count == 2 and not d[0].notes
    assert "Double.backward(g)" in d.text(80)


def test_a_backward_that_is_not_linear_is_told():
    class Clip(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, g):
            return g.clamp(-1, 1)

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = Clip.apply(x)
    d = explain((y * 3 + y * 4).sum(), x)
    assert d[0].value.numbers == (1.0, 1.0) and "not linear" in d[0].notes[0] and "Clip" in d.text(80)
