# SPDX-License-Identifier: Apache-2.0
"""Mistakes in files, as `sluice check` and `sluice run` tell them."""

import pytest
from sluice_command import MACHINE, NETWORK, ROOT, RUN

# A file, how it is changed, and what is then said of it.
MISTAKES = {
    "an unknown key with a near miss": (
        "machine.yaml",
        MACHINE,
        "rows: 4",
        "rows: 4, drian: direct",
        """\
machine.yaml:3:18: error: unknown key 'drian'
  array: {rows: 4, drian: direct, columns: 4}
                   ^
hint: did you mean 'drain'?
""",
    ),
    "a duplicate key": (
        "machine.yaml",
        MACHINE,
        "rows: 4",
        "rows: 4, rows: 5",
        """\
machine.yaml:3:18: error: the key 'rows' is given twice in this map
  array: {rows: 4, rows: 5, columns: 4}
                   ^
hint: it stands in line 3 already
""",
    ),
    "a wrong unit": (
        "machine.yaml",
        MACHINE,
        "1 GHz",
        "1 GB",
        """\
machine.yaml:2:8: error: clock: 'GB' is not a unit of frequency
  clock: 1 GB
         ^
hint: known: Hz, kHz, MHz, GHz, THz
""",
    ),
    "a size of zero": (
        "machine.yaml",
        MACHINE,
        "64 KiB",
        "0 KiB",
        """\
machine.yaml:6:27: error: capacity is 0 KiB, at least 1 B is required
    - {name: pad, capacity: 0 KiB, holds: [input, weight, output]}
                            ^
""",
    ),
    "a negative size": (
        "machine.yaml",
        MACHINE,
        "columns: 4",
        "columns: -4",
        """\
machine.yaml:3:27: error: columns is -4, at least 1 is required
  array: {rows: 4, columns: -4}
                            ^
""",
    ),
    "a number too large": (
        "machine.yaml",
        MACHINE,
        "rows: 4",
        "rows: 99999999999999999999",
        """\
machine.yaml:3:15: error: rows is 99999999999999999999, at most 65536 is allowed
  array: {rows: 99999999999999999999, columns: 4}
                ^
""",
    ),
    "a size too large": (
        "machine.yaml",
        MACHINE,
        "64 KiB",
        "99 EB",
        """\
machine.yaml:6:27: error: capacity: '99 EB' is too large
    - {name: pad, capacity: 99 EB, holds: [input, weight, output]}
                            ^
hint: the most is 16 EiB less one byte
""",
    ),
    "an operator that is unknown": (
        "network.yaml",
        NETWORK,
        "second, op: linear",
        "second, op: liner",
        """\
network.yaml:4:24: error: operator 'liner' is not supported
    - {name: second, op: liner, out_features: 4}
                         ^
hint: did you mean 'linear'? known: conv2d, depthwise_conv2d, linear, matmul, attention, pool2d, \
elementwise, softmax, norm, embedding, deformable_conv2d, scan
""",
    ),
    "a file that is missing": (
        "run.yaml",
        RUN,
        "machine.yaml",
        "machne.yaml",
        """\
run.yaml:3:25: error: 'machne.yaml': the file does not exist
  architecture: {include: machne.yaml}
                          ^
hint: did you mean 'machine.yaml'?
""",
    ),
    "a network that is missing": (
        "run.yaml",
        RUN,
        "network.yaml",
        "resnt50",
        """\
run.yaml:2:19: error: there is no network 'resnt50'
  workload: {model: resnt50}
                    ^
hint: did you mean 'resnet50'?
""",
    ),
    "a mapper that is unknown": (
        "run.yaml",
        RUN,
        "name: small",
        "mapping: {mapper: heurstic}",
        """\
run.yaml:1:19: error: there is no mapper 'heurstic'
  mapping: {mapper: heurstic}
                    ^
hint: did you mean 'heuristic'?
""",
    ),
    "a file that includes itself": (
        "machine.yaml",
        MACHINE,
        "name: tiny",
        "include: machine.yaml",
        """\
machine.yaml:1:10: error: files include each other in a cycle: machine.yaml -> machine.yaml
  include: machine.yaml
           ^
hint: remove one of these includes
""",
    ),
    "a file that is none of ours": (
        "machine.yaml",
        MACHINE,
        MACHINE,
        "a: 1\n",
        """\
machine.yaml:1:1: error: this is no file of sluice
  a: 1
  ^
hint: a run has 'workload' and 'architecture', a machine 'array' and 'scratchpads', a network \
'layers', a cascade 'einsums', a map file 'hierarchy', an energy table 'energies', \
a claim file 'claims', a sweep 'experiment' and 'parameters'
""",
    ),
    "an empty file": (
        "machine.yaml",
        MACHINE,
        MACHINE,
        "",
        "machine.yaml: error: the file is empty\n",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_a_file_is_told_with_its_place(project, mistake):
    name, text, right, wrong, message = MISTAKES[mistake]
    assert right in text
    project.write(name, text.replace(right, wrong))
    done = project.sluice("check", name)
    assert (done.err, done.out, done.code) == (message, "", 2)


@pytest.mark.parametrize(
    "mistake", [m for m in MISTAKES if "none of ours" not in m and m != "an empty file"]
)
def test_a_run_with_a_mistake_tells_it_too_and_writes_nothing(project, mistake):
    name, text, right, wrong, message = MISTAKES[mistake]
    project.write(name, text.replace(right, wrong))
    before = project.files()
    done = project.sluice("run", "run.yaml", "--json", "report.json", "--out", "here")
    assert (done.out, done.code) == ("", 2)
    # An included file tells the same; a cycle is told as it was entered.
    assert message.splitlines()[1:] == done.err.splitlines()[1:]
    assert project.files() == before


def test_two_files_that_include_each_other_are_told_as_a_cycle(project):
    project.write("a.yaml", "include: b.yaml\n")
    project.write("b.yaml", "include: a.yaml\n")
    done = project.sluice("check", "a.yaml")
    assert done.code == 2
    assert done.err.startswith(
        "b.yaml:1:10: error: files include each other in a cycle: a.yaml -> b.yaml -> a.yaml\n"
    )


def test_every_mistake_of_every_file_is_told_at_once(project):
    project.write("machine.yaml", MACHINE.replace("rows: 4", "rows: 0").replace("1 GHz", "1 GB"))
    project.write("network.yaml", NETWORK.replace("op: linear", "op: liner"))
    done = project.sluice("check", "machine.yaml", "network.yaml")
    assert done.code == 2
    places = [line.split(": error:")[0] for line in done.err.splitlines() if ": error:" in line]
    assert places == [
        "machine.yaml:2:8",
        "machine.yaml:3:15",
        "network.yaml:3:23",
        "network.yaml:4:24",
    ]
    both = project.sluice("check", "run.yaml").err
    assert "machine.yaml:2:8: error" in both
    assert "network.yaml:4:24: error" in both


def test_files_without_mistakes_are_said_to_be_what_they_are(project):
    table = ROOT / "arch" / "tables" / "default_22nm.yaml"
    done = project.sluice("check", "run.yaml", "machine.yaml", "network.yaml", table)
    assert (done.code, done.err) == (0, "")
    assert done.out == (
        "run.yaml: a run without mistakes\n"
        "machine.yaml: a machine without mistakes\n"
        "network.yaml: a network without mistakes\n"
        f"{table}: an energy table without mistakes\n"
    )


def test_a_file_with_a_mistake_does_not_hide_the_others(project):
    project.write("bad.yaml", MACHINE.replace("rows: 4", "rows: 0"))
    done = project.sluice("check", "bad.yaml", "machine.yaml")
    assert done.out == "machine.yaml: a machine without mistakes\n"
    assert done.err.startswith("bad.yaml:3:15: error: rows is 0")


def test_a_machine_whose_memory_has_no_price_is_told_where_it_names_the_table(project):
    project.write("machine.yaml", MACHINE + "energy_table: nowhere\n")
    message = (
        "machine.yaml:8:15: error: there is no energy table 'nowhere'\n"
        "  energy_table: nowhere\n"
        "                ^\n"
        "hint: known: default_22nm, fusemax_45nm, horowitz_45nm, tpu_v4i_7nm\n"
    )
    for words in (("check", "machine.yaml"), ("check", "run.yaml"), ("run", "run.yaml")):
        done = project.sluice(*words)
        assert (done.err, done.out, done.code) == (message, "", 2)


def test_a_file_of_100_mb_is_refused_unread(project):
    with open(project.folder / "large.yaml", "wb") as large:
        large.truncate(100_000_000)
    done = project.sluice("run", "large.yaml")
    assert (done.out, done.code) == ("", 2)
    assert done.err == (
        "large.yaml: error: the file holds 95.37 MiB (100000000 bytes), at most "
        "16 MiB (16777216 bytes) are read\n"
    )


@pytest.mark.parametrize("command", ["run", "check", "describe"])
def test_a_folder_is_no_file(project, command):
    done = project.sluice(command, ".")
    assert (done.out, done.code) == ("", 2)
    assert done.err == (".: error: this is a folder, a file is expected\nhint: name a file in it\n")


@pytest.mark.parametrize("command", ["run", "check", "describe"])
def test_a_file_that_is_not_there_is_told_with_the_nearest_one(project, command):
    done = project.sluice(command, "rnu.yaml")
    assert (done.out, done.code) == ("", 2)
    assert done.err == (
        "rnu.yaml: error: the file does not exist\nhint: did you mean 'run.yaml'?\n"
    )


def test_a_file_that_is_not_text_is_told_so(project):
    (project.folder / "x.yaml").write_bytes(b"name: \xff\n")
    done = project.sluice("check", "x.yaml")
    assert done.code == 2
    assert done.err.startswith("x.yaml:1:7: error: the byte 0xFF here is not UTF-8 text\n")


@pytest.mark.parametrize(
    "name,message",
    [
        (
            "machine.yaml",
            "machine.yaml: error: this is a machine, a run file is expected\n"
            "hint: a run file names it: architecture: {include: machine.yaml}\n",
        ),
        (
            "network.yaml",
            "network.yaml: error: this is a network, a run file is expected\n"
            "hint: a run file names it: workload: {model: network.yaml}\n",
        ),
    ],
)
def test_only_a_run_file_can_be_run(project, name, message):
    done = project.sluice("run", name)
    assert (done.err, done.out, done.code) == (message, "", 2)


SETTINGS = {
    "architecture.array.rws=3": """\
--set: error: unknown key 'rws'
  architecture.array.rws=3
                     ^
hint: did you mean 'rows'?
""",
    "architcture.array.rows=3": """\
--set: error: unknown key 'architcture'
  architcture.array.rows=3
  ^
hint: did you mean 'architecture'?
""",
    "architecture.array.rows=x": """\
--set: error: rows is 'x', a whole number is expected
  architecture.array.rows=x
                          ^
""",
    "architecture.scratchpads.7.capacity=1": """\
--set: error: 'architecture.scratchpads' has no item 7: its 1 items are numbered 0 to 0
  architecture.scratchpads.7.capacity=1
                           ^
""",
    "name.x=1": """\
--set: error: 'name' is the value 'small', it has nothing named 'x'
  name.x=1
       ^
""",
    "=1": """\
--set: error: the name of what to set is missing
  =1
  ^
hint: write it like architecture.array.rows=32
""",
    "name=[1": """\
--set: error: the list that '[' began has no end
  name=[1
       ^
hint: add ']'
""",
}


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_setting_that_is_wrong_is_told_like_a_file(project, setting):
    before = project.files()
    for command in ("run", "describe"):
        done = project.sluice(command, "run.yaml", "--set", setting)
        assert (done.err, done.out, done.code) == (SETTINGS[setting], "", 2)
    assert project.files() == before


def test_settings_that_are_wrong_are_told_together(project):
    done = project.sluice("run", "run.yaml", "--set", "name.x=1", "--set", "=1")
    assert done.err.count("--set: error:") == 2


@pytest.mark.parametrize(
    "folder",
    ["configs/run", "configs/arch", "workloads/library", "arch/tables", "configs/reproduce"],
)
def test_the_files_of_ours_are_without_mistakes(project, folder):
    files = sorted((ROOT / folder).glob("*.yaml"))
    done = project.sluice("check", *files)
    assert (done.code, done.err) == (0, "")
    assert len(done.out.splitlines()) == len(files) > 0
