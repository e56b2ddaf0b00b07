# SPDX-License-Identifier: Apache-2.0
"""The ids of the shipped design spaces, such as `sluice/TpuEdge-v0` of configs/sweep/tpu_edge.yaml.

Nothing of a space is read before an environment is made."""

from __future__ import annotations

from pathlib import Path

from ._input import library

NAMESPACE = "sluice"
VERSION = 0
SOME_SWEEP = f"{NAMESPACE}/Design-v{VERSION}"
"""Of any other sweep: `gymnasium.make(SOME_SWEEP, sweep="my.yaml")`."""


def shipped_sweeps() -> dict[str, str]:
    """Sweep files by the ids of their environments."""
    files = sorted(Path(library(), "configs", "sweep").glob("*.yaml"))
    return {id_of(file.stem): str(file) for file in files}


def id_of(name: str) -> str:
    """Of the sweep file `name`.yaml."""
    return f"{NAMESPACE}/{''.join(word.capitalize() for word in name.split('_'))}-v{VERSION}"


def register_environments() -> None:
    import gymnasium

    choices = {name: {"sweep": file} for name, file in shipped_sweeps().items()}
    for name, kwargs in (choices | {SOME_SWEEP: {}}).items():
        if name not in gymnasium.registry:
            gymnasium.register(
                name,
                entry_point="sluice.gym:DesignEnv",
                vector_entry_point="sluice.gym:DesignVectorEnv",
                kwargs=kwargs,
            )
