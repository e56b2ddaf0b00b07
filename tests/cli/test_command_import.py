# SPDX-License-Identifier: Apache-2.0
"""`sluice import`: files of other tools."""

import json

import pytest
import yaml
from sluice_command import ROOT

SCALE_CFG = """\
[general]
run_name = first

[architecture_presets]
ArrayHeight: 8
ArrayWidth: 8
IfmapSramSzkB: 64
FilterSramSzkB: 64
OfmapSramSzkB: 64
IfmapOffset: 0
FilterOffset: 10000000
OfmapOffset: 20000000
Bandwidth: 10
Dataflow: os
MemoryBanks: 1

[run_presets]
InterfaceBandwidth: CALC
"""

CONV_CSV = """\
Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,
conv1, 6, 6, 3, 3, 2, 8, 1,
"""

GEMM_CSV = """\
Layer, M, N, K,
product, 16, 8, 10,
"""

ERT = """\
ERT:
  version: 0.4
  tables:
    - name: chip.pe.mac[1..4]
      actions:
        - {name: compute, arguments: {}, energy: 1.5}
        - {name: leak, arguments: {}, energy: 0.25}
    - name: chip.buffer
      actions:
        - {name: read, arguments: {}, energy: 8}
        - {name: write, arguments: {}, energy: 9}
"""

MAP = """\
name: mine
source: estimated by hand
node_nm: 45
voltage_v: 1
components:
  - {from: chip.pe.mac, to: array, actions: [{from: leak, to: ""}]}
  - {from: chip.buffer, to: scratchpad, word: 8 B}
"""


@pytest.fixture
def scalesim(project):
    project.write("scale.cfg", SCALE_CFG)
    project.write("conv.csv", CONV_CSV)
    project.write("gemm.csv", GEMM_CSV)
    return project


def cycles_of(project, file):
    report = json.loads(project.sluice("run", file, "--json", "-").out)
    return report["total"]["cycles"]


def test_matrix_products_of_scale_sim_take_the_cycles_that_scale_sim_counts(scalesim):
    done = scalesim.sluice(
        "import", "scalesim", "-c", "scale.cfg", "-t", "gemm.csv", "-i", "gemm", "-o", "my.yaml"
    )
    assert (done.code, done.out, done.err) == (0, "wrote my.yaml\n", "")
    # 16 x 8 results are 2 folds of 8 x 8, each of K + 8 + 8 - 2 = 24 cycles in SCALE-Sim v3, whose
    # os array needs no time to hand over its results.
    assert cycles_of(scalesim, "my.yaml") == 48


def test_a_run_file_on_standard_output_is_all_there_is(scalesim):
    before = scalesim.files()
    words = ("import", "scalesim", "-c", "scale.cfg", "-t", "conv.csv", "-o")
    done = scalesim.sluice(*words, "-")
    assert (done.code, done.err) == (0, "")
    assert scalesim.files() == before
    scalesim.sluice(*words, "my.yaml")
    assert done.out == (scalesim.folder / "my.yaml").read_text(encoding="utf-8")


def test_convolutions_are_what_is_imported_when_nothing_is_said(scalesim):
    scalesim.sluice("import", "scalesim", "-c", "scale.cfg", "-t", "conv.csv", "-o", "my.yaml")
    # 4 x 4 x 8 results, 18 products each: 2 folds of 18 + 8 + 8 - 2 = 32 cycles.
    assert cycles_of(scalesim, "my.yaml") == 64
    run = yaml.safe_load((scalesim.folder / "my.yaml").read_text())
    assert run["name"] == "first"
    assert run["architecture"]["array"]["dataflow"] == "os"


def test_what_is_imported_is_without_mistakes(scalesim):
    scalesim.sluice("import", "scalesim", "-c", "scale.cfg", "-t", "conv.csv", "-o", "my.yaml")
    assert scalesim.sluice("check", "my.yaml").out == "my.yaml: a run without mistakes\n"


@pytest.mark.parametrize(
    "right,wrong,place",
    [
        ("conv1, 6, 6", "conv1, 6, six", "conv.csv:2:11"),
        ("conv1, 6, 6", "conv1, 6", "conv.csv:2"),
        ("3, 3, 2, 8", "9, 9, 2, 8", "conv.csv:2"),
    ],
)
def test_a_topology_that_is_malformed_is_told_with_its_place(scalesim, right, wrong, place):
    scalesim.write("conv.csv", CONV_CSV.replace(right, wrong))
    before = scalesim.files()
    done = scalesim.sluice("import", "scalesim", "-c", "scale.cfg", "-t", "conv.csv", "-o", "x")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(place)
    assert scalesim.files() == before


def test_a_configuration_with_a_mistake_is_told_with_its_place(scalesim):
    scalesim.write("scale.cfg", SCALE_CFG.replace("Dataflow: os", "Dataflow: so"))
    done = scalesim.sluice("import", "scalesim", "-c", "scale.cfg", "-t", "conv.csv", "-o", "x")
    assert done.code == 2
    assert done.err.startswith("scale.cfg:14:11: error: ")


@pytest.mark.parametrize("missing", ["-c", "-t", "-o"])
def test_a_word_that_is_missing_is_told(scalesim, missing):
    words = {"-c": "scale.cfg", "-t": "conv.csv", "-o": "x"}
    del words[missing]
    done = scalesim.sluice("import", "scalesim", *[w for pair in words.items() for w in pair])
    name = {"-c": "--config", "-t": "--topology", "-o": "--output"}[missing]
    assert done.code == 2
    assert done.err.startswith(f"sluice import scalesim: error: {name} is missing: ")


def test_a_kind_of_rows_that_is_unknown_is_told(scalesim):
    done = scalesim.sluice(
        "import", "scalesim", "-c", "scale.cfg", "-t", "conv.csv", "-o", "x", "-i", "gem"
    )
    assert (done.code, done.err) == (
        2,
        "sluice import scalesim: error: --input: 'gem' is not known here\n"
        "hint: did you mean 'gemm'?\n",
    )


def test_tables_of_accelergy_become_a_table_that_reads_back(project):
    project.write("ERT.yaml", ERT)
    project.write("map.yaml", MAP)
    done = project.sluice(
        "import", "accelergy", "--ert", "ERT.yaml", "--map", "map.yaml", "-o", "table.yaml"
    )
    assert (done.code, done.out, done.err) == (0, "wrote table.yaml\n", "")
    table = yaml.safe_load((project.folder / "table.yaml").read_text())
    assert {(e["component"], e["action"]): e["energy"] for e in table["energies"]} == {
        ("array", "mac"): "1.5 pJ",
        ("scratchpad", "read"): "8 pJ",
        ("scratchpad", "write"): "9 pJ",
    }
    assert project.sluice("check", "table.yaml").out == (
        "table.yaml: an energy table without mistakes\n"
    )


def test_a_component_that_the_map_forgets_is_an_error(project):
    project.write("ERT.yaml", ERT)
    project.write(
        "map.yaml", MAP.replace("  - {from: chip.buffer, to: scratchpad, word: 8 B}\n", "")
    )
    before = project.files()
    done = project.sluice(
        "import", "accelergy", "--ert", "ERT.yaml", "--map", "map.yaml", "-o", "x"
    )
    assert done.code == 2
    assert "chip.buffer" in done.err
    assert project.files() == before


ONNX = ROOT / "tests" / "workloads" / "onnx"


def test_an_onnx_model_becomes_a_network_without_mistakes(project):
    done = project.sluice("import", "onnx", str(ONNX / "light_squeezenet.onnx"), "-o", "net.yaml")
    assert (done.code, done.out, done.err) == (0, "wrote net.yaml\n", "")
    assert project.sluice("check", "net.yaml").out == "net.yaml: a network without mistakes\n"


def test_an_onnx_model_runs_on_a_machine(project):
    project.sluice("import", "onnx", str(ONNX / "light_resnet50.onnx"), "-o", "net.yaml")
    done = project.sluice(
        "run",
        "run.yaml",
        "--set",
        "workload.model=net.yaml",
        "--fidelity",
        "analytic",
        "--json",
        "-",
    )
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out)["total"]["macs"] == 4089184256


def test_an_onnx_model_that_is_cut_off_is_told_and_nothing_is_written(project):
    whole = (ONNX / "light_squeezenet.onnx").read_bytes()
    (project.folder / "cut.onnx").write_bytes(whole[:1000])
    before = project.files()
    done = project.sluice("import", "onnx", "cut.onnx", "-o", "x")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "cut.onnx: error: this is no ONNX model: its bytes are no protobuf message, or end early\n"
    )
    assert project.files() == before


def test_a_dimension_that_a_model_does_not_have_is_told(project):
    model = str(ONNX / "light_squeezenet.onnx")
    done = project.sluice("import", "onnx", model, "--set", "batch=2", "-o", "x")
    assert (done.code, done.err) == (
        2,
        f"{model}: error: the model has no open dimension 'batch'\n"
        "hint: all its shapes are fixed\n",
    )


TIMELOOP = ROOT / "tests" / "mapper" / "golden" / "timeloop"


def test_files_of_timeloop_become_a_map_file(project):
    file = str(TIMELOOP / "T02.yaml")
    done = project.sluice("import", "timeloop", file, file, file, "--ert", file, "-o", "my.yaml")
    assert (done.code, done.out, done.err) == (0, "wrote my.yaml\n", "")
    written = yaml.safe_load((project.folder / "my.yaml").read_text())
    assert written["convention"] == "timeloop"
    assert [level["name"] for level in written["hierarchy"]["levels"]] == ["MainMemory", "Buffer"]
    assert "for r in 0..3" in written["mapping"]
    # Without a mapping there is none, and attributes of estimators are passed over with a note.
    project.write(
        "arch.yaml",
        (TIMELOOP / "T02.yaml")
        .read_text()
        .replace("datawidth: 8, block_size: 8,", "datawidth: 8, technology: 45nm, block_size: 8,"),
    )
    done = project.sluice("import", "timeloop", file, "arch.yaml", "-o", "-")
    assert done.code == 0
    assert done.err == "note: MainMemory: attribute technology is passed over\n"
    assert "mapping" not in yaml.safe_load(done.out)


def test_a_timeloop_file_with_a_mistake_is_told_and_nothing_is_written(project):
    text = (TIMELOOP / "T02.yaml").read_text()
    project.write("bad.yaml", text.replace("R: 3, P: 16", "R: 4, P: 16"))
    before = project.files()
    done = project.sluice("import", "timeloop", "bad.yaml", "bad.yaml", "bad.yaml", "-o", "x")
    assert (done.code, done.out) == (2, "")
    assert "error: the factors of R multiply to 3, it has 4\n" in done.err
    assert project.files() == before
    done = project.sluice("import", "timeloop", "bad.yaml", "-o", "x")
    assert done.code == 2
    assert done.err.startswith("sluice import timeloop: error: ARCHITECTURE is missing: ")
