# SPDX-License-Identifier: Apache-2.0
"""A sweep on three nodes of Ray, each a process of its own, while nodes die and come."""

import os

import numpy as np
import pytest
import sluice
from conftest import sweep_of

ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'sluice[ray]'")

from ray.cluster_utils import Cluster  # noqa: E402
from sluice.cluster import ray_tasks  # noqa: E402
from slurm_cluster import wait_until  # noqa: E402

DESIGNS = 10_000
NODE = {"num_cpus": 1, "object_store_memory": 80 * 2**20}


@pytest.fixture
def cluster():
    os.environ["RAY_ENABLE_UV_RUN_RUNTIME_ENV"] = "0"
    cluster = Cluster(initialize_head=True, head_node_args=NODE | {"include_dashboard": False})
    try:
        yield cluster
    finally:
        ray.shutdown()
        cluster.shutdown()


def check_same(trials: sluice.Trials, whole: sluice.Trials) -> None:
    assert np.array_equal(trials.designs, whole.designs)
    assert np.array_equal(trials.metrics, whole.metrics, equal_nan=True)
    assert (trials.status, trials.reason) == (whole.status, whole.reason)
    assert (trials.bottleneck, trials.stalls) == (whole.bottleneck, whole.stalls)


def test_a_sweep_outlives_a_node_and_meets_a_new_one(cluster, tmp_path, monkeypatch):
    nodes = [cluster.add_node(**NODE) for _ in range(2)]
    cluster.wait_for_nodes()
    sweep = sluice.Sweep(sweep_of(DESIGNS, 100))

    def on_batch(done: int) -> bool:
        if len(nodes) == 2 and done >= DESIGNS // 4:
            cluster.remove_node(nodes.pop(), allow_graceful=False)
        if len(nodes) == 1 and done >= DESIGNS // 2:
            nodes.extend([cluster.add_node(**NODE), None])
        return True

    monkeypatch.setattr(ray_tasks, "TASK_SECONDS", 0.02)  # more tasks than nodes
    trials = ray_tasks.run(sweep, str(tmp_path / "ray.sqlite"), cluster.address, on_batch)
    assert len(nodes) == 3  # one was killed, another came
    wait_until(lambda: [node["Alive"] for node in ray.nodes()].count(False) == 1, 60, "a dead node")
    whole = sluice.Study(tmp_path / "whole.sqlite", sweep).run()
    check_same(trials, whole)
    check_same(sluice.Study(tmp_path / "ray.sqlite").trials(), whole)
    assert len(np.unique(trials.designs, axis=0)) == len(trials) == DESIGNS


def test_a_searcher_that_learns_is_told_while_others_run(cluster, tmp_path):
    ray_tasks.connect(cluster.address)
    changes = {"searcher": "nsga2", "budget": 400, "batch": 40, "seed": 3, "ahead": 2}
    sweep = sluice.Sweep(sweep_of(400, 40, search=changes))
    trials = ray_tasks.run(sweep, str(tmp_path / "ray.sqlite"), cluster.address)
    check_same(trials, sluice.Study(tmp_path / "whole.sqlite", sweep).run())
