# SPDX-License-Identifier: Apache-2.0
"""Answers of a simulation. docs/report.md describes every field."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ._extras import extra

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Infeasible:
    """The machine cannot run the network: an answer, not an error. `unit` is empty where there is
    nothing to count."""

    what: str
    needed: int = 0
    available: int = 0
    unit: str = ""
    feasible: bool = field(default=False, init=False)

    def __str__(self) -> str:
        if not self.unit:
            return f"infeasible: {self.what}"
        return (
            f"infeasible: {self.what}: needed {self.needed} {self.unit}, "
            f"available {self.available} {self.unit}"
        )


@dataclass(frozen=True)
class Report:
    """What the machine did with the network. `data` is the report as `sluice run --json` writes it;
    the attributes are its most used parts, those of the whole network."""

    data: dict[str, Any] = field(repr=False)
    feasible: bool = field(default=True, init=False)

    @property
    def total(self) -> dict[str, Any]:
        return self.data["total"]

    @property
    def cycles(self) -> int:
        return self.total["cycles"]

    @property
    def seconds(self) -> float:
        return self.total["seconds"]

    @property
    def macs(self) -> int:
        return self.total["macs"]

    @property
    def utilization(self) -> float:
        """MACs done, of those that the array could have done; 0 to 1."""
        return self.total["utilization"]

    @property
    def energy_pj(self) -> float:
        return self.total["energy_pj"]

    @property
    def area_um2(self) -> float:
        return self.data["machine"]["area_um2"]

    @property
    def stalls(self) -> dict[str, int]:
        """Cycles lost, by cause."""
        return self.total["stalls"]

    @property
    def bottleneck(self) -> str:
        """What held it back and what would relieve it, in a sentence."""
        return self.total["bottleneck"]

    @property
    def layers(self) -> pd.DataFrame:
        """A row a layer; a column each of the plain fields, and one `stall.<cause>` a cause."""
        return _frame(self.data["layers"])

    @property
    def units(self) -> pd.DataFrame:
        return _frame(self.data["units"])

    @property
    def memories(self) -> pd.DataFrame:
        return _frame(self.data["memories"])

    def to_json(self) -> str:
        return json.dumps(self.data, indent=2)

    def __str__(self) -> str:
        return (
            f"{self.data['network']['name']} on {self.data['machine']['name']}: {self.cycles} "
            f"cycles, {self.seconds:.6g} s, utilization {100 * self.utilization:.1f} %\n"
            f"{self.bottleneck}"
        )


def _frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    pd = extra("pandas", "pandas")
    flat = []
    for row in rows:
        plain = {k: v for k, v in row.items() if not isinstance(v, list | dict)}
        plain |= {f"stall.{cause}": cycles for cause, cycles in row.get("stalls", {}).items()}
        flat.append(plain)
    frame = pd.DataFrame(flat)
    stalls = [column for column in frame.columns if column.startswith("stall.")]
    frame[stalls] = frame[stalls].fillna(0).astype("int64")
    return frame


def infeasible_of(data: dict[str, Any]) -> Infeasible:
    answer = data["infeasible"]
    return Infeasible(answer["what"], answer["needed"], answer["available"], answer["unit"])


def outcome_of(text: str) -> Report | Infeasible:
    """What `write_json` wrote."""
    data = json.loads(text)
    return infeasible_of(data) if "infeasible" in data else Report(data)
