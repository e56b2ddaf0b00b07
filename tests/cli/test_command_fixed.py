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


TILES = """\
workload:
  network: {name: p, layers: [LAYER]}
architecture: {include: MACHINE}
mapping:
  mapper: fixed
  nests:
    - task: fc
      MAPPING
""".replace("MACHINE", str(ROOT / "configs" / "arch" / "tpu_like.yaml"))
LINEAR = "{name: fc, op: linear, rows: 512, in_features: 256, out_features: 256}"
CONVOLUTION = """{name: fc, op: conv2d, batch: 2, in_channels: 8, in_height: 14, in_width: 14, \
out_channels: 256, kernel: 3, padding: 1}"""


def tiled(mapping, layer=LINEAR):
    return TILES.replace("LAYER", layer).replace("MAPPING", mapping)


def traffic(project, mapping, layer=LINEAR):
    project.write("tiled.yaml", tiled(mapping, layer))
    done = project.sluice("run", "tiled.yaml", "--json", "-", "-q")
    assert (done.code, done.err) == (0, "")
    return json.loads(done.out)["total"]["traffic_bytes"]


def test_tiles_move_what_their_order_and_places_say(project):
    # bf16. m outer, weights anew for each of 512 / 128 tiles of m; inputs and outputs once.
    m, n, k = 512, 256, 256
    tiles = "tiles: {m: 128, n: 128, k: 256}"
    assert traffic(project, f"{tiles}\n      order: [m, n, k]") == 2 * (m * k + 4 * k * n + m * n)
    # n outer (the default): inputs anew for each of 2 tiles of n.
    assert traffic(project, tiles) == 2 * (2 * m * k + k * n + m * n)
    # m outer, but all weights stay, outside of all loops.
    stay = f"{tiles}\n      order: [m, n, k]\n      keep: {{weight: 0}}"
    assert traffic(project, stay) == 2 * (m * k + k * n + m * n)
    # k outer: sums of 4 bytes leave after the first of 2 tiles of k and come back for the second.
    tiles = "tiles: {m: 128, n: 256, k: 128}"
    outside = 2 * (m * k + k * n + m * n) + 2 * 4 * m * n
    assert traffic(project, f"{tiles}\n      order: [k, m, n]") == outside
    # 512 is no multiple of 200: the last tile is ragged.
    assert traffic(project, "order: [m, n, k]\n      tiles: {m: 200}") == 2 * (
        m * k + k * n + m * n
    )


def test_tiles_that_do_not_fit_are_infeasible(project):
    project.write("tiled.yaml", tiled("order: [m, n, k]", LINEAR.replace("512", "65536")))
    done = project.sluice("run", "tiled.yaml")
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        "tiled.yaml: infeasible: task fc: tiles of input and output do not fit scratchpad "
        "activations: needed 201326592 B, available 8388608 B\n"
    )


def mistake(project, mapping, layer=LINEAR):
    project.write("tiled.yaml", tiled(mapping, layer))
    done = project.sluice("check", "tiled.yaml")
    assert (done.code, done.out) == (2, "")
    return done.err.replace("tiled.yaml:", "").split("\n")


def test_mistakes_of_tiles_are_told(project):
    assert mistake(project, "order: [m, n, n]") == [
        "8:14: error: the loops are those over m, n and k, once each",
        "        order: [m, n, n]",
        "               ^",
        "hint: such as [n, m, k]",
        "",
    ]
    assert mistake(project, "tiles: {m: 513, k: 300}") == [
        "7:7: error: task fc: m tile 513 is not from 1 to 512, the extent",
        "      - task: fc",
        "        ^",
        "7:7: error: task fc: k tile 300 is not from 1 to 256, the extent",
        "      - task: fc",
        "        ^",
        "",
    ]
    assert mistake(project, "loops: for m\n      order: [m, n, k]") == [
        "8:14: error: loops say all of a mapping",
        "        loops: for m",
        "               ^",
        "hint: leave out tiles, order and keep, or the loops",
        "",
    ]
    assert mistake(project, "") == [
        "7:7: error: this maps nothing",
        "      - task: fc",
        "        ^",
        "hint: give its loops, or its tiles and their order",
        "",
    ]


def test_tiles_of_a_convolution(project):
    # 196 pixels of 2 images, 8 channels of 9 taps.
    whole = traffic(project, "order: [n, m, k]", CONVOLUTION)
    assert whole == 2 * (2 * 8 * 196 + 72 * 256 + 2 * 196 * 256)
    twice = traffic(project, "tiles: {n: 128, m: 196}", CONVOLUTION)
    assert twice == whole + 2 * 2 * 8 * 196
    text = mistake(project, "order: [k, m, n]", CONVOLUTION)
    assert text[0].endswith("task fc: the innermost loop of a convolution is that over k")
    text = mistake(project, "keep: {weight: 1}", CONVOLUTION)
    assert text[0].endswith("task fc: the tensors of a convolution are kept inside of all 3 loops")
    text = mistake(project, "tiles: {k: 8, m: 20}", CONVOLUTION)
    assert text[0].endswith("task fc: k tile 8 is no multiple of the 9 taps of a channel")
    assert text[3].endswith(
        "task fc: m tile 20 is neither whole images nor equal runs of rows nor equal parts of a "
        "row; the next smaller that is, is 14"
    )
