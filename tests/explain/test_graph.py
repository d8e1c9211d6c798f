"""`graph()`: nodes, edges, statistics, folding, and what it says about bad input."""

import os
import resource

import pytest
from article_graph import article
from support import error_of, torch

from adjoint.explain import Graph, TooLarge
from adjoint.explain.graph import graph
from adjoint.explain.statistics import statistics


def mlp(layers=3, width=4):
    torch.manual_seed(0)
    h, names = torch.randn(3, width), {}
    for i in range(1, layers + 1):
        w, b = torch.randn(width, width, requires_grad=True), torch.zeros(width, requires_grad=True)
        names |= {f"encoder.fc{i}.weight": w, f"encoder.fc{i}.bias": b}
        h = h @ w.t() + b
        if i < layers:
            h = h.relu()
    return (h * h).mean(), names


def test_the_articles_graph():
    t = article()
    loss = t["loss"]
    g = graph(loss, names=t)
    assert repr(g) == "<Graph of loss: 9 nodes, 9 edges>"
    assert [n.is_output for n in g if n.is_output] == [True]
    assert g["l1"].operation == "mul" and g["l1"].backward_name == "MulBackward0"
    assert g["l1"].source.startswith("article_graph.py:") and "input * w1" in g["l1"].where.text


def test_its_values_and_gradients_are_the_articles():
    t = article()
    g = graph(t["loss"], names=t)
    value = {n.label: n.value.text for n in g}
    grad = {n.label: n.gradient.text for n in g if n.gradient}
    assert value == {
        "w1": "2",
        "w2": "3",
        "w3": "4",
        "input": "1 everywhere",
        "l1": "2 everywhere",
        "l2": "5 everywhere",
        "l3": "8 everywhere",
        "l4": "40 everywhere",
        "loss": "40",
    }
    assert grad["w1"] == "28" and grad["w2"] == "8" and grad["w3"] == "10"
    assert grad["l1"] == "7 everywhere" and grad["l4"] == "0.25 everywhere"
    assert all(t[k].grad is None for k in ("w1", "w2", "w3"))


def test_each_edge_spells_its_rule_with_numbers():
    t = article()
    g = graph(t["loss"], names=t)
    said = {(e.source.label, e.target.label): e.spelled for e in g.edges}
    assert said["l1", "l3"] == "g·b = 1.25 · 4 = 5 everywhere"
    assert said["l1", "l2"] == "g = 2 everywhere"
    assert said["w1", "l1"] == "g·a = 7 · 1, summed over the 4 places it was broadcast to = 28"
    assert said["input", "l1"] is None


def test_nodes_come_after_their_inputs_and_edges_are_on_both_ends():
    loss, names = mlp()
    g = graph(loss, names=names)
    assert [n.index for n in g] == list(range(len(g)))
    for e in g.edges:
        assert e.source.index < e.target.index
        assert e in e.source.outputs and e in e.target.inputs


def test_names_of_variables_of_the_caller():
    weight = torch.tensor(3.0, requires_grad=True)
    doubled = weight * 2
    result = doubled.exp()
    g = graph(result)
    assert [n.label for n in g] == ["weight", "doubled", "result"]


def test_saved_values_with_bytes():
    x = torch.ones(100, requires_grad=True)
    y = x.exp()
    saved = graph(y.sum())["y"].saved
    assert [(s.name, s.shape, s.dtype, s.nbytes) for s in saved] == [("result", (100,), "float32", 400)]


def test_nothing_of_the_program_is_kept_alive():
    x = torch.ones(10, requires_grad=True)
    loss = x.exp().sum()
    before = torch._core._live_tensors()
    g = graph(loss)
    assert torch._core._live_tensors() == before and len(g) == 3


def test_several_outputs():
    a = torch.tensor(2.0, requires_grad=True)
    x, y = a * 3, a.exp()
    g = graph(x, y)
    assert g.title == "x, y" and [n.label for n in g.outputs] == ["x", "y"]
    assert g["a"].gradient.text == "10.39"  # 3 + e²


def test_a_leaf_alone():
    a = torch.tensor(2.0, requires_grad=True)
    g = graph(a)
    assert len(g) == 1 and g["a"].kind == "leaf" and not g.edges
    assert "<svg" in g.svg() and g.html() and g.dot() and g.mermaid() and g.json()


# -- statistics


def test_statistics_of_small_and_large_agree():
    torch.manual_seed(1)
    large = torch.randn(3000)
    by_hand, by_operations = statistics(large[:2000]), statistics(large)
    some = large[:2000].double()
    assert by_hand.mean == pytest.approx(some.mean().item()) and by_hand.std == pytest.approx(
        some.std(correction=0).item()
    )
    assert by_operations.norm == pytest.approx(large.double().norm().item())
    assert sum(by_operations.histogram) == 3000 and sum(by_hand.histogram) == 2000


@pytest.mark.parametrize("repeat", [1, 1000], ids=["small", "large"])
def test_statistics_count_what_is_not_finite(repeat):
    s = statistics(torch.tensor([float("nan"), float("inf"), -float("inf"), 0.0, 2.0] * repeat))
    assert (s.nan, s.inf, s.min, s.max) == (repeat, 2 * repeat, 0.0, 2.0)
    assert s.zeros == pytest.approx(0.2) and not s.healthy and s.norm is None


@pytest.mark.parametrize(
    "tensor, text",
    [
        (lambda: torch.tensor(True), "True"),
        (lambda: torch.tensor([1 + 2j]), "1+2j"),
        (lambda: torch.zeros(0, 3), "empty [0, 3]"),
        (lambda: torch.tensor([[1, 2], [3, 4]]), "[[1, 2], [3, 4]]"),
        (lambda: torch.full([5000], 0.5), "0.5 everywhere"),
        (lambda: torch.tensor([float("nan")]), "nan"),
        (lambda: torch.arange(100), "0 … 99"),
    ],
)
def test_statistics_in_words(tensor, text):
    assert statistics(tensor()).text == text


# -- folding


def test_folding_by_module():
    loss, names = mlp()
    g = graph(loss, names=names)
    assert g.modules == ["encoder.fc3", "encoder.fc2", "encoder.fc1"]
    folded = g.fold(["encoder.fc1", "encoder.fc2"])
    assert folded["encoder.fc1"].kind == "module" and folded["encoder.fc1"].count == 5
    assert folded["encoder.fc2"].operations == {"TBackward0": 1, "MmBackward0": 1, "AddBackward0": 1}
    assert sum(n.count for n in folded) == len(g)
    assert g.fold()["encoder"].count == 15 + 2 and len(graph(loss, names=names, fold=True)) == len(g.fold())


def test_folding_chains_where_there_are_no_modules():
    x = torch.tensor(1.0, requires_grad=True)
    y = x
    for _ in range(99):
        y = y * 1.01
    loss = y.sin()
    g = graph(loss, fold=True)
    assert [n.label for n in g] == ["x", "99 × MulBackward0", "loss"]
    assert [e.count for e in g.edges] == [1, 1]


def test_a_chain_does_not_swallow_a_branch():
    x = torch.tensor(1.0, requires_grad=True)
    a = x * 2 * 2 * 2
    b = a * 2 * 2 * 2
    loss = a + b
    folded = graph(loss, fold="runs")
    assert [n.label for n in folded] == ["x", "3 × MulBackward0", "3 × MulBackward0", "loss"]


# -- bad input


def test_no_tensor_and_no_graph():
    assert "at least one tensor" in error_of(lambda: graph(), TypeError)
    assert "expected a tensor, got int" in error_of(lambda: graph(3), TypeError)
    said = error_of(lambda: graph(torch.ones(2)), RuntimeError)
    assert "does not require grad" in said and "requires_grad=True" in said
    w = torch.tensor(1.0, requires_grad=True)
    assert "detach" in error_of(lambda: graph((w * 2).detach()), RuntimeError)


@pytest.mark.parametrize("most", [0, -1, 2.5, True])
def test_max_nodes_must_be_a_number(most):
    w = torch.tensor(1.0, requires_grad=True)
    assert "max_nodes" in error_of(lambda: graph(w * 2, max_nodes=most), ValueError)


def test_a_freed_graph_is_drawn_and_says_so():
    t = article()
    t["loss"].backward()
    g = graph(t["loss"], names=t)
    assert not g.has_gradients
    assert "freed" in g.notes[0] and "retain_graph=True" in g.notes[0]
    assert "freed by a backward pass" in " ".join(g.svg().split()) and "freed" in g.html()


def test_without_gradients():
    t = article()
    g = graph(t["loss"], gradients=False)
    assert not g.has_gradients and not g.notes and "grad " not in g.svg().split("</style>")[1].split("requires grad")[0]


def test_unknown_names_suggest_the_nearest():
    loss, names = mlp()
    g = graph(loss, names=names)
    assert "did you mean 'encoder.fc1.weight'" in error_of(lambda: g["encoder.fc1.wieght"], KeyError)
    assert "no module is called 'xyz'; there are encoder" in error_of(lambda: g.fold("xyz"), KeyError)
    assert "encoder.fc2" in error_of(lambda: graph(loss, names=names, fold=["encoder.fc22"]), KeyError)


def test_names_of_tensors_that_are_elsewhere():
    w, other = torch.tensor(1.0, requires_grad=True), torch.tensor(1.0, requires_grad=True)
    assert graph(w * 2, names={"stranger": other}).notes == ["names: stranger is not part of this graph"]
    assert "dict of names to tensors" in error_of(lambda: graph(w * 2, names={"w": 1.0}), TypeError)


def test_saving(tmp_path):
    g = graph(article()["loss"])
    for suffix, begin in {
        ".svg": "<svg",
        ".html": "<!doctype html>",
        ".dot": "digraph",
        ".mmd": "flowchart",
        ".json": "{",
    }.items():
        path = tmp_path / f"graph{suffix}"
        assert g.save(path) == str(path)
        assert path.read_text(encoding="utf-8").startswith(begin)
    assert ".svg, .html" in error_of(lambda: g.save(tmp_path / "graph.png"), ValueError)
    assert ".svg, .html" in error_of(lambda: g.save(tmp_path / "graph"), ValueError)
    said = error_of(lambda: g.save(tmp_path / "nowhere" / "graph.svg"), FileNotFoundError)
    assert "folder that exists" in said and "nowhere" in said
    assert "was not written" in error_of(lambda: g.save("/proc/graph.svg"), OSError)
    os.mkdir(tmp_path / "folder.svg")
    assert "was not written" in error_of(lambda: g.save(tmp_path / "folder.svg"), IsADirectoryError)


def test_a_large_graph_is_refused_with_the_remedies():
    y = torch.tensor(1.0, requires_grad=True)
    for _ in range(60):
        y = y * 1.01
    said = error_of(lambda: graph(y, max_nodes=50), TooLarge)
    assert "more than 50 nodes" in said and "fold=True" in said and "max_nodes" in said
    assert len(graph(y, max_nodes=61)) == 61
    folded = graph(y, max_nodes=50, fold=True)
    assert [n.label for n in folded] == ["leaf_0", "59 × MulBackward0", "y"]
    assert "values and gradients are left out" in folded.notes[0]


def test_chains_of_several_operations_fold_if_need_be():
    y = w = torch.tensor(1.0, requires_grad=True)
    for _ in range(100):
        y = (y + w).sin() * 0.5
    folded = graph(y, max_nodes=50, fold=True)
    assert folded.nodes[1].label == "100 × AddBackward0, 100 × SinBackward0, 99 × MulBackward0"
    assert folded.edges[0].count == 101


def test_what_does_not_fold_is_refused():
    xs = [torch.tensor(1.0, requires_grad=True) for _ in range(40)]
    total = sum(x.exp() * x for x in xs)
    said = error_of(lambda: graph(total, max_nodes=50, fold=True), TooLarge)
    assert "when its chains are folded" in said and "max_nodes" in said


@pytest.mark.slow
def test_very_many_nodes():
    """In bounded memory, and in steps that grow with their number: their square would take hours."""
    y = torch.tensor(1.0, requires_grad=True)
    for _ in range(300_000):
        y = y * 1.0000001
    assert "fold=True" in error_of(lambda: graph(y), TooLarge)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    g = graph(y, fold=True)
    assert [n.label for n in g][1] == "299,999 × MulBackward0" and len(g) == 3
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 450_000  # KiB
    assert isinstance(g, Graph) and "299,999" in g.svg()
