# SPDX-License-Identifier: Apache-2.0
"""How attention is mapped in run files, and the mapper `search` on a layer of a real network."""

import json

from sluice_command import ROOT

RUN = """\
workload:
  network:
    name: block
    layers:
      - LAYER
architecture: {include: MACHINE}
""".replace("MACHINE", str(ROOT / "configs" / "arch" / "tpu_like.yaml"))
FFN_UP = "{name: ffn_up, op: linear, rows: 128, in_features: 768, out_features: 3072}"
ATTENTION = "{name: att, op: attention, query_heads: 12, head_width: 64, query_length: 128}"


def run_file(layer=ATTENTION, more=""):
    return RUN.replace("LAYER", layer) + more


def total(project, *settings):
    project.write("att.yaml", run_file())
    done = project.sluice("run", "att.yaml", "--json", "-", "-q", *settings)
    assert (done.code, done.err) == (0, "")
    return json.loads(done.out)["total"]


def test_scores_on_chip_move_less_and_take_less_time(project):
    unfused = total(project, "--set", "mapping.attention=unfused")
    auto = total(project)
    assert auto["macs"] == unfused["macs"] == 2 * 12 * 128 * 128 * 64
    # Queries, keys, values and results of 2 B pass once; scores would go four times.
    assert auto["traffic_bytes"] == 4 * 2 * 12 * 128 * 64
    assert unfused["traffic_bytes"] == auto["traffic_bytes"] + 4 * 2 * 12 * 128 * 128
    assert auto["cycles"] < unfused["cycles"]


def test_map_says_which_form_and_why(project):
    project.write("att.yaml", run_file())
    done = project.sluice("map", "att.yaml", "--json", "-")
    assert (done.code, done.err) == (0, "")
    layer = json.loads(done.out)["layers"][0]
    forms = layer["attention"]
    assert {form["form"] for form in forms} == {
        "unfused",
        "3pass",
        "3pass_deferred",
        "2pass_local",
        "2pass_online",
        "1pass",
    }
    assert layer["tasks"][0]["tiling"].startswith(forms[0]["form"])
    text = project.sluice("map", "att.yaml").out
    assert f"attention {forms[0]['form']}: about " in text


def test_a_form_that_there_is_not(project):
    project.write("att.yaml", run_file(more="mapping: {attention: 4pass}\n"))
    done = project.sluice("check", "att.yaml")
    assert done.code == 2
    assert "'4pass'" in done.err


def test_search_maps_a_layer_of_bert(project):
    project.write("fc.yaml", run_file(FFN_UP))
    found = {}
    for mapper in ("heuristic", "search"):
        chosen = ("--set", f"mapping.mapper={mapper}")
        done = project.sluice("run", "fc.yaml", "--json", "-", "-q", *chosen)
        assert (done.code, done.err) == (0, "")
        found[mapper] = json.loads(done.out)["total"]
    assert found["search"]["macs"] == 128 * 768 * 3072
    assert found["search"]["traffic_bytes"] <= found["heuristic"]["traffic_bytes"]
