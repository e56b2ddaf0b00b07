# SPDX-License-Identifier: Apache-2.0
"""One run: a network on a machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import _core
from ._input import Source, library, settings_of, split
from .results import Infeasible, Report, outcome_of


def simulate(
    run: Source,
    settings: Mapping[str, Any] | None = None,
    *,
    fidelity: str | None = None,
    seed: int | None = None,
) -> Report | Infeasible:
    """Maps and simulates a run file, or a dict that says what one would.

    `settings` changes values by their paths, as `--set` does: {"architecture.array.rows": 64}.
    `fidelity`: analytic, tile or pe. Other threads of Python go on meanwhile; Ctrl-C stops `tile`.
    Raises InputError with every mistake. A design that cannot be built is `Infeasible`, an answer.
    """
    path, text = split(run)
    changes = settings_of(settings)
    if fidelity is not None:
        changes.append(("simulation.fidelity", fidelity))
    if seed is not None:
        changes.append(("simulation.seed", str(seed)))
    return outcome_of(_core.simulate(path, text, changes, library()))
