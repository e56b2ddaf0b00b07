# SPDX-License-Identifier: Apache-2.0
"""`sluice proxy`, and sweeps that ask a proxy, as a user meets them."""

import json

import pytest
from sluice_command import Project

SPACE = """\
name: tiny
experiment: {workload: {model: network.yaml}, architecture: {include: machine.yaml}}
parameters:
  rows: {path: architecture.array.rows, integers: [1, 16]}
  columns: {path: architecture.array.columns, integers: [1, 16]}
objectives: [cycles]
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A project with a study of 200 of 256 designs, and a proxy of it."""
    project = Project(tmp_path_factory.mktemp("proxy"))
    project.write("tiny.yaml", SPACE)
    assert project.sluice("sweep", "tiny.yaml", "--budget", 200, "--store", "s.sqlite").code == 0
    done = project.sluice(
        "proxy", "train", "s.sqlite", "-o", "s.proxy", "--model", "forest", "--limit", 0.5
    )
    assert (done.code, done.err) == (0, "")
    assert done.out.endswith("wrote s.proxy\n")
    project.report = done.out.removesuffix("wrote s.proxy\n")
    return project


def test_show_says_again_what_training_said(trained):
    done = trained.sluice("proxy", "show", "s.proxy")
    assert (done.code, done.out) == (0, trained.report)
    assert (
        "200 designs of random, seed 1: learned from 140, intervals from 30, errors from 30"
        in done.out
    )
    assert "answers where 90 % intervals are within 50 %" in done.out


def test_the_file_says_what_it_is_of(trained):
    proxy = json.loads((trained.folder / "s.proxy").read_text())
    assert proxy["sluice_proxy"] == 2
    assert proxy["hash"] in trained.report
    assert proxy["content"]["source"]["designs"] == 200
    errors = {m["metric"]: m for m in proxy["content"]["errors"]["metrics"]}
    assert errors["cycles"]["unit"] == "cycles"
    assert 0 <= errors["cycles"]["covered"] <= 1


def test_its_own_study_shows_the_errors_that_it_was_measured_with(trained):
    done = trained.sluice("proxy", "test", "s.proxy", "s.sqlite")
    assert done.code == 0
    assert done.out.splitlines()[0] == "trials of s.sqlite (random, seed 1)"
    assert "\n".join(done.out.splitlines()[1:]) in trained.report


def test_a_sweep_asks_the_proxy_and_looks_at_the_best_again(trained):
    trained.write("asked.yaml", SPACE + "confirm: {fidelity: analytic, count: 2}\n")
    words = ["sweep", "asked.yaml", "--proxy", "s.proxy", "--budget", 256, "--store", "p.sqlite"]
    done = trained.sluice(*words)
    assert (done.code, done.err) == (0, "")
    assert "looked at again" in done.out
    assert "bottleneck" not in done.out
    assert trained.sluice("study", "validate", "p.sqlite").out == (
        "10 of 256 trials evaluated again, 0 differ\n"
    )
    assert trained.sluice(*words).out == done.out
    lines = trained.sluice("study", "export", "p.sqlite", "--format", "jsonl").out.splitlines()
    trials = [json.loads(line) for line in lines]
    for trial in trials:
        if trial["status"] == "invalid":
            assert trial["reason"].startswith("outside the proxy's data: ")
            assert "metrics" not in trial
        else:
            assert trial["metrics"]["cycles"] > 0


def test_another_proxy_is_another_sweep(trained):
    words = ["--proxy", "t.proxy", "--budget", 20, "--store", "t.sqlite", "-q"]
    for seed in (1, 2):
        trained.sluice(
            "proxy",
            "train",
            "s.sqlite",
            "-o",
            "t.proxy",
            "--model",
            "forest",
            "--seed",
            seed,
            "--limit",
            0.5,
        )
        done = trained.sluice("sweep", "tiny.yaml", *words)
    assert done.code == 1
    assert done.err.startswith(
        "sluice sweep: error: t.sqlite: this study is of another sweep:\n  proxy.hash: "
    )


def test_no_proxy_learns_from_what_a_proxy_said(trained):
    trained.sluice("sweep", "tiny.yaml", "--proxy", "s.proxy", "--budget", 9, "--store", "q.sqlite")
    done = trained.sluice("proxy", "train", "q.sqlite", "-o", "q.proxy")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "q.sqlite: error: this study holds what a proxy said\n"
        "hint: train on a study whose designs were simulated\n"
    )


def test_the_fidelity_proxy_is_what_the_proxy_of_the_sweep_stands_for(trained):
    words = ["sweep", "tiny.yaml", "--fidelity", "proxy", "--budget", 20, "--store", "f.sqlite"]
    done = trained.sluice(*words)
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "--fidelity: error: the sweep has no proxy\n"
        "hint: name it: --proxy FILE, or proxy: {file: FILE} in the sweep file\n"
    )
    named = trained.sluice(*words, "--proxy", "s.proxy", "--set", "fidelity=tile")
    assert named.code == 0
    assert "outside the proxy's data" in named.out


def test_mistakes_are_told(trained):
    def error(*words):
        done = trained.sluice(*words)
        assert (done.code, done.out) == (2, "")
        return done.err

    assert error(
        "sweep", "tiny.yaml", "--proxy", "s.proxy", "--fidelity", "tile", "--store", "o.sqlite"
    ) == (
        "s.proxy: error: the proxy predicts analytic, the sweep asks for tile\n"
        "hint: --fidelity analytic\n"
    )
    trained.write("other.yaml", SPACE.replace("16]", "8]"))
    assert error("sweep", "other.yaml", "--proxy", "s.proxy", "--store", "o.sqlite") == (
        "s.proxy: error: the proxy learned the space of 'tiny', which is not that of 'tiny'\n"
        "hint: train one on a study of this sweep: sluice proxy train STUDY -o FILE\n"
    )
    assert error("proxy", "show", "tiny.yaml") == (
        "tiny.yaml: error: this is no proxy\nhint: make one: sluice proxy train STUDY -o FILE\n"
    )
    trained.sluice("sweep", "tiny.yaml", "--budget", 40, "--store", "few.sqlite", "-q")
    assert error("proxy", "train", "few.sqlite", "-o", "few.proxy") == (
        "few.sqlite: error: 40 designs with metrics are too few for a proxy, 100 are needed\n"
        "hint: go on with the study: sluice sweep --budget\n"
    )
    assert error("proxy", "train", "s.sqlite") == (
        "sluice proxy train: error: --output is missing: proxy to write\n"
    )
