# SPDX-License-Identifier: Apache-2.0
"""The shell scripts: they explain themselves, refuse nonsense, and pass shellcheck."""

import os
import re
import shutil
import subprocess

import pytest
from repository import ROOT

SCRIPTS = sorted(
    path.name
    for path in (ROOT / "scripts").iterdir()
    if path.is_file() and os.access(path, os.X_OK)
)
SHELL_SCRIPTS = [
    name for name in SCRIPTS if "bash" in (ROOT / "scripts" / name).read_text().split("\n", 1)[0]
]
CI_SCRIPT = ROOT / ".ci" / "run"


@pytest.mark.parametrize("name", SHELL_SCRIPTS)
def test_help_says_how_a_script_is_used_from_any_folder(run_script, tmp_path, name):
    done = run_script(name, "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith(f"Usage: scripts/{name}")
    assert done.stderr == ""


@pytest.mark.parametrize("name", SHELL_SCRIPTS)
def test_an_unknown_option_is_refused_with_the_help(run_script, name):
    done = run_script(name, "--nonsense")
    assert done.returncode == 2
    assert "error: unknown argument: --nonsense" in done.stderr
    assert f"Usage: scripts/{name}" in done.stderr


@pytest.mark.parametrize("path", [*(ROOT / "scripts" / name for name in SHELL_SCRIPTS), CI_SCRIPT])
def test_a_script_stops_at_the_first_error(path):
    assert "\nset -euo pipefail\n" in path.read_text()


def test_shellcheck_finds_nothing():
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not installed")
    paths = [ROOT / "scripts" / name for name in (*SHELL_SCRIPTS, "common.sh")]
    done = subprocess.run(["shellcheck", "-x", *paths, CI_SCRIPT], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def packages():
    lines = (ROOT / "scripts" / "packages.txt").read_text().splitlines()
    return [line.split(maxsplit=2) for line in lines if line and not line.startswith("#")]


def test_every_package_has_a_group_a_name_and_a_purpose():
    for entry in packages():
        assert len(entry) == 3, entry
        assert entry[0] in ("build", "test", "cluster", "lint", "sanitize"), entry
        assert re.fullmatch(r"[a-z0-9][a-z0-9.+-]+", entry[1]), entry


def test_no_package_is_listed_twice():
    names = [name for _, name, _ in packages()]
    assert sorted(names) == sorted(set(names))


def test_every_package_is_explained_in_the_page_on_dependencies():
    page = (ROOT / "docs" / "dependencies.md").read_text()
    assert [name for _, name, _ in packages() if f"`{name}`" not in page] == []


def system_without(tmp_path, fake_programs):
    """A PATH with the programs that setup needs, and fakes instead of Debian's."""
    for name in ("bash", "awk", "comm", "sort", "dirname", "basename", "sed", "env"):
        (tmp_path / name).symlink_to(shutil.which(name))
    for name, text in fake_programs.items():
        (tmp_path / name).write_text(f"#!{shutil.which('bash')}\n{text}\n")
        (tmp_path / name).chmod(0o755)
    return {"PATH": str(tmp_path)}


def test_setup_says_when_the_system_is_not_debian(run_script, tmp_path):
    done = run_script("setup", env=system_without(tmp_path, {}))
    assert done.returncode == 1
    assert "this is not a Debian system" in done.stderr


def test_setup_asks_for_nothing_when_everything_is_there(run_script, tmp_path):
    everything = 'shift 3; for package in "$@"; do echo "installed $package"; done'
    done = run_script(
        "setup",
        "all",
        env=system_without(tmp_path, {"dpkg-query": everything, "apt-get": "echo called; exit 1"}),
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_setup_installs_only_what_is_missing(run_script, tmp_path):
    some = 'echo "installed cmake"; echo "not-installed g++"; echo "installed ninja-build"'
    done = run_script(
        "setup",
        env=system_without(
            tmp_path, {"dpkg-query": some, "apt-get": 'echo "apt-get $*"', "sudo": 'exec "$@"'}
        ),
    )
    assert done.returncode == 0, done.stderr
    install = done.stdout.splitlines()[-1]
    assert "apt-get install --yes" in install
    assert "g++" in install and "libsystemc-dev" in install
    assert "cmake" not in install and "ninja-build" not in install


def test_setup_says_what_could_not_be_installed(run_script, tmp_path):
    some = (
        'shift 3; for package in "$@"; do [ "$package" = cmake ] || echo "installed $package"; done'
    )
    done = run_script(
        "setup",
        env=system_without(
            tmp_path, {"dpkg-query": some, "apt-get": "exit 100", "sudo": 'exec "$@"'}
        ),
    )
    assert done.returncode == 1
    assert "apt-get could not install: cmake" in done.stderr
