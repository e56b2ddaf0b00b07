# SPDX-License-Identifier: Apache-2.0
"""The pages of runs, studies, mappings and cascades, as files; test_pages_browser.py opens them."""

import json
import re
import sqlite3

import pytest
from pages import ATTENTION, FUSED, PAGES, SWEEP, data_of, text_of


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
