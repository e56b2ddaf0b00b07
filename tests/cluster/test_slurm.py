# SPDX-License-Identifier: Apache-2.0
"""`sluice sweep --executor slurm` on a Slurm of its own (slurm_cluster.py)."""

import subprocess
import sysconfig
from pathlib import Path

import numpy as np
import pytest
import sluice
from conftest import sweep_of
from slurm_cluster import SlurmCluster, obstacle, wait_until

COMMAND = Path(sysconfig.get_path("scripts"), "sluice")
WHY_NOT = obstacle()
pytestmark = pytest.mark.skipif(WHY_NOT is not None, reason=str(WHY_NOT))

MOST_TASKS = 9  # fewer than shards
SHARDS = 12  # task t evaluates the shards t and t + 9
CANCELLED = (3, 5, 8)


@pytest.fixture
def cluster(tmp_path):
    folder = tmp_path / "slurm"
    folder.mkdir()
    with SlurmCluster(folder, MOST_TASKS) as cluster:
        yield cluster


def same(a: sluice.Trials, b: sluice.Trials) -> bool:
    return (
        np.array_equal(a.designs, b.designs)
        and np.array_equal(a.metrics, b.metrics, equal_nan=True)
        and (a.status, a.reason, a.bottleneck, a.stalls)
        == (b.status, b.reason, b.bottleneck, b.stalls)
    )


def test_an_array_with_lost_tasks_merges_to_the_run_of_one_machine(cluster, tmp_path, sweep_file):
    file = sweep_file(sweep_of(240, 32, confirm={"fidelity": "tile", "count": 2}))
    whole = tmp_path / "whole.sqlite"
    subprocess.run([COMMAND, "sweep", file, "--store", whole, "--quiet"], check=True)
    merged, folder = tmp_path / "merged.sqlite", tmp_path / "shards"

    def sweep(*options: str) -> subprocess.CompletedProcess[str]:
        words = [COMMAND, "sweep", file, "--executor", "slurm", "--array", str(SHARDS), "--folder",
                 folder, "--store", merged, *options]  # fmt: skip
        env = cluster.environment
        return subprocess.run(words, env=env, capture_output=True, text=True, check=False)

    assert sweep("--sbatch=--hold").stdout == (
        "submitted job 1\n0 of 12 shards done, 12 in Slurm: 0-11\n"
    )
    script = (folder / "job.sbatch").read_text()
    assert "#SBATCH --requeue\n" in script
    assert '"$SLURM_ARRAY_TASK_ID" 9\n' in script
    assert sorted(cluster.states()) == list(range(MOST_TASKS))

    cluster.run("scancel", *(f"1_{task}" for task in CANCELLED))
    cluster.run("scontrol", "release", "1")
    wait_until(lambda: cluster.states().get(0) == "RUNNING", 60, "task 0")
    cluster.run("scontrol", "requeue", "1_0")
    cluster.wait_for_end(240)
    assert "Restarts=1" in cluster.run("scontrol", "show", "job", "1_0")
    lost = "9 of 12 shards done, 3 missing: 3,5,8\nhint: --retry submits what is missing; "
    assert sweep("--status").stdout.startswith(lost)
    early = sweep("--merge")
    assert (early.returncode, early.stderr) == (
        1, "sluice sweep: error: 3 of 12 shards have no result yet: 3,5,8\n",
    )  # fmt: skip

    submitted = sweep("--retry").stdout
    assert submitted.startswith("submitted job ")
    assert set(cluster.states()) <= set(CANCELLED)
    assert not sweep("--retry").stdout.startswith("submitted")
    cluster.wait_for_end(120)
    assert sweep("--status").stdout == "12 of 12 shards done\n"
    assert sweep("--retry").stdout == "nothing to submit\n12 of 12 shards done\n"

    for _ in range(2):
        done = sweep("--merge")
        assert (done.returncode, done.stderr) == (0, "")
        here, there = sluice.Study(whole), sluice.Study(merged)
        assert same(here.trials(), there.trials())
        assert same(here.confirmed().trials, there.confirmed().trials)
        assert len(np.unique(there.trials().designs, axis=0)) == 240
