# SPDX-License-Identifier: Apache-2.0
"""The words of the command line: help, versions, and every way to get them wrong."""

import re

import pytest
from sluice_command import ROOT

COMMANDS = [
    "run",
    "check",
    "describe",
    "cascade",
    "map",
    "evaluate",
    "sweep",
    "benchmark",
    "study list",
    "study show",
    "study best",
    "study front",
    "study export",
    "study validate",
    "proxy train",
    "proxy show",
    "proxy test",
    "report",
    "reproduce",
    "list",
    "schema",
    "import scalesim",
    "import accelergy",
    "import onnx",
    "import timeloop",
    "help",
]


def test_the_version_is_that_of_the_project(project):
    version = re.search(r"project\(sluice VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text())[
        1
    ]
    done = project.sluice("--version")
    assert (done.code, done.out, done.err) == (0, f"sluice {version}\n", "")


@pytest.mark.parametrize("words", [(), ("help",), ("--help",), ("-h",)])
def test_help_names_every_command(project, words):
    done = project.sluice(*words)
    assert (done.code, done.err) == (0, "")
    named = re.findall(r"^  (\S+(?: \S+)?)  ", done.out, re.MULTILINE)
    assert named == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_help_on_a_command_is_the_same_both_ways(project, command):
    asked = project.sluice("help", *command.split())
    option = project.sluice(*command.split(), "--help")
    assert asked == option
    assert asked.code == 0
    assert asked.out.startswith(f"usage: sluice {command}")


def test_help_on_a_group_explains_all_of_it(project):
    out = project.sluice("help", "import").out
    assert re.findall(r"^usage: sluice (\S+ \S+)", out, re.MULTILINE) == [
        name for name in COMMANDS if name.startswith("import ")
    ]


def test_no_line_of_help_is_wider_than_a_page(project):
    for command in COMMANDS:
        for line in project.sluice("help", *command.split()).out.splitlines():
            assert len(line) <= 100


MISTAKES = [
    (("rnu",), "sluice: error: there is no command 'rnu'\nhint: did you mean 'run'?\n"),
    (
        ("run.yaml",),
        "sluice: error: there is no command 'run.yaml'\n"
        "hint: to evaluate a file: sluice run run.yaml\n",
    ),
    (
        ("import",),
        "sluice: error: what to import from is missing\n"
        "hint: known: scalesim, accelergy, onnx, timeloop\n",
    ),
    (
        ("import", "scalsim"),
        "sluice: error: there is no command 'import scalsim'\nhint: did you mean 'scalesim'?\n",
    ),
    (("help", "rn"), "sluice help: error: there is no command 'rn'\nhint: did you mean 'run'?\n"),
    (
        ("--verson",),
        "sluice: error: there is no option '--verson'\nhint: did you mean '--version'?\n",
    ),
    (("run",), "sluice run: error: FILE is missing: run file: a network, a machine, options\n"),
    (
        ("run", "--trace", "run.yaml"),
        "sluice run: error: FILE is missing: run file\n"
        "hint: --trace takes the word behind it: put FILE first\n",
    ),
    (
        ("run", "run.yaml", "b.yaml"),
        "sluice run: error: nothing more is expected, 'b.yaml' is too much\n",
    ),
    (
        ("run", "run.yaml", "--fidelty", "pe"),
        "sluice run: error: there is no option '--fidelty'\nhint: did you mean '--fidelity'?\n",
    ),
    (
        ("run", "run.yaml", "--fidelty=pe"),
        "sluice run: error: there is no option '--fidelty'\nhint: did you mean '--fidelity'?\n",
    ),
    (
        ("run", "run.yaml", "--xyz"),
        "sluice run: error: there is no option '--xyz'\nhint: see: sluice help run\n",
    ),
    (
        ("run", "run.yaml", "--fidelity", "tle"),
        "--fidelity: error: 'tle' is not known here\nhint: did you mean 'tile'?\n",
    ),
    (
        ("run", "run.yaml", "--seed"),
        "sluice run: error: a value is missing after '--seed'\n"
        "hint: --seed N: seed of the operand values of pe\n",
    ),
    (
        ("run", "run.yaml", "--seed", "x"),
        "--seed: error: seed is 'x', a whole number is expected\n",
    ),
    (("run", "run.yaml", "--seed", "-1"), "--seed: error: seed is -1, at least 0 is required\n"),
    (
        ("run", "run.yaml", "--seed", "1", "--seed", "2"),
        "sluice run: error: '--seed' is given twice\n",
    ),
    (
        ("run", "run.yaml", "--set", "architecture.array.rows"),
        "--set: error: 'architecture.array.rows' sets no value\n"
        "hint: write it like architecture.array.rows=32\n",
    ),
    (
        ("run", "run.yaml", "--json", "-", "--csv", "-"),
        "sluice run: error: --json - and --csv - cannot both go to standard output\n",
    ),
    (
        ("run", "--html", "run.yaml"),
        "sluice run: error: FILE is missing: run file\n"
        "hint: --html takes the word behind it: put FILE first\n",
    ),
    (
        ("run", "run.yaml", "--html=-"),
        "sluice run: error: a page cannot go to standard output\nhint: name a file: --html FILE\n",
    ),
    (
        ("run", "run.yaml", "--html", "a", "--json", "a"),
        "sluice run: error: --html and --json name the same file\n",
    ),
    (
        ("run", "run.yaml", "--trace=-"),
        "sluice run: error: a trace cannot go to standard output\n"
        "hint: name a file: --trace=FILE\n",
    ),
    (
        ("run", "run.yaml", "--trace-cycles", "5"),
        "sluice run: error: --trace-start and --trace-cycles are for a trace, "
        "which is not asked for\n"
        "hint: add --trace\n",
    ),
    (
        ("run", "run.yaml", "--trace", "--trace-cycles", "0"),
        "--trace-cycles: error: trace_cycles is 0, at least 1 is required\n",
    ),
    (
        ("check",),
        "sluice check: error: FILE is missing: "
        "run, machine, network, cascade, map or table files\n",
    ),
    (
        ("list", "netwoks"),
        "sluice list: error: there is no kind 'netwoks'\nhint: did you mean 'networks'?\n",
    ),
    (
        ("list", "networks", "resnet5"),
        "sluice list: error: 'resnet5' is none of the networks\nhint: did you mean 'resnet50'?\n",
    ),
    (
        ("list", "mappers", "heurstic"),
        "sluice list: error: 'heurstic' is none of the mappers\nhint: did you mean 'heuristic'?\n",
    ),
    (
        ("schema",),
        "sluice schema: error: KIND is missing: run, architecture, network, map, "
        "cascade, claims, facts or report\n",
    ),
    (
        ("schema", "rn"),
        "sluice schema: error: there is no schema 'rn'\nhint: did you mean 'run'?\n",
    ),
    (
        ("list", "--library", "nowhere"),
        "--library: error: there is no library in 'nowhere'\n"
        "hint: a library has the folders workloads/library, arch/tables and configs/arch\n",
    ),
]


@pytest.mark.parametrize("words,message", MISTAKES, ids=[" ".join(m[0]) for m in MISTAKES])
def test_a_mistake_in_the_words_is_told_and_mended(project, words, message):
    before = project.files()
    done = project.sluice(*words)
    assert (done.err, done.out, done.code) == (message, "", 2)
    assert project.files() == before


def test_all_mistakes_are_told_at_once(project):
    done = project.sluice("run", "run.yaml", "--fidelity", "tle", "--seed", "x", "--out", "")
    assert done.code == 2
    assert done.err == (
        "--fidelity: error: 'tle' is not known here\nhint: did you mean 'tile'?\n"
        "--seed: error: seed is 'x', a whole number is expected\n"
        "sluice run: error: the value of --out is empty\n"
    )


def test_a_file_may_have_the_name_of_a_command_or_an_option(project):
    project.write("run", (project.folder / "run.yaml").read_text())
    project.write("-x", (project.folder / "run.yaml").read_text())
    assert project.sluice("check", "run").out == "run: a run without mistakes\n"
    assert project.sluice("check", "--", "-x").out == "-x: a run without mistakes\n"
