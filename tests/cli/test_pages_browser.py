# SPDX-License-Identifier: Apache-2.0
"""The pages in a browser that clicks, drags and reads. A page loads nothing and complains about
nothing."""

import json

import pytest
from pages import PAGES, data_of, text_of


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


def test_a_design_says_what_it_is_under_the_mouse(open_page):
    browser = open_page("study", height=1000)
    trial, x, y = browser.js("""(() => {
        const at = page.data.trials.number.indexOf(page.data.front[0]);
        const {latency_s, energy_j} = page.data.trials.metrics;
        return [page.data.front[0], latency_s[at], energy_j[at]];
    })()""")
    finder = {"xAxisIndex": 0, "yAxisIndex": 0}
    browser.hover(*place_of(browser, "front", finder, [x, y]))
    shown = browser.js("document.querySelector('#front').textContent")
    assert f"trial {trial}, on the front" in shown


def test_axes_without_room_lie_below_each_other(open_page):
    layout = "page.charts.parallel.echarts.getOption().parallel[0].layout"
    assert open_page("study").js(layout) == "horizontal"
    browser = open_page("many")
    assert browser.js(layout) == "vertical"
    axes = browser.js("page.charts.parallel.echarts.getOption().parallelAxis.map(a => a.name)")
    assert len(axes) > 20
    room = browser.js("document.getElementById('parallel').clientHeight")
    assert room / len(axes) > 40  # names are 12 px high


def test_a_memory_alone_has_no_roofline(open_page):
    browser = open_page("memory")
    assert browser.js("Object.keys(page.charts)") == [
        "cycles", "energy", "traffic", "units", "memories", "components",
    ]  # fmt: skip
    assert browser.js("[...document.querySelectorAll('svg.machine text.name')].length") == 1


def test_a_pipeline_is_drawn_with_the_cycles_of_its_operations(open_page):
    browser = open_page("pipeline")
    assert browser.js("document.querySelector('h1').textContent") == "fusemax_bert_1k.yaml"
    layer = browser.js("page.data.layers[0]")
    bars = browser.js("page.charts.schedule0.echarts.getOption().series[0].data")
    looped = [o for o in layer["operations"] if not o["after_loop"]]
    for place, unit in enumerate(dict.fromkeys(o["unit"] for o in looped)):
        drawn = sum(end - first for first, end, _, of in bars if of == place)
        assert drawn == sum(o["cycles"] for o in looped if o["unit"] == unit)
