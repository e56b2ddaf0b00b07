# SPDX-License-Identifier: Apache-2.0
"""`sluice reproduce` as a user meets it."""

import csv
import io

import pytest
from sluice_command import ROOT

HEAD = "claim,figure,model,seq_len,design,metric,value,published,deviation"
SETUP = ROOT / "configs" / "reproduce" / "fusemax" / "setup.yaml"
CLAIMS = f"""\
paper: fusemax
title: One number
source: nowhere
settings: {{include: {SETUP}}}
claims:
  - name: mean speedup
    select: {{figure: headline, seq_len: all, design: +Binding, metric: attn_speedup_vs_flat_mean}}
    published: PUBLISHED
    absolute: 0.05
    reason: half of the last digit
"""


def test_without_a_paper_it_says_which_there_are(project):
    done = project.sluice("reproduce")
    assert (done.code, done.err) == (0, "")
    names = [line.split()[0] for line in done.out.splitlines()]
    files = sorted(p.stem for p in (ROOT / "configs" / "reproduce").glob("*.yaml"))
    assert names == files
    assert "fusemax" in names


def test_fusemax_is_reproduced(project):
    done = project.sluice("reproduce", "fusemax", "--csv", "f.csv", "--html", "f.html")
    assert (done.code, done.err) == (0, "")
    assert done.out.endswith(" claims hold.\nwrote f.csv\nwrote f.html\n")
    assert all(len(line) <= 100 for line in done.out.splitlines())
    text = (project.folder / "f.csv").read_text()
    assert text.splitlines()[0] == HEAD
    rows = list(csv.DictReader(io.StringIO(text)))
    # A row for every point, of the models and lengths that are not published too.
    points = {
        (r["model"], r["seq_len"], r["design"])
        for r in rows
        if (r["figure"], r["metric"]) == ("attn", "latency_s") and "corrected" not in r["design"]
    }
    assert len(points) == 4 * 6 * 5
    for row in rows:
        if row["published"] not in ("", "0"):
            deviation = float(row["value"]) / float(row["published"]) - 1
            assert float(row["deviation"]) == pytest.approx(deviation, abs=1e-15)
    assert (project.folder / "f.html").read_text().startswith("<!doctype html>")


def test_the_csv_can_be_piped(project):
    done = project.sluice("reproduce", "fusemax", "--csv", "-")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[0] == HEAD
    assert "claims hold" not in done.out


def test_quiet_says_nothing(project):
    done = project.sluice("reproduce", "fusemax", "-q")
    assert (done.code, done.out, done.err) == (0, "", "")


@pytest.mark.parametrize("published,code", [("6.7", 0), ("7.7", 1)])
def test_a_claim_that_does_not_hold_is_exit_code_1(project, published, code):
    project.write("ours.yaml", CLAIMS.replace("PUBLISHED", published))
    done = project.sluice("reproduce", "ours.yaml")
    assert (done.code, done.err) == (code, "")
    last = "1 claims hold." if code == 0 else "1 of 1 claims fail."
    assert done.out.splitlines()[-1] == last


def test_a_changed_setting_changes_the_answer(project):
    project.write("ours.yaml", CLAIMS.replace("PUBLISHED", "6.7"))
    done = project.sluice("reproduce", "ours.yaml", "--set", "settings.lengths=[1024]")
    assert done.code == 1
    assert (
        "mean speedup: headline all all +Binding attn_speedup_vs_flat_mean: computed " in done.out
    )


def test_a_claim_file_is_described_and_is_no_run_file(project):
    project.write("ours.yaml", CLAIMS.replace("PUBLISHED", "6.7"))
    assert project.sluice("describe", "ours.yaml").out == (
        "One number\npaper: fusemax\nsource: nowhere\npublished: 0 numbers\n\n"
        "mean speedup\n  tolerance: +-0.05, half of the last digit\n"
    )
    assert project.sluice("check", "ours.yaml").out == "ours.yaml: a claim file without mistakes\n"
    done = project.sluice("run", "ours.yaml")
    assert (done.code, done.err) == (
        2,
        "ours.yaml: error: this is a claim file, a run file is expected\n"
        "hint: `sluice reproduce` compares them with what is computed\n",
    )


MISTAKES = [
    (
        ("fusmax",),
        "sluice reproduce: error: there is no paper 'fusmax'\nhint: did you mean 'fusemax'?\n",
    ),
    (("none.yaml",), "none.yaml: error: the file does not exist\n"),
    (
        ("--csv", "x.csv"),
        "sluice reproduce: error: PAPER is missing: which one is to be reproduced\n"
        "hint: `sluice reproduce` says which there are\n",
    ),
    (
        ("fusemax", "--html", "-"),
        "sluice reproduce: error: a page cannot go to standard output\n"
        "hint: name a file: --html FILE\n",
    ),
    (
        ("fusemax", "--set", "settings.lengths=[1000]"),
        "--set: error: length 1000 is no multiple of the 256 columns of the array\n",
    ),
]


@pytest.mark.parametrize("words,message", MISTAKES)
def test_mistakes(project, words, message):
    done = project.sluice("reproduce", *words)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(message)
    assert "x.csv" not in project.files()


def test_a_file_that_cannot_be_written_is_exit_code_1(project):
    project.write("folder", "a file")
    done = project.sluice("reproduce", "fusemax", "--csv", "folder/f.csv")
    assert done.code == 1
    assert (
        done.err == "sluice reproduce: error: cannot create the folder 'folder': Not a directory\n"
    )


def simulated(project, *more):
    """`fusemax_simulated` at its two shortest lengths, for the two widths of heads."""
    cut = [
        "runs.0.seq_len=[{name: 1K, set: {workload.network.layers.0.query_length: 1024}},"
        " {name: 4K, set: {workload.network.layers.0.query_length: 4096}}]"
    ]
    settings = [word for setting in cut for word in ("--set", setting)]
    return project.sluice("reproduce", "fusemax_simulated", *settings, *more)


def test_simulated_designs_stand_beside_those_of_the_paper(project):
    done = simulated(project, "--csv", "s.csv")
    assert (done.code, done.err) == (0, "")
    assert done.out.endswith(" claims hold.\nwrote s.csv\n")
    rows = list(csv.DictReader(io.StringIO((project.folder / "s.csv").read_text())))
    latency = {
        (r["model"], r["seq_len"], r["design"]): float(r["value"])
        for r in rows
        if (r["figure"], r["metric"]) == ("attn", "latency_s")
    }
    models = {model for model, _, _ in latency}
    assert models == {"BERT", "TrXL", "T5", "XLM"}
    for model in models:
        for length in ("1K", "4K"):
            slow, fast = (
                latency[model, length, f"+Binding simulated{more}"]
                for more in ("", ", free, overlap")
            )
            assert fast < slow


def test_an_order_that_does_not_hold_is_exit_code_1(project):
    done = simulated(
        project,
        "--set",
        "claims.0.at_most=+Architecture",
        "--set",
        'claims.0.select={figure: attn, design: "+Architecture corrected", metric: latency_s}',
    )
    assert done.code == 1
    assert "above" in done.out
    assert " 24 fail\n" in done.out
