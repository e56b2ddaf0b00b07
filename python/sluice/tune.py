# SPDX-License-Identifier: Apache-2.0
"""Searchers of sluice for Ray Tune (`pip install 'sluice[tune]'`). A trial of Tune is an actor: it
is built for designs that take seconds; `sluice sweep --executor ray` is for millions of fast ones.

    search = DesignSearch(sweep, "nsga2", budget=100)
    config = tune.TuneConfig(search_alg=search, num_samples=100)
    tune.Tuner(evaluate(sweep), tune_config=config).fit()
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ._extras import extra
from .studies import METRICS, Searcher, Sweep, Trials

if TYPE_CHECKING:
    from ray.tune import search
else:
    search = extra("ray.tune", "tune").search


def evaluate(sweep: Sweep) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """A trainable: what comes of a design, given as values by names. Metrics that it has none of
    are no numbers (Tune wants every one); `status` and `reason` say why."""
    text = sweep.text

    def trainable(design: Mapping[str, Any]) -> dict[str, Any]:
        trials = Sweep("sweep", {"search.workers": 1}, text=text).evaluate([design])
        values = zip(METRICS, trials.metrics[0].tolist(), strict=True)
        return dict(values) | {"status": trials.status[0], "reason": trials.reason[0]}

    return trainable


class DesignSearch(search.Searcher):
    """A searcher of `sluice list searchers` that suggests the designs of a sweep. `budget`: as many
    as there will be."""

    def __init__(
        self, sweep: Sweep, searcher: str = "random", budget: int = 1000, seed: int = 1
    ) -> None:
        objectives = [name for name, _ in sweep.objectives]
        modes = ["max" if maximize else "min" for _, maximize in sweep.objectives]
        super().__init__(metric=objectives, mode=modes)
        self.sweep = sweep
        self._made = (searcher, budget, seed)
        self._searcher = Searcher(sweep, *self._made)
        self._history: list[Trials | None] = []  # what was told, and None for each that was asked
        self._asked: dict[str, np.ndarray] = {}

    def set_search_properties(
        self, metric: str | None, mode: str | None, config: dict[str, Any], **spec: Any
    ) -> bool:
        """The space and objectives are those of the sweep."""
        return not config

    def suggest(self, trial_id: str) -> dict[str, Any] | str | None:
        rows = self._searcher.ask(1)
        self._history.append(None)
        if len(rows) == 0:
            return search.Searcher.FINISHED
        self._asked[trial_id] = rows
        return self.sweep.space.decode(rows)[0]

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        rows = self._asked.pop(trial_id, None)
        if rows is None:
            return
        answer = result or {}
        status = "crashed" if error or not answer else answer.get("status", "ok")
        metrics = np.array([[answer.get(name, np.nan) for name in METRICS]], dtype=np.float64)
        trials = Trials(
            self.sweep.space, self.sweep.objectives, rows, metrics, (status,),
            (answer.get("reason", ""),), ("",), ({},),
        )  # fmt: skip
        self._searcher.tell(trials)
        self._history.append(trials)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_searcher"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """A searcher follows from its seed and what it was asked and told."""
        self.__dict__.update(state)
        self._searcher = Searcher(self.sweep, *self._made)
        for told in self._history:
            if told is None:
                self._searcher.ask(1)
            else:
                self._searcher.tell(told)

    def save(self, checkpoint_path: str) -> None:
        Path(checkpoint_path).write_bytes(pickle.dumps(self.__getstate__()))

    def restore(self, checkpoint_path: str) -> None:
        self.__setstate__(pickle.loads(Path(checkpoint_path).read_bytes()))
