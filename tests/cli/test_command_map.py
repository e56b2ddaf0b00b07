# SPDX-License-Identifier: Apache-2.0
"""`sluice map`, and map files in `check`, `describe` and `schema`."""

import csv
import io
import json
import subprocess
import time

import pytest
from sluice_command import PROGRAM, ROOT

MAPS = ROOT / "configs" / "map"
FUSED = MAPS / "fused_matmuls.yaml"
QUICKSTART = ROOT / "configs" / "run" / "quickstart.yaml"


def test_a_map_file_says_nest_accesses_levels_and_why(project):
    done = project.sluice("map", FUSED)
    assert (done.code, done.err) == (0, "")
    assert (
        "    for n1 in 0..64 step 1\n      for n2 in 0..64 step 1\n        compute T2" in done.out
    )
    assert "  T1     GlobalBuffer T1        64          1  258048      0   262144" in done.out
    assert "524288 cycles, 17498112.00 pJ (0.00 leaks), utilization 100.0 %" in done.out
    assert done.out.endswith(
        "  MAC bounds 524288 of 524288 cycles; 96.3 % of the energy is spent "
        "in GlobalBuffer, most of it for T2 (T2).\n"
    )


def test_json_and_csv_hold_the_same_accesses(project):
    done = project.sluice("map", FUSED, "--json", "-", "--csv", "accesses.csv")
    assert (done.code, done.err) == (0, "wrote accesses.csv\n")
    answer = json.loads(done.out)
    assert (answer["cycles"], answer["energy_pj"]) == (524288, 17498112)
    rows = list(csv.DictReader(io.StringIO((project.folder / "accesses.csv").read_text())))
    accesses = [(e["name"], a) for e in answer["einsums"] for a in e["accesses"]]
    assert len(rows) == len(accesses) == 10
    for row, (einsum, access) in zip(rows, accesses, strict=True):
        assert (row["einsum"], row["level"], row["tensor"]) == (
            einsum,
            access["level"],
            access["tensor"],
        )
        for key in ("tile", "reads", "fills", "updates"):
            assert int(row[key]) == access[key]


def test_the_share_of_points_that_a_mask_leaves_is_told(project):
    project.write(
        "mask.yaml",
        """name: mask
cascade:
  name: scores
  ranks: {m: 4, p: 4}
  inputs: ["Q[p]", "K[m]"]
  einsums: |
    S[m,p] = Q[p] * K[m] where m <= p
hierarchy:
  levels: [{name: Main}]
mapping: |
  keep Q, K, S in Main
  for m
    for p
      compute S
""",
    )
    done = project.sluice("map", "mask.yaml")
    assert (done.code, done.err) == (0, "")
    assert (
        "  S: its conditions leave 62.5 % of its points; the nest visits and counts all\n"
        in done.out
    )
    assert "16 cycles" in done.out


def test_what_describe_prints_is_the_same_map_file(project):
    project.write("again.yaml", project.sluice("describe", FUSED).out)
    first = json.loads(project.sluice("map", FUSED, "--json", "-").out)
    again = json.loads(project.sluice("map", "again.yaml", "--json", "-").out)
    assert first == again


@pytest.mark.parametrize("path", sorted(MAPS.glob("*.yaml")), ids=lambda path: path.name)
def test_our_map_files_are_legal(project, path):
    done = project.sluice("check", path)
    assert (done.code, done.out) == (0, f"{path}: a mapping without mistakes\n")


def test_the_example_in_the_docs_is_legal(project):
    page = (ROOT / "docs" / "map_files.md").read_text()
    project.write("docs.yaml", page.split("```yaml\n")[1].split("```")[0])
    assert project.sluice("map", "docs.yaml").code == 0


def test_layers_of_a_run_are_shown_once(project):
    done = project.sluice("map", QUICKSTART)
    assert (done.code, done.err) == (0, "")
    assert "\nconv2_0.conv2, conv2_1.conv2, conv2_2.conv2 (3 layers)\n" in done.out
    assert done.out.count("conv2_1.conv2") == 1
    answer = json.loads(project.sluice("map", QUICKSTART, "--json", "-").out)
    assert sum(x["cycles"] * len(x["names"]) for x in answer["layers"]) == answer["cycles"]
    assert all(
        task["alternatives"]
        for x in answer["layers"]
        for task in x["tasks"]
        if x["names"][0] == "conv1"
    )


MISTAKES = [
    (
        ("map", FUSED, "--pareto"),
        2,
        "sluice map: error: --pareto: the mapper fixed has nothing to choose\n",
    ),
    (
        ("map", FUSED, "--mapper", "fixedd"),
        2,
        "sluice map: error: --mapper: 'fixedd' maps no map file\nhint: did you mean 'fixed'?\n",
    ),
    (
        (
            "map",
            FUSED,
            "--set",
            "mapping=null",
            "--set",
            "hierarchy.levels.0.keeps=[W0]",
            "--set",
            "hierarchy.levels.1.keeps=[W0]",
        ),
        1,
        f"{FUSED}: infeasible: no mapping of the map space fits\n",
    ),
    (
        ("map", FUSED, "--objective", "edb"),
        2,
        "sluice map: error: --objective: 'edb' is not known here\nhint: did you mean 'edp'?\n",
    ),
    (
        ("map", FUSED, "--fuse", "tile"),
        2,
        "sluice map: error: --fuse: 'tile' is not known here\nhint: did you mean 'tiles'?\n",
    ),
    (
        ("map", FUSED, "--mapper", "fixed", "--cache", "x"),
        2,
        "sluice map: error: --cache: the mapper fixed has nothing to choose\n",
    ),
    (
        ("map", FUSED, "--json", "-", "--csv", "-"),
        2,
        "sluice map: error: --json and --csv: only one of them can go to standard output\n",
    ),
    (
        ("map", ROOT / "configs" / "arch" / "tpu_v1.yaml"),
        2,
        f"{ROOT}/configs/arch/tpu_v1.yaml: error: this is a machine, "
        "a map or run file is expected\n",
    ),
    (
        ("map", FUSED, "--mapper", "fixed", "--set", "mapping=null"),
        2,
        f"{FUSED}: error: the file has no mapping, and the mapper fixed makes none\n"
        "hint: write one below `mapping: |`, or take --mapper search\n",
    ),
]


@pytest.mark.parametrize(("words", "code", "text"), MISTAKES)
def test_mistakes_are_told(project, words, code, text):
    done = project.sluice(*words)
    assert (done.code, done.out, done.err) == (code, "", text)


def test_the_best_mapping_is_found_and_proven(project):
    given = json.loads(project.sluice("map", FUSED, "--json", "-").out)
    done = project.sluice(
        "map", FUSED, "--mapper", "search", "--objective", "energy", "--json", "-"
    )
    found = json.loads(done.out)
    assert (done.code, done.err) == (0, "")
    assert found["energy_pj"] <= given["energy_pj"]
    table = project.sluice("map", FUSED, "--mapper", "search", "--objective", "energy").out
    assert table.startswith("least energy: proven to be the best of the map space, ")
    front = project.sluice("map", FUSED, "--mapper", "search", "--pareto", "--threads", "1")
    assert front.code == 0 and "shown below" in front.out
    # Without a mapping in the file, one is looked for.
    asked = project.sluice(
        "map", FUSED, "--set", "mapping=null", "--objective", "energy", "--json", "-"
    )
    assert json.loads(asked.out) == found


def test_results_of_searches_are_kept_in_a_folder(project, tmp_path):
    words = [
        "map",
        FUSED,
        "--mapper",
        "search",
        "--objective",
        "energy",
        "--cache",
        tmp_path / "cache",
    ]
    first, again = project.sluice(*words).out, project.sluice(*words).out
    assert "cache: 0 results read, " in first
    assert ", 0 searches made and " in again and ", 0 written\n" in again
    mapping = [text[text.index("MAPPING") :] for text in (first, again)]
    assert mapping[0] == mapping[1]


def test_a_search_that_is_killed_leaves_a_cache_that_can_be_used(project, tmp_path):
    attention = ROOT / "configs" / "map" / "attention_tiles.yaml"
    words = ["map", attention, "--objective", "energy"]
    wanted = project.sluice(*words, "--json", "-").out
    for seconds in (0.02, 0.05, 0.1):
        with subprocess.Popen(
            [PROGRAM, *words, "--cache", tmp_path / "cache"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as search:
            time.sleep(seconds)
            search.kill()
    assert project.sluice(*words, "--cache", tmp_path / "cache", "--json", "-").out == wanted


def test_tiles_may_be_passed_on_chip(project):
    energy = [
        json.loads(
            project.sluice(
                "map",
                FUSED,
                "--mapper",
                "search",
                "--objective",
                "energy",
                "--set",
                "cascade.ranks={m: 8, n0: 8, n1: 8, n2: 8}",
                "--set",
                "hierarchy.levels.1.capacity_bits=700",
                "--set",
                "mapping=null",
                "--fuse",
                way,
                "--json",
                "-",
            ).out
        )["energy_pj"]
        for way in ("none", "whole", "tiles")
    ]
    assert energy[0] >= energy[1] >= energy[2]


def test_a_search_takes_no_longer_than_it_is_given(project):
    done = project.sluice(
        "map", ROOT / "configs" / "map" / "conv_eyeriss.yaml", "--mapper", "search", "--time", "1s"
    )
    assert done.code in (0, 1)
    assert "ended" in done.out + done.err or "proven" in done.out


def test_a_mapping_that_is_not_legal_is_a_mistake(project):
    done = project.sluice("map", FUSED, "--set", "hierarchy.levels.1.capacity_bits=66559")
    assert (done.code, done.out) == (2, "")
    assert (
        "error: GlobalBuffer needs 66560 bits while T1 runs "
        "(T0 512 + T1 512 + W0 32768 + W1 32768), holds 66559"
    ) in done.err
