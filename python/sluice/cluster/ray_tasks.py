# SPDX-License-Identifier: Apache-2.0
"""The designs of a sweep as tasks on a Ray cluster. docs/cluster.md shows it on a real cluster.

The search itself stays in the process that was started, which stores every batch before it tells
the searcher: nodes may come, go and die, and the trials are those of a run on one machine."""

from __future__ import annotations

import math
import socket
import time
from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np

from .._extras import extra
from ..studies import Study, Sweep, Trials
from . import FIXED_SEARCHERS, ClusterError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

TASK_SECONDS = 0.5
"""A task should last so long that what Ray costs (some milliseconds) is lost in it."""

PROBED = 8
"""Designs of the first task, which tells how long the others may be."""

TASKS_A_CORE = 4
"""That are begun and not finished, so that no core waits for another's task, or for the disk to
store what others gave."""

MOST_BEGUN = 100_000
"""Designs that may be begun and not yet stored, where what is chosen does not depend on results."""

CONNECT_SECONDS = 5


def _check_answers(address: str) -> None:
    """Ray itself asks an address where nobody answers for minutes."""
    if address == "auto" or "://" in address:
        return
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        raise ClusterError(
            f"{address!r} is no address of a Ray cluster\nhint: write HOST:PORT as `ray start` "
            "prints it, such as 10.0.0.5:6379, or auto"
        )
    with socket.create_connection((host, int(port)), timeout=CONNECT_SECONDS):
        pass


def connect(address: str | None) -> Any:
    """Ray, connected to the cluster at `address` (`auto`: the one on this machine), or to one of
    its own when there is none."""
    ray = extra("ray", "ray")
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


_open: dict[str, Sweep] = {}  # in a worker: the sweep that it has read


def evaluate_part(text: str, designs: NDArray[np.int64]) -> tuple[dict[str, Any], float]:
    """In a worker, on one core: what comes of designs, and the seconds it took."""
    if text not in _open:
        _open.clear()
        _open[text] = Sweep("sweep", {"search.workers": 1}, text=text)
    begin = time.perf_counter()
    answer = _open[text].evaluate(designs).arrays()
    return answer, time.perf_counter() - begin


class _Batch:
    """Waits for the trials of designs."""

    def __init__(self, evaluator: RayEvaluator, designs: NDArray[np.int64]) -> None:
        self._evaluator = evaluator
        self._designs = designs

    def ready(self) -> bool:
        return self._evaluator.has(len(self._designs))

    def __call__(self) -> Trials:
        return self._evaluator.take(self._designs)


class RayEvaluator:
    """Begins batches on a cluster, in tasks of `task_seconds` (TASK_SECONDS): a large batch is cut,
    small ones that are begun before the first is waited for go together. A lost task is begun again
    elsewhere."""

    def __init__(self, sweep: Sweep, ray: Any, task_seconds: float | None = None) -> None:
        self.sweep = sweep
        self.task_seconds = task_seconds or TASK_SECONDS
        self.seconds = 0.0  # that tasks took
        self.sizes: list[int] = []  # of tasks, in designs
        self.waited_for = 0  # tasks
        self._size = 0  # of the next task; 0: not known yet
        self._ray = ray
        self._task = ray.remote(max_retries=-1, retry_exceptions=False)(evaluate_part)
        self._text = ray.put(sweep.text)
        self._waiting: deque[NDArray[np.int64]] = deque()  # rows of no task yet
        self._tasks: deque[tuple[Any, int]] = deque()  # not yet waited for, and their sizes
        self._running: list[Any] = []  # of these, those that were not finished at the last look
        self._results: deque[tuple[Any, ...]] = deque()  # of designs in their order, not handed out

    def __call__(self, designs: NDArray[np.int64]) -> Callable[[], Trials]:
        self._waiting.extend(designs)
        if self.sizes:
            self._begin_tasks()
        else:
            self._begin(min(PROBED, len(designs)))
        return _Batch(self, designs)

    def _begin(self, count: int) -> None:
        rows = np.stack([self._waiting.popleft() for _ in range(count)])
        task = self._task.remote(self._text, rows)
        self._tasks.append((task, count))
        self._running.append(task)
        self.sizes.append(count)

    def _begin_tasks(self, urgent: int = 0) -> None:
        """As many as keep the cluster busy; a short one only where `urgent` results of tasks are
        wanted now."""
        if self._size == 0:
            return
        cores = max(1, int(self._ray.cluster_resources().get("CPU", 1)))
        while self._waiting and len(self._running) < TASKS_A_CORE * cores:
            if len(self._waiting) < self._size and sum(n for _, n in self._tasks) >= urgent:
                break
            self._begin(min(self._size, len(self._waiting)))

    def _look(self) -> None:
        """Finished tasks keep no core busy, whether or not their results were waited for."""
        if self._running:
            count = len(self._running)
            _, self._running = self._ray.wait(self._running, num_returns=count, timeout=0)

    def _learn(self, designs: int, seconds: float) -> None:
        """A design's share of a task is less where the task is larger: sizes approach the right one
        from below, and by factors of at most 8."""
        self.seconds += seconds
        self.waited_for += 1
        wanted = designs * self.task_seconds / max(seconds, 1e-9)
        self._size = math.ceil(min(wanted, 8 * designs))

    def has(self, count: int) -> bool:
        """Whether the results of the next `count` designs are here."""
        return len(self._results) >= count

    def take(self, designs: NDArray[np.int64]) -> Trials:
        """Batches are waited for in the order in which they were begun."""
        while not self.has(len(designs)):
            self._begin_tasks(len(designs) - len(self._results))
            task, count = self._tasks.popleft()
            answer, seconds = self._ray.get(task)
            self._learn(count, seconds)
            self._look()
            fields = ("metrics", "status", "reason", "bottleneck", "stalls")
            self._results.extend(zip(*(answer[name] for name in fields), strict=True))
        taken = [self._results.popleft() for _ in range(len(designs))]
        metrics, *rest = zip(*taken, strict=True)
        columns = (tuple(column) for column in rest)
        return Trials(self.sweep.space, self.sweep.objectives, designs, np.array(metrics), *columns)


def batches_ahead(sweep: Sweep) -> int | None:
    """What a searcher chooses that does not look at results can be begun long before they are
    there; for others it is as the sweep says."""
    search = sweep.search
    if search["searcher"] not in FIXED_SEARCHERS:
        return None
    return MOST_BEGUN // search["batch"]


def run(
    sweep: Sweep,
    store: str,
    address: str | None = None,
    on_batch: Callable[[int], bool] | None = None,
) -> Trials:
    """Runs the sweep on a cluster, going on with the study at `store`."""
    evaluator = RayEvaluator(sweep, connect(address))
    return Study(store, sweep).run(on_batch, evaluator, batches_ahead(sweep))
