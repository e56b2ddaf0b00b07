# SPDX-License-Identifier: Apache-2.0
"""Tests of the installed package; scripts/test_python installs it and runs them."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def root() -> Path:
    return ROOT


@pytest.fixture
def small_sweep() -> dict:
    """A product on an edge machine: conditions, a constraint, an unordered choice."""
    return {
        "name": "small",
        "experiment": {
            "workload": {
                "network": {
                    "name": "product",
                    "layers": [
                        {
                            "name": "l",
                            "op": "linear",
                            "rows": 64,
                            "in_features": 96,
                            "out_features": 80,
                        }
                    ],
                }
            },
            "architecture": {
                "include": str(ROOT / "configs/arch/tpu_like_edge.yaml"),
                "array": {"double_buffered_stationary": False},
            },
        },
        "parameters": {
            "rows": {
                "path": "architecture.array.rows",
                "powers_of_two": [4, 32],
                "usual": 16,
                "group": "array",
            },
            "columns": {
                "path": "architecture.array.columns",
                "powers_of_two": [4, 32],
                "usual": 16,
                "group": "array",
            },
            "dataflow": {"path": "architecture.array.dataflow", "choices": ["ws", "os", "is"]},
            "double_buffered": {
                "path": "architecture.array.double_buffered_stationary",
                "boolean": True,
                "when": "dataflow != os",
            },
        },
        "constraints": ["rows * columns <= 512"],
        "objectives": ["cycles", "energy_j"],
        "search": {"searcher": "random", "budget": 40, "batch": 8, "seed": 3},
    }
