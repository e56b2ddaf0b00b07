# SPDX-License-Identifier: Apache-2.0
"""Packages that only some need: imported when they are asked for, named when they are missing."""

from __future__ import annotations

import importlib
from typing import Any


def extra(module: str, name: str) -> Any:
    """The module, which `pip install 'sluice[name]'` brings."""
    package = module.split(".")[0]
    try:
        importlib.import_module(package)
    except ModuleNotFoundError as error:
        if error.name != package:
            raise
        raise ModuleNotFoundError(
            f"{package} is not installed\nhint: pip install 'sluice[{name}]'", name=package
        ) from error
    return importlib.import_module(module)
