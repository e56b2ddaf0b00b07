# SPDX-License-Identifier: Apache-2.0
"""What a user does wrong, and the exact text that says so."""

import json
import subprocess
import sys

import gymnasium
import numpy as np
import pytest
import sluice
from sluice.gym import DesignEnv, DesignVectorEnv
from sluice.studies import METRICS


def text_of(error, call, *words, **options) -> str:
    with pytest.raises(error) as caught:
        call(*words, **options)
    return str(caught.value)


def test_an_action_outside_the_space(small_sweep):
    env = DesignEnv(small_sweep)
    env.reset(seed=1)
    expected = "action: error: entry 2 is 3, it must be from 0 to 2"
    assert text_of(sluice.InputError, env.step, [0, 0, 3, 0]) == expected
    envs = DesignVectorEnv(small_sweep, 2)
    envs.reset(seed=1)
    action = np.array([[0, 0, 0, 0], [0, 0, 0, -1]])
    expected = "action: error: entry 3 is -1, it must be from 0 to 1"
    assert text_of(sluice.InputError, envs.step, action) == expected
    expected = "action: error: 4 numbers for 2 episodes of 4 each"
    assert text_of(sluice.InputError, envs.step, [0, 0, 0, 0]) == expected
    env = DesignEnv(small_sweep, action_format="dict")
    env.reset(seed=1)
    entries = "; the entries are rows, columns, dataflow, double_buffered"
    expected = "action: there is no entry 'colums'" + entries
    action = {"rows": 0, "columns": 0, "colums": 0, "dataflow": 0, "double_buffered": 0}
    assert text_of(ValueError, env.step, action) == expected
    expected = "action: the entry 'columns' is missing" + entries
    assert text_of(ValueError, env.step, {"rows": 0}) == expected


def test_an_action_that_is_none(small_sweep):
    entries = "; the entries are rows, columns, dataflow, double_buffered"
    env = DesignEnv(small_sweep)
    env.reset(seed=1)
    expected = "action: 3 numbers are no action of 4" + entries
    assert text_of(ValueError, env.step, [0, 0, 0]) == expected
    expected = "action: 0.5 is no whole number" + entries
    assert text_of(ValueError, env.step, [0, 0.5, 0, 0]) == expected
    env = DesignEnv(small_sweep, action_format="box")
    env.reset(seed=1)
    expected = "action: nan is no number" + entries
    assert text_of(ValueError, env.step, [0, 0, float("nan"), 0]) == expected


def test_a_wrong_id():
    text = text_of(gymnasium.error.NameNotFound, gymnasium.make, "sluice/TpuEgde-v0")
    assert text == (
        "Environment `TpuEgde` doesn't exist in namespace sluice. Did you mean: `TpuEdge`?"
    )


@pytest.mark.parametrize(
    ("module", "package", "name"),
    [
        ("gym", "gymnasium", "gym"),
        ("multi_agent", "pettingzoo", "marl"),
        ("rl", "stable_baselines3", "rl"),
        ("optuna", "optuna", "optuna"),
        ("tune", "ray", "tune"),
    ],
)
def test_a_missing_extra(module, package, name):
    code = f"import sys; sys.modules[{package!r}] = None; import sluice.{module}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.endswith(
        f"ModuleNotFoundError: {package} is not installed\nhint: pip install 'sluice[{name}]'\n"
    )


def test_a_frame_without_pandas(small_sweep, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    sweep = sluice.Sweep(small_sweep)
    text = text_of(ModuleNotFoundError, sweep.evaluate(sweep.draw(1)).frame)
    assert text == "pandas is not installed\nhint: pip install 'sluice[pandas]'"


def test_ray_that_is_not_installed(monkeypatch):
    from sluice.cluster import ray_tasks

    monkeypatch.setitem(sys.modules, "ray", None)
    text = text_of(ModuleNotFoundError, ray_tasks.connect, None)
    assert text == "ray is not installed\nhint: pip install 'sluice[ray]'"


def test_an_address_where_no_ray_answers():
    pytest.importorskip("ray", reason="pip install 'sluice[ray]'")
    from sluice.cluster import ClusterError, ray_tasks

    assert text_of(ClusterError, ray_tasks.connect, "127.0.0.1:1") == (
        "no Ray cluster answers at 127.0.0.1:1: [Errno 111] Connection refused\n"
        "hint: `ray start --head` begins one"
    )


@pytest.mark.parametrize("address", ["head", ":6379", "head:port", ""])
def test_an_address_that_is_none(address):
    pytest.importorskip("ray", reason="pip install 'sluice[ray]'")
    from sluice.cluster import ClusterError, ray_tasks

    assert text_of(ClusterError, ray_tasks.connect, address) == (
        f"{address!r} is no address of a Ray cluster\nhint: write HOST:PORT as `ray start` prints "
        "it, such as 10.0.0.5:6379, or auto"
    )


HELP = "\nhint: `sluice sweep --executor ray --help` lists the options"


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("ray --array 3", "--array is for --executor slurm" + HELP),
        ("ray --merge", "--merge is for --executor slurm" + HELP),
        ("slurm --address auto", "--address is for --executor ray" + HELP),
        ("slurm --array 0", "--array is 0, at least 1 is expected"),
        ("ray --set rows", "--set: 'rows' sets no value\nhint: write it like rows=32"),
    ],
)
def test_words_that_do_not_go_together(words, text, capsys):
    from sluice.command import sweep_elsewhere

    assert sweep_elsewhere(["s.yaml", "--executor", *words.split()]) == 2
    assert capsys.readouterr().err == f"sluice sweep: error: {text}\n"


def test_a_study_that_another_process_writes(small_sweep, tmp_path):
    store = tmp_path / "s.sqlite"
    study = sluice.Study(store, sluice.Sweep(small_sweep))
    code = f"""import json, sluice
sluice.Study({str(store)!r}, sluice.Sweep(json.load(open(0)))).run()
"""
    texts = []

    def on_batch(done: int) -> bool:
        words = [sys.executable, "-c", code]
        other = subprocess.run(
            words, input=json.dumps(small_sweep), capture_output=True, text=True, check=False
        )
        texts.append(other.stderr.splitlines()[-1])
        return False

    study.run(on_batch)
    assert texts == [f"sluice.StudyError: {store}: another process is writing to it"]


def test_answers_of_a_wrong_length(small_sweep, tmp_path):
    sweep = sluice.Sweep(small_sweep)
    study = sluice.Study(tmp_path / "s.sqlite", sweep)
    text = text_of(sluice.InputError, study.run, evaluate=lambda rows: sweep.evaluate(rows[1:]))
    assert text == "evaluate: error: 7 results for 8 designs"


def test_metrics_that_are_no_numbers(small_sweep, tmp_path):
    """A design that a user's function gives no number for is kept, with the reason, and is not the
    best; the study and the searcher go on."""
    sweep = sluice.Sweep(small_sweep)
    cycles, energy = METRICS.index("cycles"), METRICS.index("energy_j")

    def evaluate(rows):
        trials = sweep.evaluate(rows)
        trials.metrics[0, energy] = np.nan
        trials.metrics[1, cycles] = -np.inf
        trials.metrics[2] = np.nan
        return trials

    study = sluice.Study(tmp_path / "s.sqlite", sweep)
    study.run(evaluate=evaluate)
    trials = study.trials()
    assert len(trials.status) == 40
    assert trials.status[:4] == ("invalid", "invalid", "invalid", "ok")
    assert trials.reason[:4] == (
        "energy_j is not a number",
        "cycles is infinite",
        "no metric is a number",
        "",
    )
    for name in sluice.searchers():
        searcher = sluice.Searcher(sweep, name)
        for _ in range(3):
            searcher.tell(evaluate(searcher.ask(8)))
        assert len(searcher.ask(8)) == 8
