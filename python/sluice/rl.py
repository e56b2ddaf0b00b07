# SPDX-License-Identifier: Apache-2.0
"""The native vector environment for Stable-Baselines3 and sb3-contrib (`pip install 'sluice[rl]'`).

envs = DesignVecEnv("configs/sweep/tpu_edge.yaml", num_envs=64)
PPO("MlpPolicy", envs).learn(20_000)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ._extras import extra
from .gym import DesignVectorEnv
from .studies import METRICS, Sweep

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from stable_baselines3.common.vec_env import VecEnv

    from ._input import Source
else:
    VecEnv = extra("stable_baselines3.common.vec_env", "rl").VecEnv


class DesignVecEnv(VecEnv):
    """Episodes of DesignVectorEnv as Stable-Baselines3 steps them; keywords are those of it. An
    info of an episode that ended has its design (`status`, `metrics`, `design` as a row of indices)
    beside `terminal_observation`."""

    def __init__(self, sweep: Source | Sweep, num_envs: int = 64, **keywords: Any) -> None:
        self.envs = DesignVectorEnv(sweep, num_envs, **keywords)
        self._seed: int | None = None
        self._actions: Any = None
        super().__init__(
            num_envs, self.envs.single_observation_space, self.envs.single_action_space
        )

    def reset(self) -> NDArray[np.float32]:
        observations, _ = self.envs.reset(seed=self._seed, options=self._options[0] or None)
        self._seed = None
        self._reset_options()
        return observations

    def seed(self, seed: int | None = None) -> Sequence[int | None]:
        self._seed = seed
        return [None if seed is None else seed + i for i in range(self.num_envs)]

    def step_async(self, actions: NDArray[Any]) -> None:
        self._actions = actions

    def step_wait(self) -> tuple[NDArray[np.float32], NDArray[np.float32], Any, list[dict]]:
        observations, rewards, terminated, truncated, info = self.envs.step(self._actions)
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        ended = terminated | truncated
        if ended.any():
            final = info["final_info"]
            for i in np.flatnonzero(ended):
                infos[i] = {
                    "terminal_observation": info["final_obs"][i],
                    "TimeLimit.truncated": bool(truncated[i]),
                    "status": final["status"][i],
                    "metrics": dict(zip(METRICS, final["metrics"][i], strict=True)),
                    "design": final["design"][i],
                }
        return observations, rewards.astype(np.float32), ended, infos

    def close(self) -> None:
        self.envs.close()

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        return [getattr(self.envs, attr_name) for _ in self._rows(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        setattr(self.envs, attr_name, value)

    def env_method(
        self, method_name: str, *args: Any, indices: Any = None, **keywords: Any
    ) -> list[Any]:
        """`action_masks`, as MaskablePPO asks for it."""
        if method_name != "action_masks":
            raise AttributeError(f"there is no method {method_name!r}; known: action_masks")
        masks = self.envs.action_masks()
        return [masks[row] for row in self._rows(indices)]

    def env_is_wrapped(self, wrapper_class: type, indices: Any = None) -> list[bool]:
        return [False for _ in self._rows(indices)]

    def _rows(self, indices: int | Iterable[int] | None) -> list[int]:
        return list(self._get_indices(indices))
