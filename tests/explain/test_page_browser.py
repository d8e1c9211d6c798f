"""The page, driven in headless Chromium: search, click, fold, step, theme, keys; at two widths."""

import shutil

import pytest
from article_graph import article
from test_drawing import scene
from test_graph import mlp

from adjoint.explain.drawing.layout import layout
from adjoint.explain.graph import graph

try:
    from selenium import webdriver
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
except ImportError:
    webdriver = None

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    not (webdriver and BROWSER and DRIVER), reason="needs selenium (the extra 'browser'), chromium and chromedriver"
)
FLAGS = "headless no-sandbox disable-gpu disable-quic no-first-run disable-background-networking disable-component-update disable-sync"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for flag in [*FLAGS.split(), f"user-data-dir={tmp_path_factory.mktemp('profile')}"]:
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    d = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield d
    d.quit()


@pytest.fixture(params=[1400, 400], ids=["wide", "narrow"])
def show(request, browser, tmp_path):
    def show(g):
        size = {"width": request.param, "height": 800, "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        browser.get("file://" + g.save(tmp_path / "graph.html"))
        return browser

    yield show
    assert browser.get_log("browser") == []
    wide = browser.execute_script("return [document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1], "something sticks out at the side"


def the_article():
    t = article()
    return graph(t["loss"], names=t)


def the_mlp():
    loss, names = mlp()
    return graph(loss, names=names)


def press(d, *keys):
    webdriver.ActionChains(d).send_keys(*keys).perform()


def text(d, id):
    return d.find_element(By.ID, id).text


def test_search_and_click(show):
    d = show(the_article())
    press(d, "/", "l3", Keys.ENTER)
    panel = text(d, "panel")
    assert "l3" in panel and "a·b" in panel and "article_graph.py" in panel and "1.25 everywhere" in panel
    press(d, Keys.ESCAPE)
    assert not d.find_element(By.ID, "panel").is_displayed()
    d.find_element(By.CSS_SELECTOR, '.card[aria-label^="loss"]').click()
    assert "MeanBackward0" in text(d, "panel")
    d.find_element(By.CSS_SELECTOR, "#panel .inputs .link").click()
    assert text(d, "panel").splitlines()[1] == "l4" or "l4" in text(d, "panel")
    d.find_element(By.ID, "search").send_keys("nothing like this")
    assert "nothing found" in text(d, "found")


def test_stepping_shows_gradients_as_they_arrive(show):
    d = show(the_article())
    hidden = lambda: d.execute_script("return document.querySelectorAll('#near .waiting').length")
    assert hidden() == 0
    press(d, Keys.ARROW_RIGHT)
    assert "begins with 1 at loss" in text(d, "step") and hidden() > 5
    press(d, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert "step 2 of 5" in text(d, "count") and "g·b = 0.25 · 8 = 2 everywhere" in text(d, "step")
    assert d.find_element(By.CSS_SELECTOR, ".card.now").get_attribute("aria-label").startswith("l4")
    before = hidden()
    d.find_element(By.ID, "next").click()
    d.execute_script("drawNow()")
    assert hidden() < before
    press(d, Keys.ARROW_LEFT)
    assert "step 2" in text(d, "count")
    press(d, Keys.END)
    d.execute_script("drawNow()")
    assert hidden() == 0


def test_folding(show):
    d = show(the_mlp())
    count = lambda: d.execute_script("return view.cards.length")
    assert count() == 19 or count() > 10
    before = count()
    press(d, "m")
    assert count() < before and d.execute_script("return view.cards.some((c) => c.module === 'encoder')")
    press(d, "m")
    assert count() == before
    press(d, "/", "encoder.fc2.weight", Keys.ENTER)
    press(d, "u")
    assert d.execute_script("return view.chosen.module") == "encoder.fc2" and "nodes" in text(d, "panel")
    d.find_element(By.CSS_SELECTOR, "#panel .unfold").click()
    assert count() == before


def test_theme_zoom_and_help(show):
    d = show(the_article())
    paper = lambda: d.execute_script("return getComputedStyle(document.body).backgroundColor")
    first = paper()
    press(d, "t")
    assert paper() != first
    d.find_element(By.ID, "theme").click()
    assert paper() == first
    scale = lambda: d.execute_script("return view.scale")
    s = scale()
    press(d, "+")
    assert scale() > s
    press(d, "f")
    assert scale() == pytest.approx(s)
    press(d, "?")
    assert d.find_element(By.ID, "help").is_displayed()
    press(d, Keys.ESCAPE)
    assert not d.find_element(By.ID, "help").is_displayed()


@pytest.mark.parametrize("seed", range(3))
def test_the_browser_places_boxes_as_python_does(show, seed):
    d = show(the_article())
    boxes, lines = scene(seed)
    found = d.execute_script(
        "const b = arguments[0].map(([width, height]) => ({width, height}));"
        "layout(b, arguments[1].map(([source, target, labelWidth, labelHeight]) => ({source, target, labelWidth, labelHeight})));"
        "return b.map((x) => [x.x, x.y]);",
        [(b.width, b.height) for b in boxes],
        [(e.source, e.target, e.label_width, e.label_height) for e in lines],
    )
    layout(boxes, lines)
    assert found == [pytest.approx([b.x, b.y]) for b in boxes]
