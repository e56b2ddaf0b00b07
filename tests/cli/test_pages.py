# SPDX-License-Identifier: Apache-2.0
"""The pages of runs, studies, mappings and cascades: as files, and in a browser that clicks, drags
and reads. A page loads nothing and complains about nothing."""

import json
import re
import sqlite3

import pytest
from browser import Browser, find_browser
from sluice_command import ROOT, Project

CONFIGS = ROOT / "configs"
SWEEP = CONFIGS / "sweep" / "tpu_edge.yaml"
FUSED = CONFIGS / "map" / "fused_matmuls.yaml"
ATTENTION = CONFIGS / "cascades" / "attention_1pass.yaml"
PAGES = ["run", "long", "study", "map", "map_run", "pipeline", "cascade"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A project with a page of every kind: NAME.html."""
    project = Project(tmp_path_factory.mktemp("pages"))

    def sluice(*words):
        done = project.sluice(*words)
        assert (done.code, done.err) == (0, ""), words
        return done

    quickstart = CONFIGS / "run" / "quickstart.yaml"
    sluice("run", quickstart, "--html=run.html", "--json=run.json", "--trace-cycles", 50000, "-q")
    sluice(
        "run",
        CONFIGS / "run" / "bert_base_tpu_v4i.yaml",
        "--fidelity",
        "analytic",
        "--html=long.html",
        "-q",
    )
    sluice("sweep", SWEEP, "--budget", 96, "--store", "s.sqlite", "-q")
    assert sluice("report", "s.sqlite", "-o", "study.html").out == "wrote study.html\n"
    assert sluice("map", FUSED, "--html", "map.html").out.endswith("\nwrote map.html\n")
    sluice("map", quickstart, "--html", "map_run.html")
    sluice("map", CONFIGS / "run" / "fusemax_bert_1k.yaml", "--html", "pipeline.html")
    assert sluice("cascade", ATTENTION, "--html", "cascade.html").out.endswith(
        "\nwrote cascade.html\n"
    )
    return project


def text_of(project, name):
    return (project.folder / f"{name}.html").read_text(encoding="utf-8")


def data_of(text):
    return json.loads(
        re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)[1]
    )


# ---- as files


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_one_file_that_names_nothing_to_load(made, name):
    text = text_of(made, name)
    assert text.startswith("<!doctype html>\n")
    assert "default-src 'none'" in text
    readable = re.sub(r"<script.*?</script>", "", text, flags=re.S)
    assert re.findall(r"<(?:link|img|iframe|object|embed|source)\b[^>]*>", readable) == [
        '<link rel="icon" href="data:,">'
    ]
    assert not re.search(r"\bsrc=|@import|url\(", readable)


def test_the_page_of_a_run_holds_its_report(made):
    report = json.loads((made.folder / "run.json").read_text())
    assert data_of(text_of(made, "run"))["report"] == report


def test_the_page_of_a_study_holds_its_trials(made):
    trials = [
        json.loads(line)
        for line in made.sluice("study", "export", "s.sqlite", "--format", "jsonl").out.splitlines()
    ]
    ok = [t for t in trials if t["status"] == "ok"]
    data = data_of(text_of(made, "study"))
    assert data["trials"]["number"] == [t["number"] for t in ok]
    assert data["trials"]["metrics"]["latency_s"] == [t["metrics"]["latency_s"] for t in ok]
    for parameter in data["parameters"]:
        assert [None if at < 0 else parameter["values"][at] for at in parameter["places"]] == [
            t["parameters"].get(parameter["name"]) for t in ok
        ]
    front = made.sluice("study", "front", "s.sqlite").out.splitlines()[1:]
    assert data["front"] == [int(line.split()[0]) for line in front]
    best = data["convergence"]["best"]["latency_s"]
    assert best == sorted(best, reverse=True)
    assert best[-1] == min(t["metrics"]["latency_s"] for t in ok)
    volume = data["convergence"]["hypervolume"]
    assert volume == sorted(volume)
    assert volume[-1] == 1
    assert data["convergence"]["evaluations"][-1] == len(trials)


def test_the_same_input_gives_the_same_page(made):
    first = text_of(made, "study")
    made.sluice("report", "s.sqlite", "-o", "again.html", "-q")
    assert (made.folder / "again.html").read_text(encoding="utf-8") == first


def test_a_page_of_a_study_stands_beside_it_unless_told_otherwise(made):
    assert made.sluice("report", "s.sqlite").out == "wrote s.html\n"
    assert "s.html" in made.files()


def test_a_study_of_which_no_design_is_ok_says_why(project):
    assert (
        project.sluice(
            "sweep",
            SWEEP,
            "--set",
            "constraints.1=area_mm2 <= 0.001",
            "--budget",
            5,
            "--store",
            "s.sqlite",
            "-q",
        ).code
        == 0
    )
    assert project.sluice("report", "s.sqlite", "-q").code == 0
    text = text_of(project, "s")
    assert "No design is ok." in text
    assert "broken: area_mm2 &lt;= 0.001" in text
    assert "<script" not in text


def test_the_loops_of_a_nest_are_boxes_within_each_other(made):
    nest = re.search(r'<div class="nest">.*?(?=</section>)', text_of(made, "map"), re.S)[0]
    assert nest.count('<div class="loop">') == 5
    assert nest.count('<span class="times">64 times</span>') == 5
    assert nest.count('<div class="line keep">') == 3
    assert nest.count("<div") == nest.count("</div")
    inner = nest[nest.index("n0 in") :]
    assert inner.index("n1 in") < inner.index("compute</b> T1") < inner.index("n2 in")


def test_a_cascade_has_its_graph_and_no_script(made):
    text = text_of(made, "cascade")
    assert text.count("<svg") == 1
    assert "<script" not in text
    assert "RM[b,h,g,m1+1,p] = max(RM[b,h,g,m1,p], LM[b,h,g,m1,p])" in text
    done = made.sluice("cascade", ATTENTION, "--format", "dot", "--html", "again.html")
    assert (done.code, done.err) == (0, "wrote again.html\n")
    assert done.out.startswith("digraph")


# ---- mistakes


MISTAKES = [
    (("report",), 2, "sluice report: error: STUDY is missing: study (.sqlite)\n"),
    (("report", "none.sqlite"), 1, "sluice report: error: none.sqlite: it cannot be opened\n"),
    (("report", "machine.yaml"), 1, "sluice report: error: machine.yaml: this is no study\n"),
    (
        ("report", "s.sqlite", "-o", "-"),
        2,
        "sluice report: error: a page cannot go to standard output\nhint: name a file: -o FILE\n",
    ),
    (
        ("report", "s.sqlite", "-o", "s.sqlite"),
        2,
        "sluice report: error: the page would replace the study\n"
        "hint: name another file: -o FILE\n",
    ),
    (
        ("report", "s.sqlite", "-o", "machine.yaml/p.html"),
        1,
        "sluice report: error: cannot create the folder 'machine.yaml': Not a directory\n",
    ),
    (
        ("map", FUSED, "--html", "-"),
        2,
        "sluice map: error: a page cannot go to standard output\nhint: name a file: --html FILE\n",
    ),
    (
        ("map", FUSED, "--html", "machine.yaml/p.html"),
        1,
        "sluice map: error: cannot create the folder 'machine.yaml': Not a directory\n",
    ),
    (
        ("cascade", ATTENTION, "--html", "-"),
        2,
        "sluice cascade: error: a page cannot go to standard output\n"
        "hint: name a file: --html FILE\n",
    ),
]


@pytest.mark.parametrize("words, code, message", MISTAKES)
def test_mistakes_are_told(made, words, code, message):
    before = made.files()
    done = made.sluice(*words)
    assert (done.code, done.err) == (code, message)
    assert made.files() == before


def test_a_study_without_trials_is_told(made, project):
    copy = project.folder / "empty.sqlite"
    copy.write_bytes((made.folder / "s.sqlite").read_bytes())
    with sqlite3.connect(copy) as study:
        study.execute("DELETE FROM trials")
    done = project.sluice("report", "empty.sqlite")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "empty.sqlite: error: the study has no trials\n"
        "hint: `sluice sweep` with its sweep file goes on with it\n"
    )


# ---- in a browser


@pytest.fixture(scope="module")
def browser():
    if find_browser() is None:
        pytest.skip("no Chromium: scripts/setup test installs one")
    browser = Browser()
    yield browser
    browser.close()


@pytest.fixture
def open_page(made, browser):
    """Opens NAME.html; what was asked of the network and complained about is looked at
    afterwards."""
    path = None

    def open_it(name, **how):
        nonlocal path
        path = (made.folder / f"{name}.html").resolve()
        browser.open(path, **how)
        return browser

    yield open_it
    assert browser.complaints == []
    assert set(browser.requests) == {path.as_uri()}


def place_of(browser, chart, finder, value):
    """Where `value` of the axes of a chart is on the screen, scrolled into view."""
    browser.js(f"document.getElementById('{chart}').scrollIntoView({{block: 'center'}})")
    return browser.js(f"""(() => {{
        const box = document.getElementById('{chart}').getBoundingClientRect();
        const [x, y] = page.charts.{chart}.echarts.convertToPixel(
            {json.dumps(finder)}, {json.dumps(value)});
        return [box.left + x, box.top + y];
    }})()""")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_as_wide_as_the_window_and_draws_all_its_charts(open_page, name):
    browser = open_page(name)
    for width, dark in [(1280, False), (390, False), (390, True), (1280, True)]:
        browser.resize(width)
        browser.emulate(dark)
        browser.settle()
        assert browser.js("document.documentElement.scrollWidth") == width
        assert (
            browser.js("""[...document.querySelectorAll('.draw')]
            .filter(d => !d.querySelector('svg, canvas')).map(d => d.id)""")
            == []
        )
        back = browser.js("getComputedStyle(document.body).backgroundColor")
        assert back == ("rgb(20, 24, 30)" if dark else "rgb(255, 255, 255)")


def test_the_bars_of_a_run_add_up_to_its_report(open_page, made):
    total = json.loads((made.folder / "run.json").read_text())["total"]
    browser = open_page("run")
    sums = browser.js("""Object.fromEntries(["cycles", "energy", "traffic"].map(id => [id,
        page.charts[id].echarts.getOption().series.flatMap(s => s.data)
            .reduce((sum, d) => sum + d.value, 0)]))""")
    assert sums["cycles"] == total["cycles"]
    assert sums["traffic"] == total["traffic_bytes"]
    assert sums["energy"] == pytest.approx(total["energy_pj"] * 1e-12, rel=1e-9)


def test_a_click_on_a_layer_says_more_of_it(open_page):
    browser = open_page("run")
    layer = "conv2_0.conv2"
    browser.click(*place_of(browser, "cycles", {"xAxisIndex": 0, "yAxisIndex": 0}, [layer, 500]))
    assert browser.js("document.querySelector('#layer h3').textContent").startswith(layer)
    shown = browser.js("document.querySelector('#layer dd').textContent")
    cycles = browser.js(f"page.data.report.layers.find(l => l.name === '{layer}').cycles")
    assert shown.startswith(f"{cycles:,}".replace(",", " "))


def test_layers_can_be_ordered_and_the_table_sorted(open_page):
    browser = open_page("run")
    most = browser.js("page.data.report.layers.reduce((a, b) => b.cycles > a.cycles ? b : a).name")
    browser.js(
        "(() => { const s = document.getElementById('order'); s.value = 'cycles';"
        " s.dispatchEvent(new Event('change')); })()"
    )
    assert browser.js("page.charts.cycles.echarts.getOption().xAxis[0].data[0]") == most
    head = "document.querySelector('#layers th:nth-child(5) button')"
    browser.js(f"{head}.click()")
    assert browser.js("document.querySelector('#layers tbody td:nth-child(2)').textContent") == most
    browser.js(f"{head}.click()")
    assert (
        browser.js("document.querySelector('#layers th:nth-child(5)').getAttribute('aria-sort')")
        == "ascending"
    )


def test_charts_of_a_long_network_zoom_together(open_page):
    browser = open_page("long")
    assert browser.js("page.data.report.layers.length") == 139
    browser.js(
        "page.charts.cycles.echarts.dispatchAction("
        "{type: 'dataZoom', startValue: 10, endValue: 20})"
    )
    browser.settle()
    assert browser.js(
        "page.charts.traffic.echarts.getOption().dataZoom.map(z => [z.startValue, z.endValue])"
    ) == [[10, 20], [10, 20]]


def test_a_region_of_the_front_selects_designs_everywhere(open_page, made):
    browser = open_page("study", height=1000)
    metrics = data_of(text_of(made, "study"))["trials"]["metrics"]
    latency, energy = sorted(metrics["latency_s"]), sorted(metrics["energy_j"])
    # A box between values, so that a pixel more or less is none of its business.
    right = (latency[len(latency) // 3] * latency[len(latency) // 3 + 1]) ** 0.5
    left, low, high = latency[0] * 0.9, energy[0] * 0.99, energy[-1] * 1.01
    inside = sum(v <= right for v in metrics["latency_s"])
    finder = {"xAxisIndex": 0, "yAxisIndex": 0}
    x1, y1 = place_of(browser, "front", finder, [left, high])
    x2, y2 = place_of(browser, "front", finder, [right, low])
    browser.drag(x1, y1, x2, y2)
    box = browser.js(
        "page.charts.front.echarts.getOption().brush[0] && "
        "document.getElementById('count').textContent"
    )
    chosen = int(box.split()[0])
    assert box == f"{chosen} of {len(latency)} designs selected"
    # The corners of what was dragged are on whole pixels: as many designs as lie within a pixel of
    # it.
    span = abs(x2 - x1)
    pixel = (right / left) ** (1.5 / span)
    least = sum(v <= right / pixel for v in metrics["latency_s"])
    most = sum(v <= right * pixel for v in metrics["latency_s"])
    assert least <= chosen <= most
    assert 0 < inside < len(latency)
    lines = browser.js(
        "page.charts.parallel.echarts.getOption().series.reduce((n, s) => n + s.data.length, 0)"
    )
    assert lines == chosen
    rows = browser.js("document.querySelectorAll('#designs tbody tr').length")
    assert rows == min(chosen, 30)
    browser.js("document.getElementById('clear').click()")
    assert (
        browser.js("document.getElementById('count').textContent") == f"all {len(latency)} designs"
    )


def test_a_range_on_an_axis_selects_designs(open_page):
    browser = open_page("study", height=1000)
    browser.js("document.getElementById('parallel').scrollIntoView({block: 'center'})")
    # `rows` is the first axis: those below four tenths of its length.
    x, top, bottom = browser.js("""(() => {
        const box = document.getElementById('parallel').getBoundingClientRect();
        return [box.left + 50, box.top + 66, box.bottom - 24];
    })()""")
    browser.drag(x, bottom - 0.4 * (bottom - top), x, bottom - 1)
    text = browser.js("document.getElementById('count').textContent")
    lower = browser.js("""(() => {
        const {values, places} = page.data.parameters[0];
        return places.filter(p => (p + 1) / (values.length + 1) < 0.4).length;
    })()""")
    count = browser.js("page.data.trials.number.length")
    assert text == f"{lower} of {count} designs selected"
    dim = browser.js("""page.charts.front.echarts.getOption().series.flatMap(s => s.data)
        .filter(d => d.itemStyle && d.itemStyle.opacity < 0.1).length""")
    assert dim == count - lower


def test_a_change_of_the_colour_scheme_is_followed_and_print_is_light(open_page):
    browser = open_page("run")
    colour = "page.charts.cycles.echarts.getOption().legend[0].textStyle.color"
    light = browser.js(colour)
    browser.emulate(dark=True)
    browser.settle()
    assert browser.js(colour) != light
    browser.emulate(dark=True, media="print")
    browser.settle()
    assert browser.js(colour) == light
    assert browser.js("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_a_page_could_load_nothing_if_it_wanted_to(made, browser):
    browser.open(made.folder / "run.html")
    answer = browser.js("fetch('http://127.0.0.1:9/').then(() => 'loaded', () => 'refused')")
    assert answer == "refused"
    assert any("Content Security Policy" in complaint for complaint in browser.complaints)
