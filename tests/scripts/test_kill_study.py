# SPDX-License-Identifier: Apache-2.0
"""A few of the kills of scripts/kill_study."""

import subprocess

from repository import ROOT


def test_a_study_survives_kills():
    done = subprocess.run(
        [ROOT / "scripts" / "kill_study", "--kills", "8", "--seed", "3"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("8 kills, ")
    assert done.stdout.endswith(": nothing lost, nothing twice, the file sound\n")
