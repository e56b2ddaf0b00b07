# SPDX-License-Identifier: Apache-2.0
"""What the user gives: files, dicts, settings; and where the library lies."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Source = str | os.PathLike[str] | Mapping[str, Any]
"""A YAML file, or what would stand in one."""

_PACKAGED = Path(__file__).parent / "share" / "sluice"
_SOURCES = Path(__file__).resolve().parents[2]


def library() -> str:
    """The folder of networks, machines and tables: $SLUICE_LIBRARY, else the one that the package
    holds, else the source tree that an editable install was made from."""
    named = os.environ.get("SLUICE_LIBRARY")
    if named:
        return named
    return str(_PACKAGED if _PACKAGED.is_dir() else _SOURCES)


def scalar_text(value: Any) -> str:
    """A value as `--set` takes it: JSON, which is YAML, but plain for text."""
    return value if isinstance(value, str) else json.dumps(value)


def settings_of(settings: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    return [(path, scalar_text(value)) for path, value in (settings or {}).items()]


def split(source: Source) -> tuple[str, str | None]:
    """The path and, when it is no file, the text. Includes of a dict are relative to the present
    folder."""
    if isinstance(source, Mapping):
        return "<dict>", json.dumps(source)
    return os.fspath(source), None
