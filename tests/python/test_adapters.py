# SPDX-License-Identifier: Apache-2.0
"""Other people's tools on our sweeps. What is not installed is skipped, with the extra that
has it."""

import numpy as np
import pytest
import sluice


def needs(module: str, name: str):
    return pytest.importorskip(module, reason=f"pip install 'sluice[{name}]'")


@pytest.fixture
def sweep(small_sweep) -> sluice.Sweep:
    return sluice.Sweep(small_sweep)


@pytest.fixture
def optuna():
    module = needs("optuna", "optuna")
    module.logging.set_verbosity(module.logging.WARNING)
    return module


@pytest.mark.parametrize("searcher", ["random", "nsga2", "tpe"])
def test_optuna_asks_our_searchers(optuna, sweep, searcher):
    from sluice.optuna import Objective, SearcherSampler, directions, import_study

    sampler = SearcherSampler(sweep, searcher, budget=24, seed=3)
    study = optuna.create_study(directions=directions(sweep), sampler=sampler)
    study.optimize(Objective(sweep), n_trials=24)
    ours = sluice.Searcher(sweep, searcher, budget=24, seed=3)
    for row in import_study(study, sweep).designs:
        asked = ours.ask(1)
        assert (sweep.evaluate(row[None]).designs == asked).all()
        ours.tell(sweep.evaluate(asked))


def test_optuna_searches_by_itself(optuna, sweep):
    from sluice.optuna import Objective, directions, import_study

    sampler = optuna.samplers.TPESampler(seed=1)
    study = optuna.create_study(directions=directions(sweep), sampler=sampler)
    study.optimize(Objective(sweep), n_trials=20)
    states = [trial.state.name for trial in study.trials]
    trials = import_study(study, sweep)
    assert [s == "COMPLETE" for s in states] == [s == "ok" for s in trials.status]
    again = sweep.evaluate(trials.designs)
    assert again.status == trials.status and again.reason == trials.reason
    assert np.array_equal(again.metrics, trials.metrics, equal_nan=True)
    without = [t for t in study.trials if t.params["dataflow"] == "os"]
    assert without and all("double_buffered" not in trial.params for trial in without)


def test_a_study_goes_to_optuna_and_back(optuna, sweep, tmp_path):
    from sluice.optuna import export_study, import_study

    trials = sluice.Study(tmp_path / "s.sqlite", sweep).run()
    study = export_study(trials, sweep)
    assert len(study.trials) == len(trials)
    front = {trial.number for trial in study.best_trials}
    assert set(trials.front()) <= front
    back = import_study(study, sweep)
    assert (sweep.evaluate(back.designs).designs == trials.designs).all()
    assert np.array_equal(back.metrics, trials.metrics, equal_nan=True)
    assert (back.status, back.reason) == (trials.status, trials.reason)
    assert (back.bottleneck, back.stalls) == (trials.bottleneck, trials.stalls)
    assert any(trials.stalls)


def test_tune_asks_our_searchers_and_goes_on(sweep, tmp_path):
    needs("ray.tune", "tune")
    from sluice.tune import DesignSearch, evaluate

    search = DesignSearch(sweep, "nsga2", budget=20, seed=3)
    ours = sluice.Searcher(sweep, "nsga2", budget=20, seed=3)
    trainable = evaluate(sweep)
    for number in range(20):
        design = search.suggest(str(number))
        asked = ours.ask(1)
        assert design == sweep.space.decode(asked)[0]
        search.on_trial_complete(str(number), trainable(design))
        ours.tell(sweep.evaluate(asked))
        if number == 9:
            search.save(tmp_path / "search")
            search = DesignSearch(sweep, "random")
            search.restore(tmp_path / "search")


def test_trials_become_a_data_set(sweep, tmp_path, monkeypatch):
    minari = needs("minari", "minari")
    needs("gymnasium", "gym")
    from sluice.gym import DesignEnv
    from sluice.offline import export_minari

    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    trials = sweep.evaluate(sweep.draw(6, seed=4))
    export_minari(trials, sweep, "sluice/small/random-v0", author="sluice", algorithm_name="random")
    episodes = list(minari.load_dataset("sluice/small/random-v0"))
    assert len(episodes) == 6
    env = minari.load_dataset("sluice/small/random-v0").recover_environment()
    assert isinstance(env.unwrapped, DesignEnv) and env.spec.id == "sluice/Design-v0"
    assert env.unwrapped.core.sweep.text == sweep.text
    for episode in episodes:
        first, _ = env.reset(seed=0)
        last, reward, terminated, _, _ = env.step(episode.actions[0])
        assert np.array_equal(episode.observations, [first, last])
        assert episode.rewards.tolist() == [reward] and episode.terminations.tolist() == [
            terminated
        ]


def test_a_data_set_of_a_shipped_space_names_its_environment(root, tmp_path, monkeypatch):
    minari = needs("minari", "minari")
    needs("gymnasium", "gym")
    from sluice.offline import export_minari

    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    edge = sluice.Sweep(root / "configs/sweep/tpu_edge.yaml")
    trials = edge.evaluate(edge.draw(2, seed=4))
    export_minari(trials, edge, "sluice/tpu_edge/random-v0", reward_limit=3.0)
    data = minari.load_dataset("sluice/tpu_edge/random-v0")
    assert data.env_spec.id == "sluice/TpuEdge-v0"
    env = data.recover_environment()
    env.reset(seed=1)
    episode = next(iter(data))
    last, reward, *_ = env.step(episode.actions[0])
    assert (np.array_equal(last, episode.observations[1]), reward) == (True, episode.rewards[0])


def test_the_native_environment_trains(sweep):
    needs("stable_baselines3", "rl")
    contrib = needs("sb3_contrib", "rl")
    from sluice.rl import DesignVecEnv

    envs = DesignVecEnv(sweep, 8, mode="sequence")
    model = contrib.MaskablePPO("MlpPolicy", envs, n_steps=8, batch_size=64, seed=1, device="cpu")
    model.learn(128)
    envs.seed(5)
    observations = envs.reset()
    ends = 0
    while ends == 0:
        masks = np.stack(envs.env_method("action_masks"))
        actions, _ = model.predict(observations, action_masks=masks)
        assert masks[np.arange(8), actions[:, 0]].all()
        observations, rewards, ended, infos = envs.step(actions)
        ends = ended.sum()
    row = int(np.flatnonzero(ended)[0])
    assert infos[row]["terminal_observation"].shape == observations[row].shape
    assert infos[row]["status"] in ("ok", "infeasible", "invalid")
    assert not infos[row]["TimeLimit.truncated"]
