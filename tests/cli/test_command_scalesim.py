# SPDX-License-Identifier: Apache-2.0
"""Every recorded run of SCALE-Sim in CALC mode, imported and run as a user would."""

import csv
import json
from itertools import groupby

import pytest
from sluice_command import ROOT

RECORD = ROOT / "tests/sim/golden/published/scalesim"


def recorded_runs():
    """(configuration, topology) and the rows that SCALE-Sim printed for its layers."""
    with (RECORD / "expected.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 219
    return [
        (config, topology, list(group))
        for (config, topology), group in groupby(rows, lambda r: (r["config"], r["topology"]))
    ]


RUNS = recorded_runs()


@pytest.mark.parametrize("config,topology,rows", RUNS, ids=[run[0] for run in RUNS])
def test_a_recorded_run_takes_the_same_cycles(project, config, topology, rows):
    done = project.sluice(
        "import",
        "scalesim",
        "-c",
        RECORD / "configs" / config,
        "-t",
        RECORD / "topologies" / topology,
        "-i",
        rows[0]["rows"],
        "-o",
        "my.yaml",
    )
    assert (done.code, done.err) == (0, "")
    report = json.loads(project.sluice("run", "my.yaml", "--json", "-").out)
    assert len(report["layers"]) == len(rows)
    sparse = "sp_" in config  # counts the MACs of zeros, and ws reads each input M/N times
    for layer, row in zip(report["layers"], rows, strict=True):
        # Theirs is the index of the last cycle; percentages have six digits behind the point.
        cycles = int(row["total_cycles"])
        assert layer["cycles"] == cycles + 1
        assert 100 * layer["mapping_efficiency"] == pytest.approx(
            float(row["mapping_efficiency"]), abs=0.51e-6
        )
        if sparse:
            continue
        utilization = 100 * layer["macs"] / (cycles * report["machine"]["pes"])
        assert utilization == pytest.approx(float(row["overall_util"]), abs=0.51e-6)
        # Words are bytes on the imported machine.
        reads = {t["tensor"]: t["read_bytes"] for t in layer["traffic"] if t["memory"] != "dram"}
        assert (reads["input"], reads["weight"]) == (
            int(row["sram_ifmap_reads"]),
            int(row["sram_filter_reads"]),
        )
