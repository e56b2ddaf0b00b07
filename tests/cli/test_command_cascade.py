# SPDX-License-Identifier: Apache-2.0
"""`sluice cascade` and `sluice evaluate`."""

import re

import pytest
from sluice_command import ROOT

CASCADES = ROOT / "configs" / "cascades"
ATTENTION = sorted(CASCADES.glob("attention_*.yaml"))


def test_the_page_says_operations_passes_and_traffic(project):
    done = project.sluice("cascade", CASCADES / "attention_1pass.yaml", "--set", "mask=causal")
    assert (done.code, done.err) == (0, "")
    assert re.search(r"^  m \(m1,m0\) +1  1: BK BV BQK LM SLN SLD SLNV", done.out, re.MULTILINE)
    assert "recurrence along m1, distance 1: RM, RD, RNV" in done.out
    assert "least traffic at 16 bits an element: 6144 B read, 2048 B written" in done.out


def test_the_text_form_reads_back(project):
    text = project.sluice("cascade", CASCADES / "softmax_2pass.yaml", "--format", "yaml").out
    project.write("again.yaml", text)
    again = project.sluice("cascade", "again.yaml", "--format", "yaml")
    assert (again.code, again.out) == (0, text)


def test_the_graph_has_the_edges_that_are_carried(project):
    out = project.sluice("cascade", CASCADES / "attention_1pass.yaml", "--format", "dot").out
    assert out.startswith("digraph cascade {")
    assert 'label="RM +1 m1", style=dashed' in out


@pytest.mark.parametrize("mask", ["none", "causal", "window"])
def test_all_attention_cascades_agree(project, mask):
    first, *others = ATTENTION
    done = project.sluice("evaluate", first, *others, "--set", f"mask={mask}",
                          "--set", "keys=21", "--set", "group=2")
    assert (done.code, done.err) == (0, "")
    found = re.findall(r"largest difference (\S+) absolute", done.out)
    assert len(found) == len(others)
    assert all(float(value) <= 1e-12 for value in found)


def test_a_setting_is_for_the_cascades_that_have_the_parameter(project):
    files = [CASCADES / "attention_3pass.yaml", CASCADES / "attention_1pass.yaml"]
    done = project.sluice("evaluate", *files, "--set", "tile=7")
    assert (done.code, done.err) == (0, "")


def test_rounding_makes_a_difference(project):
    files = [CASCADES / "attention_1pass.yaml", CASCADES / "attention_3pass.yaml"]
    out = project.sluice("evaluate", *files, "--format", "bf16").out
    worst = float(re.search(r"largest difference (\S+) absolute", out)[1])
    assert 1e-4 < worst < 1e-1


MISTAKES = [
    (("cascade", "a.yaml", "--format", "yml"),
     "sluice cascade: error: --format: 'yml' is not known here\nhint: did you mean 'yaml'?\n"),
    (("evaluate", "a.yaml"),
     "sluice evaluate: error: a second FILE is missing: cascades are compared with each other\n"),
    (("evaluate", "a.yaml", "b.yaml"),
     "b: error: it has no input 'A', which a has\nhint: both need the same inputs and outputs\n"),
    (("evaluate", "a.yaml", "c.yaml"),
     "c: error: its input 'A' is [3], that of a is [2]\n"
     "hint: set the parameters so that both have the same shapes\n"),
    (("evaluate", "a.yaml", "a.yaml", "--set", "M=9000000000"),
     "a: error: 9e+09 points and 9e+09 elements are too many to compute\n"
     "hint: make the parameters smaller\n"),
    (("evaluate", "a.yaml", "a.yaml", "--set", "N=3"),
     "--set: error: the cascade has no parameter 'N'\nhint: known: M\n"),
    (("cascade", "a.yaml", "--set", "N=3"),
     "--set: error: the cascade has no parameter 'N'\nhint: known: M\n"),
]


@pytest.mark.parametrize("words,message", MISTAKES, ids=[" ".join(m[0]) for m in MISTAKES])
def test_a_mistake_is_told(project, words, message):
    for name, tensor, size in (("a", "A", 2), ("b", "B", 2), ("c", "A", 3)):
        project.write(f"{name}.yaml", f'name: {name}\nparameters: {{M: {size}}}\n'
                                      f'inputs: ["{tensor}[m]"]\neinsums: |\n  Z = {tensor}[m]\n')
    done = project.sluice(*words)
    assert (done.err, done.out, done.code) == (message, "", 2)
