# SPDX-License-Identifier: Apache-2.0
"""What the tests of pages share: a project with a page of every kind, and a browser to open one."""

import json
import re

import pytest
from browser import Browser, find_browser
from sluice_command import ROOT, Project

CONFIGS = ROOT / "configs"
SWEEP = CONFIGS / "sweep" / "tpu_edge.yaml"
FUSED = CONFIGS / "map" / "fused_matmuls.yaml"
ATTENTION = CONFIGS / "cascades" / "attention_1pass.yaml"
PAGES = ["run", "long", "memory", "study", "many", "map", "map_run", "pipeline", "cascade"]


@pytest.fixture(scope="session")
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
    sluice("run", CONFIGS / "run" / "dram_trace_mixed.yaml", "--html=memory.html", "-q")
    sluice("sweep", CONFIGS / "sweep" / "eyeriss_26.yaml", "--budget", 40, "--set", "confirm=null",
           "--store", "many.sqlite", "-q")  # fmt: skip
    sluice("report", "many.sqlite", "-q")
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


@pytest.fixture(scope="session")
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
