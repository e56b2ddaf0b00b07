# SPDX-License-Identifier: Apache-2.0
"""The batches of a sweep as tasks on a Ray cluster. docs/cluster.md shows it on a real cluster.

The search itself stays in the process that was started, which stores every batch before it tells
the searcher: nodes may come, go and die, and the trials are those of a run on one machine."""

from __future__ import annotations

import math
import socket
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from ..studies import Study, Sweep, Trials
from . import ClusterError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

TASK_SECONDS = 0.5
"""A task should last so long that what Ray costs (about a millisecond) is lost in it."""


CONNECT_SECONDS = 5


def _ray() -> Any:
    try:
        import ray
    except ImportError as error:
        raise ClusterError("Ray is not installed\nhint: pip install 'sluice[ray]'") from error
    return ray


def _check_answers(address: str) -> None:
    """Ray itself asks an address where nobody answers for minutes."""
    host, _, port = address.rpartition(":")
    if not host or "://" in address or not port.isdigit():
        return
    with socket.create_connection((host, int(port)), timeout=CONNECT_SECONDS):
        pass


def connect(address: str | None) -> Any:
    """Ray, connected to the cluster at `address` (`auto`: the one on this machine), or to one of
    its own when there is none."""
    ray = _ray()
    if ray.is_initialized():
        return ray
    try:
        if address is not None:
            _check_answers(address)
        ray.init(address=address, log_to_driver=False, logging_level="error")
    except (OSError, ValueError) as error:
        raise ClusterError(
            f"no Ray cluster answers at {address}: {error}\nhint: `ray start --head` begins one"
        ) from error
    return ray


_open: dict[str, Sweep] = {}  # in a worker: sweeps that it has read


def evaluate_part(text: str, designs: NDArray[np.int64]) -> tuple[dict[str, Any], float]:
    """In a worker: what comes of designs, and the seconds it took."""
    begin = time.perf_counter()
    if text not in _open:
        _open.clear()
        _open[text] = Sweep("sweep", text=text)
    return _open[text].evaluate(designs).arrays(), time.perf_counter() - begin


class RayEvaluator:
    """Evaluates batches on a cluster; a lost task is begun again elsewhere."""

    def __init__(self, sweep: Sweep, ray: Any) -> None:
        self.sweep = sweep
        self.ray = ray
        self._task = ray.remote(max_retries=-1, retry_exceptions=False)(evaluate_part)
        self._text = ray.put(sweep.text)
        self._seconds: float | None = None  # of one design

    def _parts(self, count: int) -> int:
        cores = max(1, int(self.ray.cluster_resources().get("CPU", 1)))
        if self._seconds is None:
            return min(count, cores)
        long_enough = math.ceil(count * self._seconds / TASK_SECONDS)
        return max(1, min(count, long_enough))

    def __call__(self, designs: NDArray[np.int64]) -> Trials:
        parts = np.array_split(designs, self._parts(len(designs)))
        answers = self.ray.get([self._task.remote(self._text, part) for part in parts])
        spent = sum(seconds for _, seconds in answers)
        self._seconds = spent / len(designs)
        fields = ("status", "reason", "bottleneck", "stalls")
        joined = [tuple(x for answer, _ in answers for x in answer[name]) for name in fields]
        metrics = np.concatenate([answer["metrics"] for answer, _ in answers])
        return Trials(self.sweep.space, self.sweep.objectives, designs, metrics, *joined)


def run(
    sweep: Sweep,
    store: str,
    address: str | None = None,
    on_batch: Callable[[int], bool] | None = None,
) -> Trials:
    """Runs the sweep on a cluster, going on with the study at `store`."""
    evaluator = RayEvaluator(sweep, connect(address))
    return Study(store, sweep).run(on_batch, evaluator)
