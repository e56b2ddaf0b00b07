# SPDX-License-Identifier: Apache-2.0
"""Loop nests of single layers in a run file: the mapper `fixed`."""

import json

from sluice_command import ROOT

RUN = """\
workload:
  network: {name: p, layers: [{name: fc, op: linear, rows: 512, in_features: 256, \
out_features: 256}]}
architecture: {include: MACHINE}
mapping:
  mapper: fixed
  nests:
    - task: fc
      loops: |
        keep input, weight, output in DRAM
        keep weight in weights
        for m in 0..512 step 128
          keep input, output in activations
          for k in 0..256 step 128
            for n in 0..256 step 128
              spread k over weights.rows
                spread n over weights.columns
                  keep weight in PE
                  for m
                    compute product on MAC
""".replace("MACHINE", str(ROOT / "configs" / "arch" / "tpu_like.yaml"))


def check(project, old, new):
    """What `check` says of the run with a part replaced."""
    assert RUN.count(old) == 1
    project.write("fixed.yaml", RUN.replace(old, new))
    done = project.sluice("check", "fixed.yaml")
    assert (done.code, done.out) == (2, "")
    return done.err


def test_a_nest_moves_what_it_says(project):
    project.write("fixed.yaml", RUN)
    done = project.sluice("run", "fixed.yaml", "--json", "-", "-q")
    assert (done.code, done.err) == (0, "")
    total = json.loads(done.out)["total"]
    # bf16: weights 256 x 256 stay; inputs and outputs 512 x 256 pass once each.
    assert total["traffic_bytes"] == 2 * (256 * 256 + 2 * 512 * 256)
    assert total["macs"] == 512 * 256 * 256


def test_a_task_that_there_is_not(project):
    assert (
        check(project, "task: fc", "task: fd")
        == """\
fixed.yaml:7:13: error: there is no matrix product 'fd' that loops can map
      - task: fd
              ^
hint: known: fc
"""
    )


def test_a_nest_that_the_machine_cannot_run(project):
    assert (
        check(project, "spread n over weights.columns", "spread n over weights.rows")
        == """\
fixed.yaml:8:14: error: task fc: axis weights.rows needs 16384 instances, there are 128
        loops: |
               ^
"""
    )


def test_nests_are_for_one_mapper(project):
    assert (
        check(project, "mapper: fixed", "mapper: heuristic")
        == """\
fixed.yaml:7:5: error: mapper 'heuristic' takes no nests
      - task: fc
      ^
hint: mapper: fixed takes them, and maps all other tasks as heuristic does
"""
    )


CONV = """\
workload:
  network: {name: c, layers: [{name: conv, op: conv2d, batch: 1, in_channels: 64, in_height: 56, \
in_width: 56, out_channels: 64, kernel: 3, padding: 1}]}
architecture: {include: MACHINE}
mapping:
  mapper: fixed
  nests:
    - task: conv
      loops: |
        keep input, weight, output in DRAM
        keep weight in weights
        for p in 0..56 step 14
          keep input, output in activations
          for r
            for s
              spread c over weights.rows
                spread k over weights.columns
                  keep weight in PE
                  for p
                    for q
                      compute product on MAC
""".replace("MACHINE", str(ROOT / "configs" / "arch" / "tpu_like.yaml"))


def test_a_convolution_in_the_names_of_the_field(project):
    project.write("fixed.yaml", CONV)
    done = project.sluice("run", "fixed.yaml", "--json", "-", "-q")
    assert (done.code, done.err) == (0, "")
    total = json.loads(done.out)["total"]
    # bf16: weights stay; 14 rows of pixels read 16 rows of the image, 15 at its edges.
    assert total["traffic_bytes"] == 2 * 64 * (9 * 64 + (15 + 16 + 16 + 15) * 56 + 56 * 56)
    assert total["macs"] == 9 * 64 * 64 * 56 * 56


def test_a_convolution_that_the_array_does_not_do_so(project):
    turned = CONV.replace("spread c", "spread K").replace("spread k", "spread c")
    project.write("fixed.yaml", turned.replace("spread K", "spread k"))
    done = project.sluice("check", "fixed.yaml")
    assert (done.code, done.out) == (2, "")
    assert (
        done.err
        == """\
fixed.yaml:8:14: error: task conv: the rows of the array take rank k by 1; with this dataflow \
they take c, r and s by 1
        loops: |
               ^
fixed.yaml:8:14: error: task conv: the columns of the array take rank c by 1; with this dataflow \
they take k by 1
        loops: |
               ^
"""
    )


def test_a_map_file_is_not_run(project):
    done = project.sluice("run", ROOT / "configs" / "map" / "fused_matmuls.yaml")
    assert (done.code, done.out) == (2, "")
    assert done.err.endswith("""\
fused_matmuls.yaml: error: this is a mapping, a run file is expected
hint: `sluice map` counts its accesses, cycles and energy
""")
