# SPDX-License-Identifier: Apache-2.0
"""Cascades of Einsums: what follows from them, and whether two compute the same."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from . import _core
from ._input import settings_of


@dataclass(frozen=True)
class Cascade:
    """A cascade of Einsums, with its parameters set."""

    core: _core.Cascade = field(repr=False)

    @classmethod
    def load(
        cls, path: str | os.PathLike[str], settings: Mapping[str, Any] | None = None
    ) -> Cascade:
        """Reads a cascade file. Raises InputError with every mistake."""
        return cls(_core.load_cascade(os.fspath(path), settings_of(settings)))

    @property
    def name(self) -> str:
        return self.core.name()

    @property
    def text(self) -> str:
        """The cascade as YAML."""
        return self.core.text()

    @cached_property
    def facts(self) -> dict[str, Any]:
        """Iteration spaces, operations, passes, live footprints, recurrences and least traffic, as
        `sluice cascade --format json` writes them."""
        return json.loads(self.core.facts())


@dataclass(frozen=True)
class Difference:
    """The largest difference of an output of two cascades on the same random tensors."""

    tensor: str
    elements: int
    absolute: float
    relative: float


def compare(a: Cascade, b: Cascade, seed: int = 1) -> list[Difference]:
    """Evaluates both in double precision on the same random tensors."""
    return [Difference(*row) for row in _core.compare_cascades(a.core, b.core, seed)]
