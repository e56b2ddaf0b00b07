#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the vector environment costs beside the simulator that it asks.

    python benchmarks/vector_env.py [--steps 40] [--num-envs 256]

Random designs of one product on an edge machine, all of them new, one design a step. For `analytic`
and `tile`: steps a second, and the time of the environment by that of `Sweep.evaluate` alone on as
many designs, beside it in the same process, in wall time and in processor time, that of the workers
of `tile` included (on a machine that others use, the latter says more). The least of five of each.
Also the processor time of `import sluice`."""

import argparse
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import sluice
from processor_time import processor_times
from sluice.gym import DesignVectorEnv

ROOT = Path(__file__).resolve().parents[1]
LAYER = {"name": "l", "op": "linear", "rows": 64, "in_features": 96, "out_features": 80}
SWEEP = {
    "name": "vector",
    "experiment": {
        "workload": {"network": {"name": "product", "layers": [LAYER]}},
        "architecture": {"include": str(ROOT / "configs/arch/tpu_like_edge.yaml")},
    },
    "parameters": {
        side: {"path": f"architecture.array.{side}", "integers": [8, 1024]}
        for side in ("rows", "columns")
    },
    "objectives": ["cycles", "energy_j"],
}


def times(call) -> np.ndarray:
    def now() -> np.ndarray:
        return np.array([time.perf_counter(), sum(processor_times().values())])

    begin = now()
    call()
    return now() - begin


def measure(fidelity: str, steps: int, count: int) -> None:
    sweep = SWEEP | {"fidelity": fidelity}
    envs, alone = DesignVectorEnv(sweep, count), sluice.Sweep(sweep)
    envs.reset(seed=1)
    generator = np.random.default_rng(1)

    def batches() -> list[np.ndarray]:
        choices = envs.core.actions.choices
        return [generator.integers(choices, size=(count, len(choices))) for _ in range(steps)]

    def step(rows: list[np.ndarray]) -> None:
        for row in rows:
            envs.step(row)

    def evaluate(rows: list[np.ndarray]) -> None:
        for row in rows:
            alone.evaluate(row)

    step(batches()[:1])  # workers begin
    evaluate(batches()[:1])
    stepped = np.array([np.inf, np.inf])
    evaluated = stepped.copy()
    for _ in range(5):  # in turns, so that both meet the same machine
        rows, others = batches(), batches()
        stepped = np.minimum(stepped, times(lambda rows=rows: step(rows)))
        evaluated = np.minimum(evaluated, times(lambda rows=others: evaluate(rows)))
    wall, processor = stepped / evaluated
    micros = 1e6 * stepped[1] / (steps * count)
    print(
        f"{fidelity:<9} {steps * count / stepped[0]:>9.0f} steps/s, {micros:.1f} us of processor "
        f"time a step; by evaluate alone: wall {wall:.3f}, processor {processor:.3f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--num-envs", type=int, default=256)
    arguments = parser.parse_args()
    code = (
        "import time; begin = time.process_time(); import sluice; "
        "print(time.process_time() - begin)"
    )
    imports = [float(subprocess.check_output([sys.executable, "-c", code])) for _ in range(5)]
    print(f"import    {min(imports):.3f} s of processor time")
    measure("analytic", arguments.steps, arguments.num_envs)
    measure("tile", arguments.steps, arguments.num_envs)


if __name__ == "__main__":
    main()
