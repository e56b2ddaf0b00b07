# SPDX-License-Identifier: Apache-2.0
"""Sweeps: what may vary and what is wanted; and studies: what was tried."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _core
from ._extras import extra
from ._input import Source, library, settings_of, split
from .spaces import Parameter, Space

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

METRICS: tuple[str, ...] = tuple(name for name, _, _ in _core.metrics())
UNITS: dict[str, str] = {name: unit for name, unit, _ in _core.metrics()}


@dataclass(frozen=True)
class Trials:
    """Designs and what came of them, in the order of the rows of `designs`. `metrics` has a column
    for each of METRICS; NaN where nothing was simulated or has no price."""

    space: Space
    objectives: tuple[tuple[str, bool], ...]
    designs: NDArray[np.int64]
    metrics: NDArray[np.float64]
    status: tuple[str, ...]
    reason: tuple[str, ...]
    bottleneck: tuple[str, ...]
    stalls: tuple[dict[str, int], ...]

    def __len__(self) -> int:
        return len(self.status)

    def arrays(self) -> dict[str, Any]:
        """As the core takes them."""
        return {
            "designs": self.designs,
            "metrics": self.metrics,
            "status": list(self.status),
            "reason": list(self.reason),
            "bottleneck": list(self.bottleneck),
            "stalls": list(self.stalls),
        }

    def metric(self, name: str) -> NDArray[np.float64]:
        if name not in METRICS:
            raise ValueError(f"there is no metric {name!r}; known: {', '.join(METRICS)}")
        return self.metrics[:, METRICS.index(name)]

    def costs(self) -> NDArray[np.float64]:
        """A column an objective, to be made small: negated where it is maximised; infinite where a
        design is not ok."""
        columns = [self.metric(name) * (-1 if up else 1) for name, up in self.objectives]
        costs = np.stack(columns, axis=1)
        costs[np.array(self.status) != "ok"] = np.inf
        return costs

    def front(self) -> NDArray[np.int64]:
        """Indices of the designs that no other dominates."""
        costs = self.costs()
        rows = np.flatnonzero(np.isfinite(costs).all(axis=1))
        order = rows[np.lexsort(costs[rows].T[::-1])]
        front: list[int] = []
        for row in order:
            no_worse = (costs[front] <= costs[row]).all(axis=1)
            if not no_worse.any():
                front.append(int(row))
        return np.array(front, dtype=np.int64)

    def best(self) -> int | None:
        """The index of the best design by the first objective, or None when none is ok."""
        costs = self.costs()[:, 0] if len(self) else np.array([])
        return int(np.argmin(costs)) if np.isfinite(costs).any() else None

    def frame(self) -> pd.DataFrame:
        """A row a design: its parameters, metrics, status, reason, bottleneck."""
        pd = extra("pandas", "pandas")
        names = self.space.names
        designs = [{n: d.get(n) for n in names} for d in self.space.decode(self.designs)]
        frame = pd.DataFrame(designs, columns=names)
        frame["status"] = list(self.status)
        for index, name in enumerate(METRICS):
            frame[name] = self.metrics[:, index]
        frame["bottleneck"] = list(self.bottleneck)
        frame["reason"] = list(self.reason)
        return frame


@dataclass(frozen=True)
class Confirmed:
    """Closer looks at the best designs of a study: row `i` of `trials` is what the trial with
    `numbers[i]` gave at `fidelities[i]`."""

    numbers: NDArray[np.int64]
    fidelities: tuple[str, ...]
    trials: Trials

    def __len__(self) -> int:
        return len(self.fidelities)

    def frame(self) -> pd.DataFrame:
        """As Trials.frame(), by the number of the trial, with a column `fidelity`."""
        frame = self.trials.frame()
        frame.insert(0, "fidelity", list(self.fidelities))
        frame.index = list(self.numbers)
        frame.index.name = "trial"
        return frame


class Sweep:
    """An experiment, what may vary in it, and what is wanted: a sweep file, or a dict of it."""

    def __init__(
        self,
        sweep: Source,
        settings: Mapping[str, Any] | None = None,
        *,
        text: str | None = None,
    ) -> None:
        """`text`: the YAML itself, when it is in no file; `sweep` then names it in messages."""
        path, written = split(sweep)
        core = _core.open_sweep(path, text or written, settings_of(settings), library())
        self.core = core
        self.space = Space(
            tuple(
                Parameter(**{k: tuple(v) if isinstance(v, list) else v for k, v in p.items()})
                for p in core.parameters()
            ),
            tuple(core.constraints()),
        )
        self.objectives: tuple[tuple[str, bool], ...] = tuple(core.objectives())

    def __reduce__(self) -> tuple[Any, ...]:
        return _sweep_of, (self.text,)

    @property
    def name(self) -> str:
        return self.core.name()

    @property
    def fidelity(self) -> str:
        return self.core.fidelity()

    @property
    def search(self) -> dict[str, Any]:
        """How the sweep is searched: searcher, budget, batch, seed."""
        return self.core.search()

    @property
    def text(self) -> str:
        """The sweep as YAML, includes resolved and settings made."""
        return self.core.text()

    def evaluate(self, designs: NDArray[np.integer] | Sequence[Mapping[str, Any]]) -> Trials:
        """Evaluates designs: rows of indices, or dicts of values. Those that were evaluated before
        are not evaluated again; `analytic` runs on all cores."""
        rows = designs if isinstance(designs, np.ndarray) else self.space.encode(list(designs))
        matrix = np.ascontiguousarray(np.atleast_2d(rows), dtype=np.int64)
        return self._trials(self.core.evaluate(matrix))

    def draw(self, count: int, seed: int = 1) -> NDArray[np.int64]:
        """Random designs that keep the constraints over parameters."""
        return self.core.draw(count, seed)

    def exists(self, parameter: str, design: Mapping[str, Any]) -> bool:
        """Whether the condition of a parameter holds; parameters that `design` does not name have
        their usual values."""
        index = self.space.names.index(parameter)
        given = {name: value for name, value in design.items() if name != parameter}
        return bool(self.core.canonical(self.space.encode([given]))[0, index] >= 0)

    def settings(self, design: NDArray[np.integer] | Mapping[str, Any]) -> dict[str, str]:
        """What a design sets in the experiment, as `simulate` takes it."""
        rows = design if isinstance(design, np.ndarray) else self.space.encode([design])
        return dict(self.core.settings(np.atleast_2d(np.asarray(rows, dtype=np.int64)))[0])

    def _trials(self, answer: dict[str, Any]) -> Trials:
        return Trials(
            self.space,
            self.objectives,
            answer["designs"],
            answer["metrics"],
            tuple(answer["status"]),
            tuple(answer["reason"]),
            tuple(answer["bottleneck"]),
            tuple(answer["stalls"]),
        )


def _sweep_of(text: str) -> Sweep:
    """What was pickled."""
    return Sweep("sweep", text=text)


class Searcher:
    """One of the searchers of `sluice list searchers`, asked for designs and told what came of them
    by whoever evaluates them. All that it does follows from its seed and these calls."""

    def __init__(
        self,
        sweep: Sweep,
        name: str = "random",
        budget: int = 1000,
        seed: int = 1,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self.sweep = sweep
        self.core = _core.make_searcher(sweep.core, name, budget, seed, settings_of(settings))

    def ask(self, count: int = 1) -> NDArray[np.int64]:
        """At most `count` designs; fewer or none when there is nothing more to try."""
        return self.core.ask(count)

    def tell(self, trials: Trials) -> None:
        """The trials of one ask."""
        self.core.tell(trials.arrays())


def searchers() -> dict[str, str]:
    """The searchers by name, and what each is in a line."""
    return dict(_core.searchers())


class _Arrays:
    """What a function gives that waits for trials, as arrays."""

    def __init__(self, wait: Callable[[], Trials]) -> None:
        self._wait = wait
        if ready := getattr(wait, "ready", None):
            self.ready = ready

    def __call__(self) -> dict[str, Any]:
        return self._wait().arrays()


class Study:
    """The trials of a sweep in a file. What is reported as done is done, whatever happens next."""

    def __init__(self, store: str | os.PathLike[str], sweep: Sweep | None = None) -> None:
        """With a sweep, `run` begins the study or goes on with it; without, it is read only."""
        self.store = os.fspath(store)
        self._sweep = sweep

    @property
    def sweep(self) -> Sweep:
        """The sweep that the study is of, as it was stored unless it was given."""
        if self._sweep is None:
            self._sweep = Sweep(self.store, text=self.info["sweep_text"])
        return self._sweep

    @property
    def info(self) -> dict[str, Any]:
        return _core.read_study(self.store)

    def run(
        self,
        on_batch: Callable[[int], bool] | None = None,
        evaluate: Callable[[NDArray[np.int64]], Trials | Callable[[], Trials]] | None = None,
        ahead: int | None = None,
    ) -> Trials:
        """Asks, evaluates and stores until the budget is spent; goes on where an earlier run ended.
        `on_batch` is given the number of trials after every batch, once they are on the disk; False
        ends the run there, and what was written meanwhile stays in the study.
        `evaluate` gives the trials of designs, when it is not this process that evaluates them, or
        begins that and gives a function that waits for them: `ahead` batches, in place of
        search.ahead, are begun before the oldest is waited for. Where that function has a function
        `ready`, batches of which it says True are written to the disk together.
        Where the sweep has `confirm:`, the best designs are looked at again at the end."""

        def elsewhere(designs: NDArray[np.int64]) -> Any:
            assert evaluate is not None
            answer = evaluate(designs)
            return answer.arrays() if isinstance(answer, Trials) else _Arrays(answer)

        given = elsewhere if evaluate else None
        answer = self.sweep.core.run(self.store, on_batch, given, ahead)
        return self.sweep._trials(answer)

    def trials(self) -> Trials:
        return self.sweep._trials(self.sweep.core.trials(self.store))

    def confirmed(self) -> Confirmed:
        """What the closer looks of `confirm:` gave; empty where there were none."""
        answer = self.sweep.core.confirmed(self.store)
        return Confirmed(answer["number"], tuple(answer["fidelity"]), self.sweep._trials(answer))
