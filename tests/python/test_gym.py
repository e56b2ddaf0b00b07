# SPDX-License-Identifier: Apache-2.0
import itertools
import warnings

import gymnasium
import numpy as np
import pytest
import sluice
from gymnasium.utils.env_checker import check_env
from sluice.gym import ACTION_FORMATS, DesignEnv, DesignVectorEnv
from sluice.registration import shipped_sweeps

MODES = ("design", "sequence", "edit")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("action_format", ACTION_FORMATS)
def test_every_shipped_space_passes_the_check(mode, action_format):
    assert "sluice/TpuEdge-v0" in shipped_sweeps()
    for name in shipped_sweeps():
        env = gymnasium.make(name, mode=mode, action_format=action_format)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            check_env(env.unwrapped)


@pytest.mark.parametrize("action_format", ACTION_FORMATS)
def test_every_value_of_every_parameter_is_reached(small_sweep, action_format):
    env = DesignEnv(small_sweep, action_format=action_format)
    space = env.core.sweep.space
    sizes = [len(p.values) for p in space.parameters]
    reached = [set() for _ in sizes]
    for row in itertools.product(*(range(n) for n in sizes)):
        env.reset(seed=1)
        if action_format == "box":
            action = np.array([(i + 0.5) / n * 2 - 1 for i, n in zip(row, sizes, strict=True)])
        elif action_format == "dict":
            action = dict(zip(space.names, row, strict=True))
        else:
            action = np.array(row)
        info = env.step(action)[-1]
        for parameter, (seen, spec) in enumerate(zip(reached, space.parameters, strict=True)):
            if spec.name in info["design"]:
                seen.add(info["design"][spec.name])
            assert parameter < len(sizes)
    assert [len(seen) for seen in reached] == sizes


def test_every_value_is_reached_one_parameter_at_a_time(small_sweep):
    env = DesignEnv(small_sweep, mode="sequence")
    sizes = [len(p.values) for p in env.core.sweep.space.parameters]
    reached = set()
    for row in itertools.product(*(range(n) for n in sizes)):
        env.reset(seed=1)
        for choice in row:
            *_, terminated, _, info = env.step([choice])
            if terminated:
                break
        reached.add(tuple(sorted(info["design"].items())))
    # 4 * 4 sizes, os without double buffering, ws and is with or without
    assert len(reached) == 4 * 4 * (1 + 2 + 2)


def test_edits_reach_every_value(small_sweep):
    env = DesignEnv(small_sweep, mode="edit", horizon=2)
    parameters = env.core.sweep.space.parameters
    reached = {}
    for choice in range(sum(len(p.values) for p in parameters)):
        env.reset(seed=1)
        for name, value in env.step([choice])[-1]["design"].items():
            reached.setdefault(name, set()).add(value)
    assert {n: len(v) for n, v in reached.items()} == {p.name: len(p.values) for p in parameters}


def test_rewards_are_logarithms_of_ratios(small_sweep):
    env = DesignEnv(small_sweep)
    env.reset(seed=1)
    usual = env.core.sweep.space.encode([{}])[0]
    assert env.step(usual)[1] == 0
    env.reset(seed=1)
    *_, info = (answer := env.step([3, 2, 0, 1]))
    usual_metrics = env.core.sweep.evaluate(np.array([usual]))
    expected = sum(
        np.log(usual_metrics.metric(name)[0] / info["metrics"][name])
        for name in ("cycles", "energy_j")
    )
    assert answer[1] == pytest.approx(expected, rel=1e-12)


def test_a_design_that_breaks_a_constraint_says_so(small_sweep):
    env = DesignEnv(small_sweep)
    env.reset(seed=1)
    _, reward, terminated, truncated, info = env.step([3, 3, 0, 0])
    assert (reward, terminated, truncated) == (-10, True, False)
    assert info["status"] == "infeasible"
    assert info["reason"] == "broken: rows * columns <= 512"


def test_masked_choices_break_constraints_or_change_nothing(small_sweep):
    env = DesignEnv(small_sweep, mode="edit")
    env.reset(seed=1)
    # rows 16, columns 16, ws, false: the usual design
    expected = [1, 1, 0, 1] + [1, 1, 0, 1] + [0, 1, 1] + [0, 1]
    assert env.action_masks().astype(int).tolist() == expected
    env = DesignEnv(small_sweep, mode="sequence")
    env.reset(seed=1)
    env.step([3])
    # 32 rows allow 16 columns
    assert env.action_masks().astype(int).tolist() == [1, 1, 1, 0]


def test_edits_add_up(small_sweep):
    env = DesignEnv(small_sweep, mode="edit", horizon=6)
    env.reset(seed=4)
    rng = np.random.default_rng(4)
    total = 0.0
    for step in range(6):
        choice = rng.choice(np.flatnonzero(env.action_masks()))
        _, reward, terminated, truncated, info = env.step([choice])
        total += reward
        assert (terminated, truncated) == (False, step == 5)
    design = DesignEnv(small_sweep)
    design.reset(seed=1)
    value = design.step(design.core.sweep.space.encode([info["design"]])[0])[1]
    assert total == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize("mode", MODES)
def test_a_seed_gives_the_same_episode_alone_and_in_a_vector(small_sweep, mode):
    count = 5
    vector = DesignVectorEnv(small_sweep, num_envs=count, mode=mode, horizon=3)
    singles = [DesignEnv(small_sweep, mode=mode, horizon=3) for _ in range(count)]
    options = {"random": True}
    observations, _ = vector.reset(seed=7, options=options)
    for i, single in enumerate(singles):
        assert (single.reset(seed=7 + i, options=options)[0] == observations[i]).all()
    vector.action_space.seed(7)
    for _ in range(7):
        actions = vector.action_space.sample()
        observations, rewards, terminated, truncated, info = vector.step(actions)
        for i, single in enumerate(singles):
            observation, reward, ended, cut, single_info = single.step(actions[i])
            assert (reward, ended, cut) == (rewards[i], terminated[i], truncated[i])
            if ended or cut:
                assert (info["final_obs"][i] == observation).all()
                assert info["final_info"]["status"][i] == single_info["status"]
                observation, _ = single.reset(options=options)
            assert (observation == observations[i]).all()


def test_a_vector_is_made_by_its_id():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        envs = gymnasium.make_vec("sluice/TpuEdge-v0", num_envs=4)
    observations, _ = envs.reset(seed=1)
    assert observations.shape == (4, envs.single_observation_space.shape[0])
    _, rewards, terminated, *_ = envs.step(envs.action_space.sample())
    assert rewards.shape == (4,) and terminated.all()


def test_parts_of_the_observation_have_names(small_sweep):
    env = DesignEnv(small_sweep, mode="edit", render_mode="ansi")
    env.reset(seed=1)
    assert env.observation_names == ["design", "next", "status", "metrics", "stalls", "progress"]
    assert env.observe("status")["ok"] == 1
    assert 0 < sum(env.observe("stalls").values()) < 1
    assert "cycles" in env.render()
    with pytest.raises(ValueError, match="there is no observation 'stall'; known: design, next"):
        env.observe("stall")


def test_mistakes(small_sweep):
    with pytest.raises(sluice.InputError, match="there is no mode 'edits'\n.*did you mean 'edit'"):
        DesignEnv(small_sweep, mode="edits")
    with pytest.raises(ValueError, match="there is no 'boxes'; known: multidiscrete, box, dict"):
        DesignEnv(small_sweep, action_format="boxes")
    with pytest.raises(ValueError, match="horizon: 1; it must be at least 2"):
        DesignEnv(small_sweep, mode="edit", horizon=1)
    env = DesignEnv(small_sweep)
    env.reset(seed=1)
    with pytest.raises(sluice.InputError, match="entry 0 is 4, it must be from 0 to 3"):
        env.step([4, 0, 0, 0])
    with pytest.raises(gymnasium.error.NameNotFound, match="TpuEdge"):
        gymnasium.make("sluice/TpuEgde-v0")
