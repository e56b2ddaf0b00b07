# SPDX-License-Identifier: Apache-2.0
"""Ray Tune, which runs its trials on a Ray of its own."""

import os

import numpy as np
import pytest
import sluice
from conftest import sweep_of

ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'sluice[tune]'")
pytest.importorskip("ray.tune", reason="Ray Tune is not installed: pip install 'sluice[tune]'")


def test_tune_asks_our_searcher(tmp_path):
    os.environ["RAY_AIR_NEW_OUTPUT"] = "0"
    from ray import tune
    from sluice.tune import DesignSearch, evaluate

    ray.init(num_cpus=1, include_dashboard=False, object_store_memory=80 * 2**20)
    try:
        sweep = sluice.Sweep(sweep_of(8, 1))
        search = DesignSearch(sweep, "nsga2", budget=8, seed=3)
        results = tune.Tuner(
            evaluate(sweep),
            tune_config=tune.TuneConfig(search_alg=search, num_samples=8, max_concurrent_trials=1),
            run_config=tune.RunConfig(storage_path=str(tmp_path), verbose=0),
        ).fit()
    finally:
        ray.shutdown()
    assert len(results) == 8 and not results.errors
    ours = sluice.Searcher(sweep, "nsga2", budget=8, seed=3)
    tried = {tuple(sorted(result.config.items())): result.metrics for result in results}
    for _ in range(8):
        asked = ours.ask(1)
        trials = sweep.evaluate(asked)
        ours.tell(trials)
        found = tried[tuple(sorted(sweep.space.decode(asked)[0].items()))]
        assert np.array_equal(found["cycles"], trials.metric("cycles")[0], equal_nan=True)
        assert found["status"] == trials.status[0]
