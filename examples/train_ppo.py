#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trains an agent on a design space, beside random search with as many samples.

    pip install 'sluice[rl]'
    python examples/train_ppo.py configs/sweep/tpu_edge.yaml --samples 8000 --seeds 5

A sample is an evaluated design, whether it was evaluated before or not. The value of a design is
that of docs/gym.md: 0 for the usual design of the sweep file, more is better. For each algorithm
and seed the program prints the best value after a quarter, half and all of the samples, and the
mean value of the last tenth, which says what the agent has learned rather than what it happened to
meet.
"""

import argparse
import json
import sys
import time

import numpy as np
import sluice.rl
from sb3_contrib import MaskablePPO
from stable_baselines3 import A2C, PPO
from stable_baselines3.common.callbacks import BaseCallback

# One step is one whole design: there is no future, so that gamma is 0. 64 designs a step and 2
# steps a rollout: the policy learns every 128 samples. All else is what the libraries begin with.
ENVIRONMENTS = 64
COMMON = {"gamma": 0.0, "device": "cpu"}
ALGORITHMS = {
    "ppo": (PPO, {"n_steps": 2, "batch_size": 64, "learning_rate": 1e-3, "ent_coef": 0.01}),
    "maskable_ppo": (
        MaskablePPO,
        {"n_steps": 2, "batch_size": 64, "learning_rate": 1e-3, "ent_coef": 0.01},
    ),
    "a2c": (A2C, {"n_steps": 2, "ent_coef": 0.01}),
}


class Values(BaseCallback):
    """The value of every design, in the order in which they were tried."""

    def __init__(self) -> None:
        super().__init__()
        self.values: list[float] = []

    def _on_step(self) -> bool:
        self.values.extend(self.locals["rewards"].tolist())
        return True


def train(name: str, sweep: str, samples: int, seed: int) -> np.ndarray:
    algorithm, settings = ALGORITHMS[name]
    envs = sluice.rl.DesignVecEnv(sweep, ENVIRONMENTS)
    values = Values()
    algorithm("MlpPolicy", envs, seed=seed, **COMMON, **settings).learn(samples, values)
    return np.array(values.values[:samples])


def draw(sweep: str, samples: int, seed: int) -> np.ndarray:
    """Actions at random, each value of each parameter as likely as the others."""
    envs = sluice.rl.DesignVecEnv(sweep, ENVIRONMENTS)
    envs.reset()
    generator = np.random.default_rng(seed)
    choices = envs.action_space.nvec
    values: list[float] = []
    while len(values) < samples:
        _, rewards, _, _ = envs.step(generator.integers(choices, size=(ENVIRONMENTS, len(choices))))
        values.extend(rewards.tolist())
    return np.array(values[:samples])


def summary(values: np.ndarray) -> dict[str, float]:
    n = len(values)
    return {
        "quarter": float(values[: n // 4].max()),
        "half": float(values[: n // 2].max()),
        "all": float(values.max()),
        "last_tenth": float(values[-n // 10 :].mean()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sweep", help="sweep file, such as configs/sweep/tpu_edge.yaml")
    parser.add_argument("--algorithms", nargs="+", choices=ALGORITHMS, default=list(ALGORITHMS))
    parser.add_argument("--samples", type=int, default=8000)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--json", help="also write the figures to this file")
    arguments = parser.parse_args()
    rows = []
    print(
        f"{'algorithm':<14}{'seed':>5}{'quarter':>9}{'half':>9}{'all':>9}{'last tenth':>12}{'s':>7}"
    )
    for name in ["random", *arguments.algorithms]:
        for seed in range(1, arguments.seeds + 1):
            begin = time.perf_counter()
            if name == "random":
                values = draw(arguments.sweep, arguments.samples, seed)
            else:
                values = train(name, arguments.sweep, arguments.samples, seed)
            row = {"algorithm": name, "seed": seed, **summary(values)}
            rows.append(row | {"seconds": time.perf_counter() - begin})
            print(
                f"{name:<14}{seed:>5}{row['quarter']:>9.3f}{row['half']:>9.3f}{row['all']:>9.3f}"
                f"{row['last_tenth']:>12.3f}{rows[-1]['seconds']:>7.1f}",
                flush=True,
            )
    print()
    for name in ["random", *arguments.algorithms]:
        mine = [row for row in rows if row["algorithm"] == name]
        texts = []
        for key in ("quarter", "half", "all", "last_tenth"):
            found = np.array([row[key] for row in mine])
            texts.append(f"{key} {found.mean():.3f} +- {found.std(ddof=1):.3f}")
        print(f"{name:<14}{', '.join(texts)}")
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump({"sweep": arguments.sweep, "samples": arguments.samples, "rows": rows}, file)


if __name__ == "__main__":
    sys.exit(main())
