# SPDX-License-Identifier: Apache-2.0
"""What the tests of the command share."""

import pytest
from pages import browser, made, open_page  # noqa: F401
from sluice_command import PROGRAM, Project


@pytest.fixture(scope="session", autouse=True)
def program_is_built():
    assert PROGRAM.is_file(), f"{PROGRAM} is not built; run: scripts/build"


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)
