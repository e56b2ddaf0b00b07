# SPDX-License-Identifier: Apache-2.0
"""`sluice list`, `sluice describe` and `sluice schema`: what there is and what a file means."""

import json
import re

import jsonschema
import pytest
import yaml
from sluice_command import MACHINE, NETWORK, ROOT

KINDS = [
    "models",
    "networks",
    "cascades",
    "machines",
    "mappers",
    "searchers",
    "papers",
    "importers",
    "writers",
    "memories",
    "tables",
]


def test_a_list_without_a_kind_names_everything(project):
    out = project.sluice("list").out
    assert re.findall(r"^(\w+): ", out, re.MULTILINE) == KINDS
    names = out.split()
    for folder in ("workloads/library", "configs/cascades", "configs/arch", "arch/tables"):
        for file in (ROOT / folder).glob("*.yaml"):
            assert file.stem in names


@pytest.mark.parametrize("kind", KINDS)
def test_every_entry_of_a_kind_says_what_it_is(project, kind):
    done = project.sluice("list", kind)
    assert (done.code, done.err) == (0, "")
    for line in done.out.splitlines():
        name, summary = line.split(None, 1)
        entry = project.sluice("list", kind, name)
        assert (entry.code, entry.err) == (0, "")
        assert entry.out.startswith(f"{name}: {summary}\n")


def test_an_entry_shows_its_source_and_its_parameters(project):
    out = project.sluice("list", "networks", "resnet50").out
    assert "\nsource: K. He, X. Zhang, S. Ren and J. Sun" in out
    assert "\n  batch       1        images; integer, 1..65536\n" in out


def test_the_only_model_has_the_parameters_of_machines(project):
    out = project.sluice("list", "models", "systolic").out
    assert re.search(
        r"^  array\.rows +- +PEs in a column \[PEs\]; integer, 1\.\.65536$", out, re.MULTILINE
    )


def test_another_library_has_its_own_entries(project):
    for folder in ("workloads/library", "arch/tables", "configs/arch"):
        (project.folder / "lib" / folder).mkdir(parents=True)
    project.write("lib/workloads/library/mine.yaml", NETWORK)
    project.write("lib/configs/arch/ours.yaml", MACHINE)
    assert project.sluice("--library", "lib", "list", "networks").out.split() == ["mine"]
    assert project.sluice("list", "machines", "--library", "lib").out.split()[0] == "ours"
    project.write("run.yaml", "workload: {model: mine}\narchitecture: {include: machine.yaml}\n")
    done = project.sluice("run", "run.yaml", "--library", "lib", "-q")
    assert (done.code, done.err) == (0, "")


def test_a_run_is_described_by_machine_network_settings_and_mapping(project):
    done = project.sluice("describe", "run.yaml")
    assert (done.code, done.err) == (0, "")
    headings = re.findall(r"^([A-Z]{4,})", done.out, re.MULTILINE)
    assert headings == ["MACHINE", "NETWORK", "SETTINGS", "MAPPING"]
    assert "4 x 4 PEs, ws, int8 x int8 into int32" in done.out
    assert re.search(r"^total +2 layers +1280 ", done.out, re.MULTILINE)
    assert "\nfirst\n  m 8 of 8, n 4 of 8, k 16 of 16;" in done.out


def test_tasks_that_are_mapped_alike_are_described_once(project):
    layers = "".join(f"  - {{name: l{i}, op: linear, out_features: 8}}\n" for i in range(6))
    project.write(
        "network.yaml",
        "name: deep\nlayers:\n"
        "  - {name: a, op: linear, rows: 8, in_features: 8, out_features: 8}\n" + layers,
    )
    assert "\na, l0, l1, l2, ... (7 tasks)\n" in project.sluice("describe", "run.yaml").out


def test_a_setting_changes_what_is_described(project):
    out = project.sluice("describe", "run.yaml", "--set", "architecture.array.rows=16").out
    assert "16 x 4 PEs" in out


def test_a_machine_is_described_as_a_file_that_reads_back(project):
    out = project.sluice("describe", "machine.yaml").out
    table, text = out.split("\nas a file:\n\n")
    project.write("again.yaml", text)
    assert project.sluice("describe", "again.yaml").out == out
    assert yaml.safe_load(text)["array"]["drain"] == "columns"  # a default


def test_a_network_is_described_by_its_layers(project):
    out = project.sluice("describe", "network.yaml").out
    # 8 x 16 x 8 MACs and 16 x 8 weights.
    assert re.search(r"^first +linear +8x16 -> 8 +1024 +128 ", out, re.MULTILINE)


def test_an_infeasible_run_is_described_as_far_as_it_goes(project):
    done = project.sluice(
        "describe", "run.yaml", "--set", "architecture.scratchpads.0.capacity=1 B"
    )
    assert done.code == 1
    assert "NETWORK" in done.out and "MAPPING" not in done.out
    assert done.err.startswith("run.yaml: infeasible: task first: ")


SCHEMAS = ["run", "sweep", "architecture", "network", "map", "cascade", "claims", "facts", "report"]


def schema_of(kind):
    return json.loads((ROOT / "docs" / "schema" / f"{kind}.schema.json").read_text())


@pytest.mark.parametrize("kind", SCHEMAS)
def test_the_schemas_in_the_docs_are_those_of_the_program(project, kind):
    printed = project.sluice("schema", kind).out
    path = ROOT / "docs" / "schema" / f"{kind}.schema.json"
    assert path.read_text() == printed, f"run: build/sluice schema {kind} > {path}"
    jsonschema.Draft202012Validator.check_schema(json.loads(printed))


@pytest.mark.parametrize(
    "kind,folder",
    [
        ("run", "configs/run"),
        ("sweep", "configs/sweep"),
        ("architecture", "configs/arch"),
        ("network", "workloads/library"),
        ("map", "configs/map"),
        ("cascade", "configs/cascades"),
        ("claims", "configs/reproduce"),
    ],
)
def test_the_files_of_ours_keep_to_the_schemas(kind, folder):
    validator = jsonschema.Draft202012Validator(schema_of(kind))
    for file in (ROOT / folder).glob("*.yaml"):
        mistakes = [e.message for e in validator.iter_errors(yaml.safe_load(file.read_text()))]
        assert mistakes == [], file


@pytest.mark.parametrize(
    "right,wrong",
    [
        ("rows: 4", "rws: 4"),
        ("rows: 4", "rows: 0"),
        ("rows: 4", "rows: many"),
        ("1 GHz", "1 GB"),
        ("clock: 1 GHz", "source: nobody"),
    ],
)
def test_a_schema_refuses_what_the_program_refuses(project, right, wrong):
    text = MACHINE.replace(right, wrong)
    project.write("machine.yaml", text)
    assert project.sluice("check", "machine.yaml").code == 2
    assert not jsonschema.Draft202012Validator(schema_of("architecture")).is_valid(
        yaml.safe_load(text)
    )
