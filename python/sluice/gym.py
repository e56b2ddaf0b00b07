# SPDX-License-Identifier: Apache-2.0
"""Design spaces as Gymnasium environments. docs/gym.md describes modes, actions, observations,
rewards and what `info` holds.

    env = gymnasium.make("sluice/TpuEdge-v0", mode="edit")
    envs = gymnasium.make_vec("sluice/TpuEdge-v0", num_envs=64)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from . import _core
from ._extras import extra
from .registration import SOME_SWEEP, id_of, shipped_sweeps
from .studies import METRICS, UNITS, Sweep

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ._input import Source

extra("gymnasium", "gym")

import gymnasium  # noqa: E402
from gymnasium import spaces  # noqa: E402
from gymnasium.envs.registration import EnvSpec  # noqa: E402
from gymnasium.vector import AutoresetMode  # noqa: E402
from gymnasium.vector.utils import batch_space  # noqa: E402

Mode = Literal["design", "sequence", "edit"]
ActionFormat = Literal["multidiscrete", "box", "dict"]
ACTION_FORMATS: tuple[str, ...] = ("multidiscrete", "box", "dict")


class Actions:
    """The action space of a format, and its actions as rows of choices."""

    def __init__(self, names: Sequence[str], choices: Sequence[int], action_format: str) -> None:
        if action_format not in ACTION_FORMATS:
            raise ValueError(
                f"action_format: there is no {action_format!r}; known: {', '.join(ACTION_FORMATS)}"
            )
        self.names = list(names)
        self.choices = np.array(choices, dtype=np.int64)
        self.format = action_format
        self.space = self._space()

    def _space(self) -> spaces.Space[Any]:
        if self.format == "box":
            return spaces.Box(-1.0, 1.0, (len(self.choices),), np.float32)
        if self.format == "dict":
            pairs = zip(self.names, self.choices, strict=True)
            return spaces.Dict([(name, spaces.Discrete(int(n))) for name, n in pairs])
        return spaces.MultiDiscrete(self.choices)

    def rows(self, action: Any) -> NDArray[np.int64]:
        """One action, or a batch of them, as a row each. A number of a box falls into one of as
        many equal bins as there are choices, so that each is reached."""
        if self.format == "dict":
            values = np.stack([self._entry(action, name) for name in self.names], axis=1)
            for name in action:
                if name not in self.names:
                    raise self._mistake(f"there is no entry {name!r}")
        else:
            values = np.asarray(action)
            if values.size % len(self.choices) != 0:
                raise self._mistake(f"{values.size} numbers are no action of {len(self.choices)}")
            values = values.reshape(-1, len(self.choices))
        if self.format == "box":
            bins = np.floor((np.clip(values, -1.0, 1.0) + 1) / 2 * self.choices)
            values = np.clip(bins, 0, self.choices - 1)
        rows = np.nan_to_num(values).astype(np.int64)
        if not np.array_equal(rows, values):
            wrong = values[rows != values][0]
            raise self._mistake(f"{wrong} is {'no' if self.format == 'box' else 'no whole'} number")
        return np.ascontiguousarray(rows)

    def _entry(self, action: Mapping[str, Any], name: str) -> NDArray[Any]:
        if name not in action:
            raise self._mistake(f"the entry {name!r} is missing")
        return np.asarray(action[name]).reshape(-1)

    def _mistake(self, text: str) -> ValueError:
        return ValueError(f"action: {text}; the entries are {', '.join(self.names)}")


class _Core:
    """What both environments share: the sweep, its episodes in C++, and their spaces."""

    def __init__(
        self,
        count: int,
        sweep: Source | Sweep,
        mode: Mode,
        action_format: ActionFormat,
        horizon: int,
        reward_limit: float,
        settings: Mapping[str, Any] | None,
    ) -> None:
        if horizon < 2:
            raise ValueError(f"horizon: {horizon}; it must be at least 2")
        self.sweep = sweep if isinstance(sweep, Sweep) else Sweep(sweep, settings)
        self.mode = mode
        self.episodes = _core.make_environment(self.sweep.core, mode, horizon, reward_limit, count)
        names = self.sweep.space.names if mode == "design" else ["choice"]
        self.actions = Actions(names, self.episodes.choices(), action_format)
        groups = self.episodes.observations()
        self.groups = {name: (first, entries) for name, first, entries in groups}
        size = sum(len(entries) for _, entries in self.groups.values())
        self.observation_space = spaces.Box(-1.0, 1.0, (size,), np.float32)
        self.all = np.arange(count, dtype=np.int64)

    def infos(self, rows: NDArray[np.int64]) -> list[dict[str, Any]]:
        """What is known of the last design of each episode. The same run gives the same infos."""
        answers = self.episodes.results(rows)
        designs = self.sweep.space.decode(answers["designs"]) if len(rows) else []
        infos: list[dict[str, Any]] = []
        for i, design in enumerate(designs):
            info: dict[str, Any] = {"design": design, "status": "none", "metrics": {}}
            if answers["evaluated"][i]:
                values = answers["metrics"][i]
                info["status"] = answers["status"][i]
                info["metrics"] = {
                    name: float(value)
                    for name, value in zip(METRICS, values, strict=True)
                    if not np.isnan(value)
                }
                info["reason"] = answers["reason"][i]
                info["bottleneck"] = answers["bottleneck"][i]
                info["stalls"] = dict(answers["stalls"][i])
            infos.append(info)
        return infos

    def text(self, info: Mapping[str, Any]) -> str:
        """The parameters, metrics and bottleneck of a design, for people."""
        lines = [f"{name:<24} {value}" for name, value in info["design"].items()]
        lines.append(f"{'status':<24} {info['status']}")
        if info.get("reason"):
            lines.append(f"{'reason':<24} {info['reason']}")
        for name, value in info["metrics"].items():
            lines.append(f"{name:<24} {value:.6g} {UNITS[name]}".rstrip())
        if info.get("bottleneck"):
            lines.append(info["bottleneck"])
        return "\n".join(lines) + "\n"


class DesignEnv(gymnasium.Env[Any, Any]):
    """A design space as an environment.

    mode: `design` chooses a value of every parameter in one step; `sequence` one parameter a
    step; `edit` changes one parameter of a whole design a step, for `horizon` steps.
    The reward is how many times better the design is than the usual one, as a logarithm, summed
    over the objectives; in `edit`, by how much the step improved it. A design that is not ok has
    the least reward, minus `reward_limit`, and says why in `info`.
    """

    metadata = {"render_modes": ["ansi"], "render_fps": 4}

    def __init__(
        self,
        sweep: Source | Sweep,
        mode: Mode = "design",
        action_format: ActionFormat = "multidiscrete",
        horizon: int = 32,
        reward_limit: float = 10.0,
        settings: Mapping[str, Any] | None = None,
        render_mode: str | None = None,
    ) -> None:
        self.core = _Core(1, sweep, mode, action_format, horizon, reward_limit, settings)
        self.action_space = self.core.actions.space
        self.observation_space = self.core.observation_space
        self.render_mode = render_mode

    @property
    def observation_names(self) -> list[str]:
        """What observe() knows: design, next, status, metrics, stalls, progress."""
        return list(self.core.groups)

    def observe(self, name: str) -> dict[str, float]:
        """A part of the observation by name; `stalls` is the breakdown of the lost cycles."""
        if name not in self.core.groups:
            known = ", ".join(self.core.groups)
            raise ValueError(f"there is no observation {name!r}; known: {known}")
        first, entries = self.core.groups[name]
        values = self._observation()[first : first + len(entries)]
        return dict(zip(entries, map(float, values), strict=True))

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Options: `random` (edit): begin with a random design instead of the usual one."""
        super().reset(seed=seed)
        draw = self.np_random.integers(2**62)
        random = bool((options or {}).get("random", False))
        self.core.episodes.reset(self.core.all, np.array([draw]), random)
        return self._observation(), self._info()

    def step(self, action: Any) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        rows = self.core.actions.rows(action)
        rewards, terminated, truncated, changed = self.core.episodes.step(self.core.all, rows)
        info = self._info() | {"changed": bool(changed[0])}
        return (
            self._observation(),
            float(rewards[0]),
            bool(terminated[0]),
            bool(truncated[0]),
            info,
        )

    def action_masks(self) -> NDArray[np.bool_]:
        """A flag for each choice of each entry of the action, as MaskablePPO takes it; False: it
        breaks a constraint by itself, does not exist, or changes nothing."""
        return self.core.episodes.masks(self.core.all)[0].astype(bool)

    def render(self) -> str | None:  # type: ignore[override]
        if self.render_mode != "ansi":
            return None
        return self.core.text(self.core.infos(self.core.all)[0])

    def _observation(self) -> NDArray[np.float32]:
        return self.core.episodes.observe(self.core.all)[0]

    def _info(self) -> dict[str, Any]:
        return self.core.infos(self.core.all)[0] | {"action_mask": self.action_masks()}


class DesignVectorEnv(gymnasium.vector.VectorEnv[Any, Any, Any]):
    """Many episodes at once; their designs are evaluated as one batch. An episode that ends
    begins anew in the same step: its last observation and info are `final_obs` and `final_info`, so
    that no action is thrown away."""

    metadata = {"render_modes": [], "autoreset_mode": AutoresetMode.SAME_STEP}

    def __init__(
        self,
        sweep: Source | Sweep,
        num_envs: int = 1,
        mode: Mode = "design",
        action_format: ActionFormat = "multidiscrete",
        horizon: int = 32,
        reward_limit: float = 10.0,
        settings: Mapping[str, Any] | None = None,
        max_episode_steps: int | None = None,
        render_mode: str | None = None,
    ) -> None:
        self.core = _Core(num_envs, sweep, mode, action_format, horizon, reward_limit, settings)
        self.num_envs = num_envs
        self.max_episode_steps = max_episode_steps
        self.render_mode = render_mode
        self.single_action_space = self.core.actions.space
        self.single_observation_space = self.core.observation_space
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self._steps = np.zeros(num_envs, dtype=np.int64)
        self._generators: list[np.random.Generator] = []

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """A number seeds the episodes with it and the numbers after it, as it would in copies of
        DesignEnv."""
        seeds = [None if seed is None else seed + i for i in range(self.num_envs)]
        if isinstance(seed, Sequence):
            seeds = list(seed)
        if not self._generators or any(s is not None for s in seeds):
            self._generators = [
                gymnasium.utils.seeding.np_random(None if s is None else int(s))[0] for s in seeds
            ]
        self._random = bool((options or {}).get("random", False))
        self._begin(self.core.all)
        return self._observe(), {}

    def step(
        self, actions: Any
    ) -> tuple[
        NDArray[np.float32],
        NDArray[np.float64],
        NDArray[np.bool_],
        NDArray[np.bool_],
        dict[str, Any],
    ]:
        rows = self.core.actions.rows(actions)
        rewards, terminated, truncated, changed = self.core.episodes.step(self.core.all, rows)
        terminated, truncated = terminated.astype(bool), truncated.astype(bool)
        self._steps += 1
        if self.max_episode_steps is not None:
            truncated |= ~terminated & (self._steps >= self.max_episode_steps)
        ended = terminated | truncated
        info: dict[str, Any] = {"changed": changed.astype(bool)}
        observations = self._observe()
        if ended.any():
            done = np.flatnonzero(ended)
            info |= self._final(done, ended, observations)
            self._begin(done)
            observations = self._observe()
        return observations, rewards, terminated, truncated, info

    def action_masks(self) -> NDArray[np.bool_]:
        """A row an episode; see DesignEnv.action_masks()."""
        return self.core.episodes.masks(self.core.all).astype(bool)

    def _observe(self) -> NDArray[np.float32]:
        return self.core.episodes.observe(self.core.all)

    def _begin(self, rows: NDArray[np.int64]) -> None:
        draws = np.zeros(len(rows), dtype=np.int64)  # only `edit` may begin at random
        if self.core.mode == "edit":
            draws[:] = [int(self._generators[row].integers(2**62)) for row in rows]
        self.core.episodes.reset(rows, draws, self._random)
        self._steps[rows] = 0

    def _final(
        self, done: NDArray[np.int64], ended: NDArray[np.bool_], observations: NDArray[np.float32]
    ) -> dict[str, Any]:
        answers = self.core.episodes.results(done)
        final_obs = np.full(self.num_envs, None, dtype=object)
        status = np.full(self.num_envs, "none", dtype=object)
        bottleneck = np.full(self.num_envs, "", dtype=object)
        metrics = np.full((self.num_envs, len(METRICS)), np.nan)
        designs = np.full((self.num_envs, len(self.core.sweep.space.parameters)), -1)
        for i, row in enumerate(done):
            final_obs[row] = observations[row]
            status[row] = answers["status"][i]
            bottleneck[row] = answers["bottleneck"][i]
        metrics[done] = answers["metrics"]
        designs[done] = answers["designs"]
        final = {"status": status, "metrics": metrics, "design": designs, "bottleneck": bottleneck}
        final |= {f"_{name}": ended for name in list(final)}
        return {
            "final_obs": final_obs,
            "_final_obs": ended,
            "final_info": final,
            "_final_info": ended,
        }


def spec_of(sweep: Sweep, **options: Any) -> EnvSpec:
    """How gymnasium.make() makes the environment of a sweep where its file is not: the whole sweep
    is in it. Its id is that of the shipped space that the sweep is, else `sluice/Design-v0`."""
    shipped = shipped_sweeps().get(id_of(sweep.name))
    same = shipped is not None and Sweep(shipped).text == sweep.text
    return EnvSpec(
        id_of(sweep.name) if same else SOME_SWEEP,
        entry_point="sluice.gym:from_text",
        vector_entry_point="sluice.gym:vector_from_text",
        kwargs={"text": sweep.text, **options},
    )


def from_text(text: str, **options: Any) -> DesignEnv:
    """The environment of a sweep that is given as YAML."""
    return DesignEnv(Sweep("sweep", text=text), **options)


def vector_from_text(text: str, **options: Any) -> DesignVectorEnv:
    """The same for many episodes at once."""
    return DesignVectorEnv(Sweep("sweep", text=text), **options)
