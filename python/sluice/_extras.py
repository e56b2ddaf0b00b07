# SPDX-License-Identifier: Apache-2.0
"""Packages that only some need: imported when they are asked for, named when they are missing."""

from __future__ import annotations

import importlib
from typing import Any


def extra(module: str, name: str) -> Any:
    """The module, which `pip install 'sluice[name]'` brings."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module.split(".")[0]:
            raise
        raise ModuleNotFoundError(
            f"{error.name} is not installed\nhint: pip install 'sluice[{name}]'", name=error.name
        ) from error
