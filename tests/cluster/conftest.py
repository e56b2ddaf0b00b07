# SPDX-License-Identifier: Apache-2.0
"""Tests with real clusters, begun on this machine; scripts/test_cluster runs them."""

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(Path(__file__).parent))

PRODUCT = {"name": "l", "op": "linear", "rows": 64, "in_features": 96, "out_features": 80}


def sweep_of(designs: int, batch: int, **changes: object) -> dict:
    """Random designs of an edge machine, a fraction of a millisecond each."""
    return {
        "name": "cluster",
        "experiment": {
            "workload": {"network": {"name": "product", "layers": [PRODUCT]}},
            "architecture": {
                "include": str(ROOT / "configs/arch/tpu_like_edge.yaml"),
                "array": {"double_buffered_stationary": False},  # os has nothing to load
            },
        },
        "parameters": {
            "rows": {"path": "architecture.array.rows", "integers": [8, 256], "usual": 64},
            "columns": {"path": "architecture.array.columns", "integers": [8, 256], "usual": 64},
            "dataflow": {"path": "architecture.array.dataflow", "choices": ["ws", "os", "is"]},
        },
        "objectives": ["cycles", "energy_j"],
        "search": {"searcher": "random", "budget": designs, "batch": batch, "seed": 3},
    } | changes


@pytest.fixture
def sweep_file(tmp_path):
    """Writes a sweep and gives its path."""

    def write(sweep: dict) -> Path:
        path = tmp_path / "sweep.yaml"
        path.write_text(json.dumps(sweep))
        return path

    return write
