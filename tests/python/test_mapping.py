# SPDX-License-Identifier: Apache-2.0
import json
import subprocess
import sysconfig
from pathlib import Path

import pytest
import sluice

COMMAND = Path(sysconfig.get_path("scripts"), "sluice")
RUN = "configs/run/quickstart.yaml"


def of_command(file, *options):
    words = [COMMAND, "map", file, *options, "--json", "-"]
    return json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


@pytest.fixture
def open_map(root, tmp_path) -> Path:
    """A map file without its mapping, small enough to be searched at once."""
    file = tmp_path / "matmul.yaml"
    file.write_text(
        """\
name: matmul
cascade:
  name: matmul
  element_bits: 8
  ranks: {K: 8, M: 8, N: 8}
  inputs: ["A[K,M]", "B[K,N]"]
  einsums: |
    Z[M,N] = A[K,M] * B[K,N]
hierarchy:
  name: small
  levels:
    - {name: DRAM, read_bandwidth: 8, write_bandwidth: 8, read_pj: 64, write_pj: 64}
    - {name: buffer, capacity_bits: 512, read_pj: 1, write_pj: 1}
"""
    )
    return file


def test_the_mapping_of_a_run_is_that_of_the_command(root):
    mapped = sluice.map(root / RUN)
    assert mapped.data == of_command(root / RUN)
    assert mapped.cycles == sluice.simulate(root / RUN, fidelity="analytic").cycles
    assert mapped.feasible and mapped.search is None
    assert "for" in mapped.text
    assert mapped.counts["read_bytes"].sum() > 0


def test_a_mapping_that_is_given_is_counted(root):
    file = root / "configs/map/conv_eyeriss.yaml"
    mapped = sluice.map(file)
    assert mapped.data == of_command(file)
    assert set(mapped.counts["level"]) < {level["name"] for level in mapped.data["levels"]}
    assert mapped.counts["energy_pj"].sum() > 0
    assert mapped.text == mapped.data["mapping"]


def test_a_mapping_is_searched(open_map):
    mapped = sluice.map(open_map, objective="cycles")
    assert mapped.data == of_command(open_map, "--objective", "cycles")
    assert mapped.search["optimal"] and mapped.search["bound"] == mapped.cycles
    front = sluice.map(open_map, objective="pareto").search["found"]
    assert front[0]["cycles"] == mapped.cycles
    assert [f["energy_pj"] for f in front] == sorted((f["energy_pj"] for f in front), reverse=True)


def test_where_nothing_fits_the_answer_is_infeasible(open_map):
    held = {"hierarchy.levels.0.keeps": ["A"], "hierarchy.levels.1.keeps": ["A"]}
    answer = sluice.map(open_map, held | {"hierarchy.levels.1.capacity_bits": 1})
    assert str(answer) == "infeasible: no mapping of the map space fits"
    assert not answer.feasible


def test_what_cannot_be_asked(root, open_map):
    def text(*words, **options):
        with pytest.raises(sluice.InputError) as caught:
            sluice.map(*words, **options)
        return str(caught.value)

    assert text(root / RUN, {"mapping.mapper": "heuristik"}).endswith(
        "hint: did you mean 'heuristic'?"
    )
    assert text(root / RUN, seconds=1) == (
        "seconds: error: it is for map files; the mapper of a run has none"
    )
    assert text(open_map, mapper="serch") == (
        "mapper: error: 'serch' maps no map file\nhint: did you mean 'search'?"
    )
    assert text(open_map, objective="cycels") == (
        "objective: error: there is no 'cycels'\nhint: did you mean 'cycles'?"
    )
    assert text(root / "configs/map/conv_eyeriss.yaml", fuse="none") == (
        "fuse: error: the mapper fixed has nothing to choose"
    )
    file = root / "configs/arch/tpu_like_edge.yaml"
    assert text(file) == f"{file}: error: this is a machine, a map or run file is expected"
