# SPDX-License-Identifier: Apache-2.0
"""Design spaces: parameters with finitely many values, and designs as rows of their indices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

ABSENT = -1
"""The index of a parameter that does not exist in a design."""


@dataclass(frozen=True)
class Parameter:
    """What may vary. `values` are texts as in YAML; `when`: the condition under which it exists."""

    name: str
    values: tuple[str, ...]
    unit: str
    is_number: bool
    is_ordered: bool
    when: str
    group: str
    summary: str
    paths: tuple[str, ...]
    usual: int | None

    def value(self, index: int) -> Any:
        """The value as Python has it: a number where all values are numbers."""
        if index == ABSENT:
            return None
        text = self.values[index]
        if self.values == ("false", "true"):
            return text == "true"
        if not self.is_number:
            return text
        number = float(text)
        return int(number) if number.is_integer() else number

    def index(self, value: Any) -> int:
        if value is None:
            return ABSENT
        for index in range(len(self.values)):
            if self.value(index) == value or self.values[index] == str(value):
                return index
        raise ValueError(
            f"{self.name}: there is no value {value!r}; known: {', '.join(self.values)}"
        )


@dataclass(frozen=True)
class Space:
    """The parameters in their order, and the constraints as text."""

    parameters: tuple[Parameter, ...]
    constraints: tuple[str, ...]

    @property
    def names(self) -> list[str]:
        return [parameter.name for parameter in self.parameters]

    def encode(self, designs: list[Mapping[str, Any]]) -> NDArray[np.int64]:
        """Designs as rows of indices. A parameter that is not named has its usual value, or its
        first."""
        known = set(self.names)
        rows = []
        for design in designs:
            unknown = [name for name in design if name not in known]
            if unknown:
                raise ValueError(f"there is no parameter {unknown[0]!r}; known: {', '.join(known)}")
            rows.append(
                [
                    p.index(design[p.name]) if p.name in design else p.usual or 0
                    for p in self.parameters
                ]
            )
        return np.array(rows, dtype=np.int64).reshape(len(rows), len(self.parameters))

    def decode(self, designs: NDArray[np.integer]) -> list[dict[str, Any]]:
        """Rows of indices as designs; parameters that do not exist are left out."""
        return [
            {
                p.name: p.value(int(index))
                for p, index in zip(self.parameters, row, strict=True)
                if index != ABSENT
            }
            for row in np.atleast_2d(designs)
        ]
