# SPDX-License-Identifier: Apache-2.0
"""Sweeps on many machines: job arrays of Slurm (`slurm`), tasks of Ray (`ray_tasks`)."""


class ClusterError(RuntimeError):
    """The cluster cannot be used as asked. What was finished is still there."""


FIXED_SEARCHERS = ("random", "latin_hypercube", "sobol", "grid")
"""Searchers that choose without looking at what came of earlier designs."""
