# SPDX-License-Identifier: Apache-2.0
"""Sweeps and searchers for Optuna (`pip install 'sluice[optuna]'`).

    sweep = sluice.Sweep("configs/sweep/tpu_edge.yaml")
    sampler = SearcherSampler(sweep, "nsga2")
    study = optuna.create_study(directions=directions(sweep), sampler=sampler)
    study.optimize(Objective(sweep), n_trials=100)

A parameter is an Int or Float distribution where its values are evenly spaced numbers, and a
categorical one otherwise; its values are those of Space.decode(). One that does not exist in a
design is not suggested.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ._extras import extra
from .spaces import Parameter
from .studies import METRICS, Searcher, Sweep, Trials

if TYPE_CHECKING:
    import optuna
else:
    optuna = extra("optuna", "optuna")

STATUS, REASON, METRIC_VALUES, BOTTLENECK, STALLS = (
    f"sluice.{name}" for name in ("status", "reason", "metrics", "bottleneck", "stalls")
)
"""Attributes of the user that trials carry, so that nothing is lost on the way back."""


def directions(sweep: Sweep) -> list[str]:
    return ["maximize" if maximize else "minimize" for _, maximize in sweep.objectives]


def distribution_of(parameter: Parameter) -> optuna.distributions.BaseDistribution:
    values = [parameter.value(i) for i in range(len(parameter.values))]
    if parameter.is_number and parameter.is_ordered and len(values) > 1:
        steps = np.diff(values)
        if np.all(steps == steps[0]) and steps[0] > 0:
            whole = all(isinstance(value, int) for value in values)
            kind = optuna.distributions
            make = kind.IntDistribution if whole else kind.FloatDistribution
            return make(values[0], values[-1], step=values[1] - values[0])
    return optuna.distributions.CategoricalDistribution(values)


def distributions(sweep: Sweep) -> dict[str, optuna.distributions.BaseDistribution]:
    """Of all parameters, by name."""
    return {p.name: distribution_of(p) for p in sweep.space.parameters}


def suggest(trial: optuna.Trial, sweep: Sweep) -> dict[str, Any]:
    """A design of the trial's choice, as Sweep.evaluate() takes it."""
    design: dict[str, Any] = {}
    for parameter in sweep.space.parameters:
        if parameter.when and not sweep.exists(parameter.name, design):
            continue
        kind = distribution_of(parameter)
        if isinstance(kind, optuna.distributions.CategoricalDistribution):
            value = trial.suggest_categorical(parameter.name, kind.choices)
        elif isinstance(kind, optuna.distributions.IntDistribution):
            value = trial.suggest_int(parameter.name, kind.low, kind.high, step=kind.step)
        else:
            value = trial.suggest_float(parameter.name, kind.low, kind.high, step=kind.step)
        design[parameter.name] = value
    return design


class Objective:
    """Evaluates what a trial suggests. A design that is not ok is pruned; its attributes say
    why."""

    def __init__(self, sweep: Sweep) -> None:
        self.sweep = sweep

    def __call__(self, trial: optuna.Trial) -> tuple[float, ...]:
        trials = self.sweep.evaluate([suggest(trial, self.sweep)])
        for name, value in _attributes(trials, 0).items():
            trial.set_user_attr(name, value)
        if trials.status[0] != "ok":
            raise optuna.TrialPruned(trials.reason[0])
        return _values(trials, 0)


class SearcherSampler(optuna.samplers.BaseSampler):
    """A searcher of sluice as the sampler of a study over the parameters of a sweep; the objective
    may be any function of them. `budget`: as many trials as there will be."""

    def __init__(
        self, sweep: Sweep, searcher: str = "random", budget: int = 1000, seed: int = 1
    ) -> None:
        self.sweep = sweep
        self._searcher = Searcher(sweep, searcher, budget, seed)
        self._rows: dict[int, np.ndarray] = {}
        self._independent = optuna.samplers.RandomSampler(seed)

    def infer_relative_search_space(
        self, study: optuna.Study, trial: optuna.trial.FrozenTrial
    ) -> dict[str, optuna.distributions.BaseDistribution]:
        return distributions(self.sweep)

    def sample_relative(
        self,
        study: optuna.Study,
        trial: optuna.trial.FrozenTrial,
        search_space: dict[str, optuna.distributions.BaseDistribution],
    ) -> dict[str, Any]:
        rows = self._searcher.ask(1)
        if len(rows) == 0:  # the space is exhausted
            study.stop()
            rows = self.sweep.draw(1, trial.number)
        self._rows[trial.number] = rows
        return self.sweep.space.decode(rows)[0]

    def sample_independent(
        self,
        study: optuna.Study,
        trial: optuna.trial.FrozenTrial,
        param_name: str,
        param_distribution: optuna.distributions.BaseDistribution,
    ) -> Any:
        """Of parameters that the sweep does not have, or that do not exist in the design."""
        return self._independent.sample_independent(study, trial, param_name, param_distribution)

    def after_trial(
        self,
        study: optuna.Study,
        trial: optuna.trial.FrozenTrial,
        state: optuna.trial.TrialState,
        values: Sequence[float] | None,
    ) -> None:
        rows = self._rows.pop(trial.number, None)
        if rows is None:
            return
        ok = state == optuna.trial.TrialState.COMPLETE and values is not None
        self._searcher.tell(_trials(self.sweep, rows, [_answer(self.sweep, trial, values, ok)]))


def export_study(trials: Trials, sweep: Sweep, study: optuna.Study | None = None) -> optuna.Study:
    """Adds trials, such as those of sluice.Study.trials(), to a study of Optuna, or a new one."""
    target = study or optuna.create_study(
        directions=directions(sweep), study_name=sweep.name or None
    )
    known = distributions(sweep)
    states = optuna.trial.TrialState
    for row, design in enumerate(sweep.space.decode(trials.designs)):
        ok = trials.status[row] == "ok"
        target.add_trial(
            optuna.trial.create_trial(
                state=states.COMPLETE if ok else states.PRUNED,
                params=design,
                distributions={name: known[name] for name in design},
                values=_values(trials, row) if ok else None,
                user_attrs=_attributes(trials, row),
            )
        )
    return target


def import_study(study: optuna.Study, sweep: Sweep) -> Trials:
    """The finished trials of a study whose parameters are those of the sweep: what Objective or
    export_study left with them, else the values of the objectives alone. A trial that was pruned
    is `infeasible`, one that failed `crashed`."""
    finished = [trial for trial in study.trials if trial.state.is_finished()]
    states = optuna.trial.TrialState
    rows, answers = [], []
    for trial in finished:
        rows.append(sweep.space.encode([trial.params])[0])
        ok = trial.state == states.COMPLETE
        answers.append(_answer(sweep, trial, trial.values, ok))
    width = len(sweep.space.parameters)
    return _trials(sweep, np.array(rows, dtype=np.int64).reshape(-1, width), answers)


def _values(trials: Trials, row: int) -> tuple[float, ...]:
    return tuple(float(trials.metric(name)[row]) for name, _ in trials.objectives)


def _attributes(trials: Trials, row: int) -> dict[str, Any]:
    values = dict(zip(METRICS, trials.metrics[row].tolist(), strict=True))
    return {
        STATUS: trials.status[row],
        REASON: trials.reason[row],
        METRIC_VALUES: {name: value for name, value in values.items() if not np.isnan(value)},
        BOTTLENECK: trials.bottleneck[row],
        STALLS: trials.stalls[row],
    }


def _answer(
    sweep: Sweep, trial: optuna.trial.FrozenTrial, values: Sequence[float] | None, ok: bool
) -> dict[str, Any]:
    """What is known of a trial: its metrics, status and the rest."""
    metrics = dict(trial.user_attrs.get(METRIC_VALUES, {}))
    if ok and values is not None:
        metrics |= {name: v for (name, _), v in zip(sweep.objectives, values, strict=True)}
    failed = trial.state == optuna.trial.TrialState.FAIL
    lost = "crashed" if failed else "infeasible"
    return {
        "metrics": [metrics.get(name, np.nan) for name in METRICS],
        "status": "ok" if ok else trial.user_attrs.get(STATUS, lost),
        "reason": trial.user_attrs.get(REASON, ""),
        "bottleneck": trial.user_attrs.get(BOTTLENECK, ""),
        "stalls": trial.user_attrs.get(STALLS, {}),
    }


def _trials(sweep: Sweep, designs: np.ndarray, answers: list[dict[str, Any]]) -> Trials:
    metrics = np.array([answer["metrics"] for answer in answers], dtype=np.float64)
    status, reason, bottleneck, stalls = (
        tuple(answer[name] for answer in answers)
        for name in ("status", "reason", "bottleneck", "stalls")
    )
    return Trials(
        sweep.space, sweep.objectives, designs, metrics.reshape(len(answers), len(METRICS)), status,
        reason, bottleneck, stalls,
    )  # fmt: skip
