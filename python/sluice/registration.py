# SPDX-License-Identifier: Apache-2.0
"""The ids of the shipped design spaces, such as `sluice/TpuEdge-v0` of configs/sweep/tpu_edge.yaml.

Nothing of a space is read before an environment is made."""

from __future__ import annotations

from pathlib import Path

from ._input import library

NAMESPACE = "sluice"
VERSION = 0


def shipped_sweeps() -> dict[str, str]:
    """Sweep files by the ids of their environments."""
    files = sorted(Path(library(), "configs", "sweep").glob("*.yaml"))
    return {id_of(file): str(file) for file in files}


def id_of(file: Path) -> str:
    name = "".join(word.capitalize() for word in file.stem.split("_"))
    return f"{NAMESPACE}/{name}-v{VERSION}"


def register_environments() -> None:
    import gymnasium

    for name, file in shipped_sweeps().items():
        if name not in gymnasium.registry:
            gymnasium.register(
                name,
                entry_point="sluice.gym:DesignEnv",
                vector_entry_point="sluice.gym:DesignVectorEnv",
                kwargs={"sweep": file},
            )
