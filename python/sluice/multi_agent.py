# SPDX-License-Identifier: Apache-2.0
"""A design space as a game of several agents (PettingZoo): each chooses its own parameters, all
share the reward. docs/gym.md describes it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ._extras import extra
from .gym import _Core

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ._input import Source

extra("pettingzoo", "marl")

from gymnasium import spaces  # noqa: E402
from gymnasium.utils import seeding  # noqa: E402
from pettingzoo import ParallelEnv  # noqa: E402


class DesignParallelEnv(ParallelEnv[str, Any, Any]):
    """Every step, all agents choose the values of their parameters at once, and the design is
    evaluated. An episode has `horizon` steps; all agents observe the last design and what came of
    it. `agents`: one a `parameter`, or one a `group` of the sweep file."""

    metadata = {"render_modes": ["ansi"], "name": "sluice_design", "is_parallelizable": True}

    def __init__(
        self,
        sweep: Source,
        agents: Literal["parameter", "group"] = "parameter",
        horizon: int = 8,
        reward_limit: float = 10.0,
        settings: Mapping[str, Any] | None = None,
        render_mode: str | None = None,
    ) -> None:
        if agents not in ("parameter", "group"):
            raise ValueError(f"agents: there is no {agents!r}; known: parameter, group")
        if horizon < 1:
            raise ValueError(f"horizon: {horizon}; it must be at least 1")
        self.core = _Core(1, sweep, "design", "multidiscrete", 2, reward_limit, settings)
        self.horizon = horizon
        self.render_mode = render_mode
        self._owned: dict[str, list[int]] = {}
        for i, parameter in enumerate(self.core.sweep.space.parameters):
            name = parameter.group if agents == "group" and parameter.group else parameter.name
            self._owned.setdefault(name, []).append(i)
        self.possible_agents = list(self._owned)
        self.agents: list[str] = []
        self._observation = np.zeros(self.core.observation_space.shape, dtype=np.float32)

    @functools.cache  # noqa: B019 - the same object every time, as the interface asks
    def observation_space(self, agent: str) -> spaces.Space[Any]:
        return spaces.Box(-1.0, 1.0, self.core.observation_space.shape, np.float32)

    @functools.cache  # noqa: B019
    def action_space(self, agent: str) -> spaces.Space[Any]:
        choices = self.core.actions.choices[self._owned[agent]]
        return (
            spaces.Discrete(int(choices[0])) if len(choices) == 1 else spaces.MultiDiscrete(choices)
        )

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, NDArray[np.float32]], dict[str, dict[str, Any]]]:
        if seed is not None or not hasattr(self, "np_random"):
            self.np_random, _ = seeding.np_random(seed)
        self.agents = list(self.possible_agents)
        self._step = 0
        self._begin()
        self._observation = self.core.episodes.observe(self.core.all)[0]
        return self._for_all(lambda: self._observation.copy()), self._for_all(dict)

    def step(self, actions: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
        row = np.zeros((1, len(self.core.actions.choices)), dtype=np.int64)
        for agent, owned in self._owned.items():
            row[0, owned] = np.asarray(actions[agent]).reshape(-1)
        rewards, _, _, _ = self.core.episodes.step(self.core.all, row)
        self._observation = self.core.episodes.observe(self.core.all)[0]
        info = self.core.infos(self.core.all)[0]
        self._begin()
        self._step += 1
        ended = self._step >= self.horizon
        answer = (
            self._for_all(lambda: self._observation.copy()),
            self._for_all(lambda: float(rewards[0])),
            self._for_all(lambda: ended),
            self._for_all(lambda: False),
            self._for_all(lambda: dict(info)),
        )
        self._info = info
        if ended:
            self.agents = []
        return answer

    def state(self) -> NDArray[np.float32]:
        """What all agents together know: the last design and what came of it."""
        return self._observation.copy()

    def render(self) -> str | None:
        if self.render_mode != "ansi":
            return None
        return self.core.text(getattr(self, "_info", self.core.infos(self.core.all)[0]))

    def close(self) -> None:
        """Nothing is held."""

    def _begin(self) -> None:
        draw = np.array([int(self.np_random.integers(2**62))], dtype=np.int64)
        self.core.episodes.reset(self.core.all, draw, False)

    def _for_all(self, make: Any) -> dict[str, Any]:
        return {agent: make() for agent in self.agents}
