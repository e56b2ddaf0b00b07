# SPDX-License-Identifier: Apache-2.0
"""scripts/update_golden.py on small repositories with a program that stands in for sluice."""

import json

import pytest

FOLDER = "tests/sim/golden/regression/small"


@pytest.fixture
def repository(write):
    """A repository whose build/sluice prints `new`, and whose golden holds `old`."""

    def make(old, new, source="Command: `build/sluice run a.yaml --json -`\n"):
        program = write("build/sluice", f"#!/bin/sh\ncat <<'EOF'\n{json.dumps(new)}\nEOF\n")
        program.chmod(0o755)
        write(f"{FOLDER}/SOURCE.md", "# small\n\n" + source)
        return write(f"{FOLDER}/expected.json", json.dumps(old, indent=2) + "\n")

    return make


def test_every_changed_number_is_printed_and_written(run_script, tmp_path, repository):
    old = {"cycles": 200, "layers": [{"name": "conv1", "macs": 7}], "text": "a", "gone": 1}
    new = {"cycles": 210, "layers": [{"name": "conv1", "macs": 7}], "text": "b", "more": 2.5}
    expected = repository(old, new)
    done = run_script("update_golden.py", "--root", tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "small: cycles: 200 -> 210 (+5 %)",
        "small: text: 'a' -> 'b'",
        "small: gone: 1 -> gone",
        "small: more: new -> 2.5",
        "1 goldens, 1 changed, 0 failed",
    ]
    assert json.loads(expected.read_text()) == new


def test_layers_are_named_in_what_is_printed(run_script, tmp_path, repository):
    repository(
        {"layers": [{"name": "conv1", "macs": 7}]}, {"layers": [{"name": "conv1", "macs": 8}]}
    )
    done = run_script("update_golden.py", "--root", tmp_path)
    assert "small: layers[conv1].macs: 7 -> 8 (+14.3 %)" in done.stdout


def test_an_unchanged_golden_is_left_as_it_is(run_script, tmp_path, repository):
    expected = repository({"cycles": 200}, {"cycles": 200})
    before = expected.stat().st_mtime_ns
    done = run_script("update_golden.py", "--root", tmp_path)
    assert done.stdout == "1 goldens, 0 changed, 0 failed\n"
    assert expected.stat().st_mtime_ns == before


def test_check_changes_nothing_and_fails_on_a_change(run_script, tmp_path, repository):
    expected = repository({"cycles": 200}, {"cycles": 201})
    done = run_script("update_golden.py", "--root", tmp_path, "--check")
    assert done.returncode == 1
    assert json.loads(expected.read_text()) == {"cycles": 200}


def test_published_goldens_are_never_touched(run_script, tmp_path, write):
    write("tests/sim/golden/published/paper/SOURCE.md", "Command: `build/nothing`\n")
    done = run_script("update_golden.py", "--root", tmp_path)
    assert done.stdout == "0 goldens, 0 changed, 0 failed\n"


@pytest.mark.parametrize(
    "source, message",
    [
        ("nothing here\n", "0 lines 'Command: `...`', one is needed"),
        ("Command: `build/a`\nCommand: `build/b`\n", "2 lines 'Command: `...`', one is needed"),
        ("Command: `build/absent`\n", "no program build/absent; run: scripts/build"),
    ],
)
def test_a_golden_that_cannot_be_regenerated_is_an_error(
    run_script, tmp_path, repository, source, message
):
    expected = repository({"cycles": 200}, {"cycles": 201}, source)
    done = run_script("update_golden.py", "--root", tmp_path)
    assert done.returncode == 1
    assert message in done.stderr
    assert json.loads(expected.read_text()) == {"cycles": 200}


def test_a_program_that_fails_leaves_the_golden_alone(run_script, tmp_path, repository, write):
    expected = repository({"cycles": 200}, {})
    write("build/sluice", "#!/bin/sh\necho no such file >&2\nexit 2\n")
    done = run_script("update_golden.py", "--root", tmp_path)
    assert done.returncode == 1
    assert "exit code 2\nno such file" in done.stderr
    assert json.loads(expected.read_text()) == {"cycles": 200}
