"""Layout and exports: nothing overlaps, every run gives the same, and what is written can be read."""

import importlib.util
import itertools
import json
import pathlib
import random
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest
from article_graph import article
from support import error_of, torch
from test_graph import mlp

from adjoint.explain.drawing.layout import Box, Line, layout, rank_boxes
from adjoint.explain.drawing.picture import brief, picture, shortened, width_of
from adjoint.explain.graph import graph
from adjoint.explain.statistics import statistics

GOLDEN = pathlib.Path(__file__).parent / "golden" / "article.svg"
NS = "{http://www.w3.org/2000/svg}"


def scene(seed, count=40, labels=True):
    r = random.Random(seed)
    boxes = [Box(r.randint(30, 150), r.randint(30, 90)) for _ in range(count)]
    lines = []
    for i in range(1, count):
        for _ in range(r.choice((1, 1, 2))):
            wide = r.choice((0, 60)) if labels else 0
            lines.append(Line(r.randint(max(0, i - 12), i - 1), i, wide, 20 if wide else 0))
    return boxes, lines


def frames(boxes, lines):
    found = [(b.x - b.width / 2, b.y - b.height / 2, b.x + b.width / 2, b.y + b.height / 2) for b in boxes]
    for e in lines:
        if e.label:
            (x, y), w, h = e.label, e.label_width, e.label_height
            found.append((x - w / 2, y - h / 2, x + w / 2, y + h / 2))
    return found


def overlap(a, b):
    return a[0] < b[2] - 0.01 and b[0] < a[2] - 0.01 and a[1] < b[3] - 0.01 and b[1] < a[3] - 0.01


@pytest.mark.parametrize("seed", range(8))
def test_nothing_overlaps_and_all_is_inside(seed):
    boxes, lines = scene(seed)
    width, height = layout(boxes, lines)
    found = frames(boxes, lines)
    assert not [(a, b) for a, b in itertools.combinations(found, 2) if overlap(a, b)]
    assert all(a >= -0.01 and b >= -0.01 and c <= width + 0.01 and d <= height + 0.01 for a, b, c, d in found)
    assert all(e.label for e in lines if e.label_width)


@pytest.mark.parametrize("seed", range(4))
def test_lines_touch_their_boxes_and_run_downwards(seed):
    boxes, lines = scene(seed)
    layout(boxes, lines)
    for e in lines:
        a, b = boxes[e.source], boxes[e.target]
        assert a.rank < b.rank
        ys = [y for _, y in e.points]
        assert all(a <= b + 1e-6 for a, b in itertools.pairwise(ys))
        assert ys[0] == pytest.approx(a.y + a.height / 2) and ys[-1] == pytest.approx(b.y - b.height / 2)
        assert abs(e.points[0][0] - a.x) <= a.width / 2 and abs(e.points[-1][0] - b.x) <= b.width / 2


@pytest.mark.parametrize("seed", range(4))
def test_lines_do_not_run_through_boxes(seed):
    boxes, lines = scene(seed)
    layout(boxes, lines)
    for e in lines:
        for (x0, y0), (x1, y1) in itertools.pairwise(e.points):
            for i, b in enumerate(boxes):
                if i in (e.source, e.target):
                    continue
                inside = b.y - b.height / 2 + 0.1 < max(y0, y1) and min(y0, y1) < b.y + b.height / 2 - 0.1
                across = b.x - b.width / 2 + 0.1 < max(x0, x1) and min(x0, x1) < b.x + b.width / 2 - 0.1
                assert not (inside and across)


def test_the_same_every_time():
    once, again = scene(5), scene(5)
    layout(*once)
    layout(*again)
    assert [(b.x, b.y) for b in once[0]] == [(b.x, b.y) for b in again[0]]


def test_crossings_that_need_not_be_are_gone():
    # Two chains whose boxes come interleaved, and a tree: all can be drawn without a crossing.
    boxes = [Box(40, 30) for _ in range(8)]
    lines = [Line(0, 3), Line(1, 2), Line(2, 5), Line(3, 4), Line(4, 7), Line(5, 6)]
    layout(boxes, lines)
    left = boxes[0].x < boxes[1].x
    assert all((boxes[a].x < boxes[b].x) == left for a, b in ((3, 2), (4, 5), (7, 6)))


def test_a_chain_is_straight():
    boxes = [Box(30 + 10 * (i % 5), 30) for i in range(20)]
    layout(boxes, [Line(i, i + 1) for i in range(19)])
    assert len({round(b.x, 6) for b in boxes}) == 1


def test_ranks_leave_leaves_beside_their_use():
    # 0 → 2 → 3 → 4 ← 1: the leaf 1 stands right above 4, not at the top.
    rank, minor = rank_boxes(5, [(0, 2), (2, 3), (3, 4), (1, 4)])
    assert rank == [0, 2, 1, 2, 3] and minor[1]


def test_an_edge_against_the_order_is_drawn_all_the_same():
    boxes = [Box(30, 30) for _ in range(3)]
    lines = [Line(0, 1), Line(1, 2), Line(2, 1)]
    layout(boxes, lines)
    assert lines[2].points[0][1] > lines[2].points[-1][1]


def test_nothing_to_place():
    assert layout([], []) == (0.0, 0.0)


def test_far_too_many_long_lines_are_drawn_without_dummies():
    count = 700
    boxes = [Box(20, 20) for _ in range(count)]
    lines = [Line(i, i + 1) for i in range(count - 1)] + [Line(i, count - 1) for i in range(count - 2)]
    layout(boxes, lines)
    assert all(len(e.points) >= 2 for e in lines)


def test_texts_fit_their_frames():
    loss, names = mlp()
    names = {"宽的名字.weight": names["encoder.fc1.weight"], "x" * 80 + ".weight": names["encoder.fc2.weight"]}
    for card in picture(graph(loss, names=names)).cards:
        for kind, text in card.lines:
            assert width_of(text, 14 if kind == "name" else 11.5) <= card.box.width
        assert card.box.width < 400


def test_long_texts_are_shortened():
    assert shortened("a" * 50, 10) == "aaaaaa…aaa" and len(shortened("b" * 99)) == 34
    assert brief(statistics(torch.tensor([1.23456, 2.34567, 3.45678])), 15) == "1.235 … 3.457"


# -- SVG


def test_the_articles_picture_is_the_golden_one():
    t = article()
    svg = graph(t["loss"], names=t).svg()
    if not GOLDEN.exists():
        GOLDEN.write_text(svg, encoding="utf-8")
        pytest.fail(f"{GOLDEN} was missing and is written now: look at it, and run again")
    assert svg == GOLDEN.read_text(encoding="utf-8"), "if the change is meant: delete the golden file, and run again"


def test_the_picture_is_the_same_under_another_hash_seed():
    program = (
        "import sys; sys.path[:0] = sys.argv[1:]\n"
        "from article_graph import article\nfrom adjoint.explain.graph import graph\n"
        "t = article(); sys.stdout.buffer.write(graph(t['loss'], names=t).svg().encode())"
    )
    here = pathlib.Path(__file__).parent
    paths = [str(here), str(here.parent), *sys.path]
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", program, *paths], capture_output=True, env={"PYTHONHASHSEED": seed}, timeout=60
        )
        assert done.stdout == GOLDEN.read_bytes(), done.stderr.decode()


def test_svg_is_well_formed_and_says_everything():
    t = article()
    root = ET.fromstring(graph(t["loss"], names=t).svg())
    texts = [e.text for e in root.iter(f"{NS}text")]
    for word in ("input", "w1", "l4", "loss", "×", "+", "mean", "grad 28", "↑ 5 everywhere", "↑ 2 everywhere"):
        assert word in texts
    assert "prefers-color-scheme: dark" in root.find(f"{NS}style").text
    assert not [e for e in root.iter() if e.tag.endswith(("script", "image", "use"))]


def test_what_looks_like_markup_is_text():
    w = torch.tensor(1.0, requires_grad=True)
    nasty = '<script>"&\x00]]>--'
    g = graph(w * 2, names={nasty: w})
    ET.fromstring(g.svg())
    assert '<script>"' not in g.svg() + g.mermaid()
    assert g.html().count("<script") == 2
    assert json.loads(g.json())["nodes"][0]["name"] == nasty


def test_gradients_can_be_left_away():
    t = article()
    assert "grad 28" not in graph(t["loss"], names=t).svg(gradients=False)


def test_a_leaf_used_far_away_is_drawn_again():
    y = w = torch.tensor(1.0, requires_grad=True)
    for _ in range(30):
        y = (y * w).sin()
    cards = picture(graph(y, names={"w": w})).cards
    again = [c for c in cards if c.again]
    assert len(again) > 3 and all(c.node.label == "w" for c in again)
    ET.fromstring(graph(y).svg())


def test_notebooks():
    t = article()
    g = graph(t["loss"], names=t)
    assert g._repr_svg_() == g.svg()
    assert g._repr_html_().startswith("<iframe") and "srcdoc=" in g._repr_html_()
    y = t["w1"]
    for _ in range(600):
        y = y * 1.0
    assert graph(y)._repr_svg_() is None


# -- Graphviz


needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz's dot is not installed")


@needs_dot
def test_graphviz_reads_the_dot():
    loss, names = mlp()
    nasty = {'a "quoted"\\name\n': names.pop("encoder.fc1.bias")}
    g = graph(loss, names={**nasty, **names})
    done = subprocess.run(["dot", "-Tjson0"], input=g.dot(), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and not done.stderr, done.stderr
    read = json.loads(done.stdout)
    assert len(read["edges"]) == len(g.edges)
    assert len([o for o in read["objects"] if "nodes" not in o]) == len(g.nodes)


@needs_dot
def test_graphviz_places_the_picture():
    t = article()
    g = graph(t["loss"], names=t)
    root = ET.fromstring(g.svg(engine="graphviz"))
    texts = [e.text for e in root.iter(f"{NS}text")]
    assert "grad 28" in texts and "↑ 5 everywhere" in texts
    assert g.svg(engine="graphviz") != g.svg()


def test_without_graphviz(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    g = graph(article()["loss"])
    assert "not installed" in error_of(lambda: g.svg(engine="graphviz"), RuntimeError)
    assert "graphviz" in error_of(lambda: g.svg(engine="neato"), ValueError)


# -- Mermaid, JSON


def test_mermaid_lines_are_of_the_language():
    loss, names = mlp()
    lines = graph(loss, names=names).mermaid().splitlines()
    node = r"    n\d+(\(\(\"[^\"]*\"\)\)|\(\"[^\"]*\"\)|\[\"[^\"]*\"\])"
    edge = r"  n\d+ (-->|-\.->)(\|\"[^\"|]*\"\|)? n\d+"
    other = r"flowchart TD|  subgraph m\d+\[\"[^\"]*\"\]|  end|  classDef \w+ [\w:#,]+|  class [n\d,]+ \w+"
    assert lines[0] == "flowchart TD"
    assert not [x for x in lines if not re.fullmatch(f"{node}|{edge}|{other}", x)]
    assert sum(x.startswith("  subgraph") for x in lines) == sum(x == "  end" for x in lines) == 3


def test_json_holds_everything():
    t = article()
    g = graph(t["loss"], names=t)
    d = json.loads(g.json(indent=1))
    assert d["schema"] == "adjoint.graph/1" and d["title"] == "loss" and d["notes"] == []
    by_id = {n["id"]: n for n in d["nodes"]}
    assert len(by_id) == 9 and len(d["edges"]) == 9
    keys = {"id", "kind", "label", "name", "operation", "backward_name", "module", "shape", "dtype", "where", "formula"}
    keys |= {"rule", "value", "gradient", "saved", "attributes", "released", "is_output", "count", "operations"}
    for n in d["nodes"]:
        assert set(n) == keys
        for s in (n["value"], n["gradient"]):
            assert s is None or (s["count"] >= 1 and isinstance(s["text"], str))
    for e in d["edges"]:
        assert e["source"] in by_id and e["target"] in by_id
    l3 = next(n for n in d["nodes"] if n["label"] == "l3")
    assert l3["where"]["file"].endswith("article_graph.py") and l3["gradient"]["mean"] == 1.25


def test_json_without_numbers_that_json_lacks():
    x = torch.tensor([0.0, 1.0, -1.0], requires_grad=True)
    y = x.log()
    d = json.loads(graph(y.sum(), names={"y": y}).json(), parse_constant=lambda c: pytest.fail(c))
    value = next(n for n in d["nodes"] if n["name"] == "y")["value"]
    assert (value["nan"], value["inf"], value["norm"]) == (1, 1, None)


def test_the_page_is_self_contained():
    t = article()
    page = graph(t["loss"], names=t).html()
    assert page.startswith("<!doctype html>") and "{{" not in page.replace("{{}}", "")
    urls = set(re.findall(r"https?://[^\"'\s)]+", page)) - {"http://www.w3.org/2000/svg"}
    assert not urls and not re.search(r"<(?:link|script|img)[^>]+(?:src|href)=\"(?!data:)", page)
    data = json.loads(re.search(r'id="data">(.*?)</script>', page, re.S)[1])
    assert [n["label"] for n in data["nodes"]][-1] == "loss" and data["nodes"][-1]["shape"] == []


def test_the_pages_files_are_in_the_package():
    folder = pathlib.Path(importlib.util.find_spec("adjoint.explain.drawing").origin).parent
    for name in ("page.html", "page.css", "layout.js", "view.js", "panel.js", "page.js"):
        assert (folder / name).stat().st_size > 500
