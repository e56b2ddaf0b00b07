# SPDX-License-Identifier: Apache-2.0
"""How a network or a cascade is mapped, what that costs, and why."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from . import _core
from ._extras import extra
from ._input import Source, library, settings_of, split
from .results import Infeasible, infeasible_of

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Mapped:
    """A mapping and its cost. `data` is what `sluice map --json` writes (docs/map_files.md);
    `search`, where a map file was searched, says how well: `optimal`, `bound` (no mapping is below
    it), `evaluations`, and of all mappings `found` the cycles and energy."""

    data: dict[str, Any] = field(repr=False)
    search: dict[str, Any] | None = field(default=None, repr=False)
    feasible: bool = field(default=True, init=False)

    @property
    def cycles(self) -> int:
        return self.data["cycles"]

    @property
    def energy_pj(self) -> float:
        return self.data["energy_pj"]

    @property
    def utilization(self) -> float:
        return self.data["utilization"]

    @property
    def text(self) -> str:
        """The mapping as loops: that of a map file, or of each task of a run."""
        if "mapping" in self.data:
            return self.data["mapping"]
        tasks = [task for layer in self.data["layers"] for task in layer.get("tasks", [])]
        return "\n".join(f"{task['name']}: {task['tiling']}\n{task['loop_nest']}" for task in tasks)

    @property
    def counts(self) -> pd.DataFrame:
        """Of a map file a row an Einsum, level and tensor: tile, instances, reads, fills, updates,
        energy_pj. Of a run a row a layer, memory and tensor: bytes read and written."""
        pd = extra("pandas", "pandas")
        rows = []
        for einsum in self.data.get("einsums", []):
            rows += [{"einsum": einsum["name"], **access} for access in einsum["accesses"]]
        for layer in self.data.get("layers", []):
            first = {"layer": layer["names"][0], "layers": len(layer["names"])}
            rows += [{**first, **traffic} for traffic in layer["traffic"]]
        return pd.DataFrame(rows)


def map(  # noqa: A001 - the command's name for it
    file: Source,
    settings: Mapping[str, Any] | None = None,
    *,
    mapper: str | None = None,
    objective: Literal["cycles", "energy", "edp", "pareto"] | None = None,
    fuse: Literal["none", "whole", "tiles"] | None = None,
    cache: str | os.PathLike[str] | None = None,
    exhaustive: bool | None = None,
    threads: int | None = None,
    seconds: float | None = None,
) -> Mapped | Infeasible:
    """Maps a map file or the network of a run file, as `sluice map` does.

    A map file without a mapping is searched: for the least `edp`, unless another `objective` is
    named, for at most `seconds`; `fuse` and `cache` are those of the command. The mapper of a run
    is that of the file unless one is named. Raises InputError with every mistake.
    """
    options = _core.MapOptions()
    options.mapper = mapper
    options.objective = objective
    options.fuse = fuse
    options.cache = None if cache is None else os.fspath(cache)
    options.exhaustive = exhaustive
    options.threads = threads
    options.seconds = seconds
    path, written = split(file)
    text, search = _core.map(path, written, settings_of(settings), library(), options)
    if text is None:
        why = "fits" if search["optimal"] else "was found before the search ended"
        where = "of the map space " if search["optimal"] else ""
        return Infeasible(f"no mapping {where}{why}")
    data = json.loads(text)
    return infeasible_of(data) if "infeasible" in data else Mapped(data, search)
