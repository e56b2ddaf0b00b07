# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import sluice

pytest.importorskip("ray")

import ray
from sluice.cluster import ClusterError, ray_tasks


def test_an_address_where_nobody_answers():
    with pytest.raises(ClusterError, match="no Ray cluster answers at 127.0.0.1:1: "):
        ray_tasks.connect("127.0.0.1:1")


def test_a_sweep_that_learns_is_that_of_one_machine(small_sweep, tmp_path):
    sweep = sluice.Sweep(small_sweep, {"search.searcher": "nsga2"})
    whole = sluice.Study(tmp_path / "whole.sqlite", sweep).run()
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        trials = ray_tasks.run(sweep, str(tmp_path / "ray.sqlite"))
    finally:
        ray.shutdown()
    assert np.array_equal(trials.designs, whole.designs)
    assert np.array_equal(trials.metrics, whole.metrics, equal_nan=True)
