# SPDX-License-Identifier: Apache-2.0
"""`sluice run`: what it prints and what it writes."""

import csv
import io
import json
import os
import pty
import re
import resource
import signal
import subprocess
import time

import pytest
from sluice_command import PROGRAM, ROOT

BOTH = ["machine.yaml", "network.yaml", "out/layers.csv", "out/report.json", "run.yaml"]
INPUTS = ["machine.yaml", "network.yaml", "run.yaml"]

# Cycles by the billion, simulated one by one: no machine is done with it while a test waits.
LONG = ("--set", "workload.model=vgg16", "--set", "workload.batch=4096", "--no-fast-forward")


def test_a_run_prints_a_table_and_writes_a_report_and_layers(project):
    done = project.sluice("run", "run.yaml")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("two_layers on tiny")
    assert done.out.endswith("\nwrote out/report.json\nwrote out/layers.csv\n")
    assert "\x1b" not in done.out  # colours are for terminals
    assert project.files() == BOTH


def test_the_report_accounts_for_every_cycle_and_mac(project):
    report = json.loads(project.sluice("run", "run.yaml", "--json", "-").out)
    assert sum(layer["cycles"] for layer in report["layers"]) == report["total"]["cycles"]
    # 8 x 16 x 8 and 8 x 8 x 4 multiply-accumulates.
    assert [layer["macs"] for layer in report["layers"]] == [1024, 256]


def test_json_to_standard_output_is_all_there_is(project):
    done = project.sluice("run", "run.yaml", "--json", "-")
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out)["network"]["name"] == "two_layers"
    assert project.files() == INPUTS


def test_csv_to_standard_output_has_a_line_a_layer(project):
    done = project.sluice("run", "run.yaml", "--csv", "-")
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert [row["name"] for row in rows] == ["first", "second", "small"]
    assert project.files() == INPUTS


def test_named_files_are_written_instead_of_the_folder(project):
    done = project.sluice("run", "run.yaml", "--json", "a/b.json", "--csv", "-")
    assert (done.code, done.err) == (0, "wrote a/b.json\n")
    assert done.out.startswith("scope,name,")
    assert project.files() == ["a/b.json", *INPUTS]


def test_named_files_are_written_beside_a_folder_that_is_asked_for(project):
    project.sluice("run", "run.yaml", "--json", "a.json", "--out", "here")
    assert project.files() == ["a.json", "here/layers.csv", "here/report.json", *INPUTS]
    assert (project.folder / "a.json").read_bytes() == (
        project.folder / "here/report.json"
    ).read_bytes()


def test_the_file_may_name_the_folder(project):
    project.sluice("run", "run.yaml", "--set", "output.directory=there", "-q")
    assert project.files() == [*INPUTS, "there/layers.csv", "there/report.json"]


def test_quiet_prints_nothing(project):
    done = project.sluice("run", "run.yaml", "--quiet")
    assert (done.code, done.out, done.err) == (0, "", "")
    assert project.files() == BOTH


def test_a_trace_goes_to_the_folder_or_to_a_file(project):
    project.sluice("run", "run.yaml", "--trace", "--trace-cycles", "1000", "-q")
    in_folder = (project.folder / "out/trace.perfetto-trace").read_bytes()
    # A packet of perfetto.protos.Trace begins with the tag of field 1, a message.
    assert in_folder[0] == 0x0A
    project.sluice("run", "run.yaml", "--trace=t", "--trace-cycles", "1000", "--json", "-")
    assert (project.folder / "t").read_bytes() == in_folder


def test_a_page_goes_to_the_folder_or_to_a_file(project):
    done = project.sluice("run", "run.yaml", "--html")
    assert done.out.endswith("wrote out/report.html\nwrote out/report.json\nwrote out/layers.csv\n")
    assert project.files() == sorted([*BOTH, "out/report.html"])
    in_folder = (project.folder / "out/report.html").read_bytes()
    assert in_folder.startswith(b"<!doctype html>")
    done = project.sluice("run", "run.yaml", "--html", "new/page.html", "--json", "-")
    assert (done.code, done.err) == (0, "wrote new/page.html\n")
    assert (project.folder / "new/page.html").read_bytes() == in_folder
    assert json.loads(done.out)["network"]["name"] == "two_layers"


def test_a_page_is_no_reason_for_a_trace_file_or_a_warning(project):
    done = project.sluice("run", "run.yaml", "--html", "a.html", "--trace-start", "1000000")
    assert (done.code, done.err) == (0, "")
    assert project.files() == ["a.html", *INPUTS]


@pytest.mark.parametrize("words", [(), ("--fidelity", "analytic")])
def test_a_page_that_cannot_be_written_is_told(project, words):
    done = project.sluice("run", "run.yaml", "--html=network.yaml/page.html", *words)
    assert done.code == 1
    assert (
        done.err == "sluice run: error: cannot create the folder 'network.yaml': Not a directory\n"
    )
    assert project.files() == INPUTS


@pytest.mark.parametrize("fidelity", ["analytic", "pe"])
def test_a_fidelity_without_firings_makes_no_trace(project, fidelity):
    done = project.sluice("run", "run.yaml", "--trace", "--fidelity", fidelity)
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        f"sluice run: error: fidelity {fidelity} makes no trace\n"
        "hint: use tile, or leave the trace out\n"
    )
    assert project.files() == INPUTS


def test_pe_says_how_to_make_its_memory_ideal(project):
    done = project.sluice("run", "run.yaml", "--fidelity", "pe")
    assert (done.code, done.out) == (2, "")
    assert (
        "hint: set architecture.dram to preset: ideal without a bandwidth, or use tile" in done.err
    )


def test_the_window_of_a_trace_begins_where_it_is_asked_to(project):
    project.sluice("run", "run.yaml", "--trace=all", "-q")
    project.sluice("run", "run.yaml", "--trace=late", "--trace-start", "60", "-q")
    assert (project.folder / "late").stat().st_size < (project.folder / "all").stat().st_size


@pytest.mark.parametrize("quiet", [(), ("-q",)])
def test_a_window_behind_the_end_of_the_run_is_told_and_makes_no_trace(project, quiet):
    done = project.sluice("run", "run.yaml", "--json", "-")
    cycles = json.loads(done.out)["total"]["cycles"]
    at_end = ("--trace=t", "--trace-start", cycles, *quiet)
    done = project.sluice("run", "run.yaml", *at_end)
    assert (done.code, done.err) == (
        0,
        f"sluice run: warning: no trace is written: its window begins at cycle {cycles}, "
        f"the run ends at cycle {cycles}\nhint: a smaller output.trace_start, or --trace-start\n",
    )
    assert project.files() == BOTH
    done = project.sluice("run", "run.yaml", "--trace=t", "--trace-start", cycles - 1, *quiet)
    assert (done.code, done.err) == (0, "")
    assert "t" in project.files()


def test_equal_input_gives_equal_bytes(project):
    first = project.sluice("run", "run.yaml", "--json", "-").out
    assert project.sluice("run", "run.yaml", "--json", "-").out == first
    assert project.sluice("run", "run.yaml", "--json", "-", "--no-fast-forward").out == first
    assert project.sluice("run", "run.yaml", "--json", "-", "--trace", "--out", "x").out == first


def test_a_setting_changes_the_answer_and_its_provenance(project):
    plain = json.loads(project.sluice("run", "run.yaml", "--json", "-").out)
    wide = json.loads(
        project.sluice(
            "run", "run.yaml", "--json", "-", "--set", "architecture.array.columns=8"
        ).out
    )
    assert wide["machine"]["pes"] == 2 * plain["machine"]["pes"]
    assert wide["provenance"]["input_hash"] != plain["provenance"]["input_hash"]


@pytest.mark.parametrize("fidelity", ["analytic", "tile", "pe"])
def test_an_option_and_a_setting_for_the_fidelity_are_the_same(project, fidelity):
    # Without a limit on the memory, because the grid of PEs has none.
    words = ("run", "run.yaml", "--json", "-", "--set", "architecture.dram.bandwidth=0")
    option = project.sluice(*words, "--fidelity", fidelity)
    setting = project.sluice(*words, "--set", f"simulation.fidelity={fidelity}")
    assert option == setting
    assert json.loads(option.out)["provenance"]["fidelity"] == fidelity


def test_analytic_bounds_tile(project):
    cycles = {
        fidelity: json.loads(
            project.sluice("run", "run.yaml", "--json", "-", "--fidelity", fidelity).out
        )["total"]["cycles"]
        for fidelity in ("analytic", "tile")
    }
    assert 0 < cycles["analytic"] <= cycles["tile"]


def test_an_infeasible_design_says_what_it_needs_and_writes_nothing(project):
    done = project.sluice("run", "run.yaml", "--set", "architecture.scratchpads.0.capacity=1 B")
    assert (done.code, done.out) == (1, "")
    assert re.fullmatch(
        r"run\.yaml: infeasible: task first: [^:]* pad: needed \d+ B, "
        r"available 1 B\n",
        done.err,
    )
    assert project.files() == INPUTS


def test_an_infeasible_design_is_json_too(project):
    done = project.sluice(
        "run", "run.yaml", "--set", "architecture.scratchpads.0.capacity=1 B", "--json", "-"
    )
    assert done.code == 1
    infeasible = json.loads(done.out)["infeasible"]
    assert (infeasible["available"], infeasible["unit"]) == (1, "B")


def test_a_closed_pipe_is_no_crash(project):
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [PROGRAM, "run", "run.yaml"],
        cwd=project.folder,
        stdout=writing,
        stderr=subprocess.PIPE,
        timeout=30,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")
    assert project.files() == BOTH


@pytest.mark.parametrize(
    "words",
    [
        ("run", "run.yaml", "--json", "-"),
        ("list",),
        ("help",),
        ("describe", "run.yaml"),
        ("schema", "run"),
    ],
)
def test_a_full_disk_behind_standard_output_is_an_error(project, words):
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [PROGRAM, *words], cwd=project.folder, stdout=full, stderr=subprocess.PIPE, timeout=30
        )
    command = f"sluice {words[0]}".encode() if words != ("help",) else b"sluice help"
    assert done.returncode == 1
    assert done.stderr == (
        command + b": error: cannot write to standard output: No space left on device\n"
    )


def test_a_full_disk_leaves_no_part_of_a_file(project):
    def no_large_files():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

    done = project.sluice("run", "run.yaml", "-q", preexec_fn=no_large_files)
    assert done.code == 1
    assert done.err == "sluice run: error: cannot write 'out/report.json': File too large\n"
    assert project.files() == INPUTS


def test_a_file_that_cannot_be_written_keeps_what_was_there(project):
    def no_large_files():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

    project.write("mine.json", "before")
    done = project.sluice("run", "run.yaml", "--json", "mine.json", preexec_fn=no_large_files)
    assert done.code == 1
    assert (project.folder / "mine.json").read_text() == "before"
    assert project.files() == sorted(["mine.json", *INPUTS])


def test_a_folder_that_cannot_be_made_is_an_error(project):
    done = project.sluice("run", "run.yaml", "--out", "machine.yaml/x")
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        "sluice run: error: cannot create the folder 'machine.yaml/x': Not a directory\n"
    )


def test_a_device_is_written_to_and_stays(project):
    (project.folder / "full").symlink_to("/dev/full")
    done = project.sluice("run", "run.yaml", "--json", "full")
    assert done.code == 1
    assert done.err == "sluice run: error: cannot write 'full': No space left on device\n"
    assert (project.folder / "full").is_char_device()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_run_with_one_line_and_no_file(project, number):
    process = subprocess.Popen(
        [PROGRAM, "run", "run.yaml", *LONG],
        cwd=project.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    time.sleep(0.5)
    process.send_signal(number)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out) == (130, b"")
    assert err == b"sluice run: interrupted, nothing was written\n"
    assert project.files() == INPUTS


def read_terminal(terminal, seconds):
    """What appears on the terminal, at most for so long."""
    end = time.monotonic() + seconds
    shown = b""
    while time.monotonic() < end:
        os.set_blocking(terminal, False)
        try:
            shown += os.read(terminal, 65536)
        except BlockingIOError:
            time.sleep(0.01)
    return shown.decode()


def test_progress_is_shown_on_a_terminal_ten_times_a_second_at_most(project):
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [PROGRAM, "run", "run.yaml", *LONG],
        cwd=project.folder,
        stdout=subprocess.PIPE,
        stderr=theirs,
    )
    shown = read_terminal(ours, 1.5)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)
    shown += read_terminal(ours, 0.1)
    os.close(ours)
    os.close(theirs)
    updates = re.findall(
        r"\r\x1b\[K\d+ %, ([\d.]+ \w?cycles) simulated, \d+ s(?:, \d+ s left)?, "
        r"[\d.]+ \w?cycles/s",
        shown,
    )
    assert 1 <= len(updates) <= 15
    assert shown.endswith("\r\x1b[Ksluice run: interrupted, nothing was written\r\n")


def test_no_progress_is_shown_in_a_pipe(project):
    process = subprocess.Popen(
        [PROGRAM, "run", "run.yaml", *LONG],
        cwd=project.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    time.sleep(0.8)
    process.kill()
    assert process.communicate(timeout=10) == (b"", b"")


@pytest.mark.parametrize(
    "file", ["quickstart", "mobilenet_v2_gemmini", "mobilenet_v2_eyeriss", "resnet50_128_ws_ideal"]
)
def test_a_run_file_of_ours_runs(project, file):
    path = ROOT / "configs" / "run" / f"{file}.yaml"
    report = json.loads(project.sluice("run", path, "--json", "-").out)
    assert report["total"]["macs"] == report["network"]["macs"]


@pytest.mark.parametrize(
    "workload",
    [
        "{model: mamba_130m, seq_len: 16}",
        "{model: mamba_130m, phase: decode}",
        "{model: hyena_153m, seq_len: 64, filters: computed}",
        "{model: m2_bert_80m, seq_len: 32}",
        "{model: matmulfree_370m, seq_len: 16}",
        "{model: matmulfree_370m, phase: decode}",
        "{model: resnet50_dcnv2, image_size: 64}",
        "{model: resnet18_decomposed, image_size: 64}",
    ],
)
@pytest.mark.parametrize("machine", ["tpu_like", "gemmini_default"])
def test_networks_without_attention_run_on_shipped_machines(project, workload, machine):
    project.write(
        "run.yaml",
        f"workload: {workload}\narchitecture: {{include: {ROOT}/configs/arch/{machine}.yaml}}\n",
    )
    totals = []
    for fidelity in ("analytic", "tile"):
        done = project.sluice("run", "run.yaml", "--fidelity", fidelity, "--json", "-")
        assert (done.code, done.err) == (0, "")
        totals.append(json.loads(done.out)["total"])
    analytic, tile = totals
    assert analytic["macs"] == tile["macs"] > 0
    assert 0 < analytic["cycles"] <= tile["cycles"]
