# SPDX-License-Identifier: Apache-2.0
"""The command as a user types it, and small files to give it."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ.get("SLUICE", ROOT / "build" / "sluice"))

NETWORK = """\
name: two_layers
layers:
  - {name: first, op: linear, rows: 8, in_features: 16, out_features: 8}
  - {name: second, op: linear, out_features: 4}
"""

MACHINE = """\
name: tiny
clock: 1 GHz
array: {rows: 4, columns: 4}
vector: {lanes: 4}
scratchpads:
  - {name: pad, capacity: 64 KiB, holds: [input, weight, output]}
dram: {preset: ideal, bandwidth: 8 B/cycle}
"""

RUN = """\
name: small
workload: {model: network.yaml}
architecture: {include: machine.yaml}
"""


@dataclass
class Result:
    code: int
    out: str
    err: str


class Project:
    """A folder with a run file, a machine and a network, in which the command is run."""

    def __init__(self, folder):
        self.folder = folder
        self.write("run.yaml", RUN)
        self.write("machine.yaml", MACHINE)
        self.write("network.yaml", NETWORK)

    def write(self, name, text):
        (self.folder / name).write_text(text, encoding="utf-8")

    def files(self):
        """Everything in the folder, by its path."""
        return sorted(
            p.relative_to(self.folder).as_posix() for p in self.folder.rglob("*") if p.is_file()
        )

    def sluice(self, *words, **options):
        done = subprocess.run(
            [PROGRAM, *map(str, words)],
            cwd=self.folder,
            capture_output=True,
            timeout=30,
            stdin=subprocess.DEVNULL,
            **options,
        )
        return Result(done.returncode, done.stdout.decode(), done.stderr.decode())
