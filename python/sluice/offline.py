# SPDX-License-Identifier: Apache-2.0
"""What was tried as data for offline learning (`pip install 'sluice[minari]'`).

study = sluice.Study("out/tpu_edge.sqlite")
export_minari(study.trials(), study.sweep, "sluice/tpu_edge/random-v0")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._extras import extra
from .gym import DesignVectorEnv, spec_of
from .studies import Sweep, Trials

if TYPE_CHECKING:
    import minari


def export_minari(
    trials: Trials, sweep: Sweep, dataset_id: str, *, reward_limit: float = 10.0, **about: Any
) -> minari.MinariDataset:
    """Writes a data set of Minari with an episode of one step for each trial: the environment of
    mode `design` takes the trial's design as its action. Observations and rewards are those that
    the environment gives, which evaluates the designs again; a parameter that does not exist has
    the action 0. `about`: author, algorithm_name and the other facts that Minari keeps.
    The data set names its environment with the whole sweep in it, so that
    minari.load_dataset(dataset_id).recover_environment() makes it wherever sluice is installed."""
    minari = extra("minari", "minari")
    from minari.data_collector import EpisodeBuffer

    envs = DesignVectorEnv(sweep, len(trials), reward_limit=reward_limit)
    first, _ = envs.reset(seed=0)
    actions = np.maximum(trials.designs, 0)
    _, rewards, _, _, info = envs.step(actions)
    episodes = [
        EpisodeBuffer(
            id=i,
            observations=[first[i], info["final_obs"][i]],
            actions=[actions[i]],
            rewards=[float(rewards[i])],
            terminations=[True],
            truncations=[False],
            infos={},
        )
        for i in range(len(trials))
    ]
    spec = spec_of(sweep, reward_limit=reward_limit)
    return minari.create_dataset_from_buffers(
        dataset_id,
        episodes,
        env=spec,
        eval_env=spec,
        action_space=envs.single_action_space,
        observation_space=envs.single_observation_space,
        **about,
    )
