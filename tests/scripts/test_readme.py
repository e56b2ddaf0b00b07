# SPDX-License-Identifier: Apache-2.0
"""The commands that README.md shows, run as a reader would run them."""

import re
import shlex
import subprocess

import pytest
from repository import ROOT

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
LINES = [line.split("#")[0].strip() for block in BLOCKS for line in block.splitlines()]
COMMANDS = [line for line in LINES if line.startswith("build/sluice ")]

# The files of the reader's own that the commands name.
SCALE_CFG = """\
[general]
run_name = readme

[architecture_presets]
ArrayHeight: 32
ArrayWidth: 32
IfmapSramSzkB: 64
FilterSramSzkB: 64
OfmapSramSzkB: 64
IfmapOffset: 0
FilterOffset: 10000000
OfmapOffset: 20000000
Bandwidth: 10
Dataflow: ws
MemoryBanks: 1

[run_presets]
InterfaceBandwidth: CALC
"""
TOPOLOGY_CSV = """\
Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,
conv1, 16, 16, 3, 3, 8, 16, 1,
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder that looks like the repository, in which the commands may write."""
    path = tmp_path_factory.mktemp("readme")
    for item in ROOT.iterdir():
        if not item.name.startswith(".") and item.name != "out":
            (path / item.name).symlink_to(item)
    (path / "scale.cfg").write_text(SCALE_CFG)
    (path / "topology.csv").write_text(TOPOLOGY_CSV)
    (path / "model.onnx").symlink_to(ROOT / "tests/workloads/onnx/gpt2_dynamo.onnx")
    for name in ("problem", "arch", "map", "ERT"):  # one file has all four parts
        (path / f"{name}.yaml").symlink_to(ROOT / "tests/mapper/golden/timeloop/T04.yaml")
    return path


def test_the_readme_shows_every_subcommand():
    shown = {shlex.split(command)[1] for command in COMMANDS}
    assert shown == {
        "run",
        "check",
        "list",
        "describe",
        "import",
        "schema",
        "map",
        "sweep",
        "study",
        "reproduce",
    }


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_readme_works(folder, command):
    if not (ROOT / "build" / "sluice").is_file():
        pytest.skip("build/sluice is not built; run: scripts/build")
    done = subprocess.run(
        shlex.split(command),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout or "-o" in command or "check" in command


@pytest.mark.parametrize("target", re.findall(r"\]\((?!http)([^)#]+)\)", README))
def test_a_link_of_the_readme_leads_somewhere(target):
    assert (ROOT / target).exists()
