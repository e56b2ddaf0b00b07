# SPDX-License-Identifier: Apache-2.0
"""What the tests of the scripts share."""

import subprocess

import pytest
from repository import ROOT


@pytest.fixture
def run_script():
    """Runs a script of scripts/ and returns the completed process."""

    def run(name, *arguments, **options):
        return subprocess.run(
            [ROOT / "scripts" / name, *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=60,
            stdin=subprocess.DEVNULL,
            **options,
        )

    return run


@pytest.fixture
def write(tmp_path):
    """Writes a file below tmp_path, with its folders."""

    def write_file(path, text):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    return write_file
