# SPDX-License-Identifier: Apache-2.0
"""The console script. It is the command of the C++ build, which the package contains; only what
needs Python, `sweep --executor ray|slurm`, is done here."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .studies import Sweep, Trials

EXIT_FAILED, EXIT_WRONG_INPUT = 1, 2
USUAL_ARRAY = 100
OF_EXECUTOR = {
    "ray": ("address",),
    "slurm": ("array", "folder", "sbatch", "status", "retry", "merge"),
}
"""Options that the other executor does not have."""


def program() -> Path:
    """The command beside the core, which in an editable install is not where the Python files
    are."""
    from . import _core

    return Path(_core.__file__).parent / "bin" / "sluice"


def main() -> None:
    words = sys.argv[1:]
    if words[:1] == ["sweep"] and any(word.split("=")[0] == "--executor" for word in words):
        sys.exit(sweep_elsewhere(words[1:]))
    os.execv(program(), ["sluice", *words])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        allow_abbrev=False,
        prog="sluice sweep",
        description="Searches the designs of a sweep file on a cluster (docs/cluster.md).",
    )
    parser.add_argument("file", metavar="FILE", help="sweep file")
    parser.add_argument("--executor", choices=["ray", "slurm"], required=True)
    parser.add_argument("--set", action="append", default=[], metavar="PATH=VALUE")
    for name in ("searcher", "budget", "batch", "seed"):
        parser.add_argument(f"--{name}", help=f"in place of search.{name}")
    parser.add_argument("--fidelity", help="in place of fidelity")
    parser.add_argument("--store", help="file of the study (out/NAME.sqlite)")
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing of what was done")
    ray = parser.add_argument_group("with ray")
    ray.add_argument("--address", help="of the cluster; auto: the one on this machine")
    slurm = parser.add_argument_group("with slurm")
    slurm.add_argument("--array", type=int, help=f"tasks of the job array ({USUAL_ARRAY})")
    slurm.add_argument("--folder", type=Path, help="of the shards (out/NAME.shards)")
    slurm.add_argument("--sbatch", action="append", default=[], metavar="OPTION",
                       help="further option of sbatch, such as --sbatch=--time=60")  # fmt: skip
    slurm.add_argument("--status", action="store_true", help="only say what is done")
    slurm.add_argument("--retry", action="store_true", help="submit again what is missing")
    slurm.add_argument("--merge", action="store_true", help="write the study of what is done")
    return parser


def _mistake(arguments: argparse.Namespace) -> str | None:
    """What is wrong with the words together, and a hint."""
    for executor, names in OF_EXECUTOR.items():
        for name in names:
            if executor != arguments.executor and getattr(arguments, name) not in (None, False, []):
                return (
                    f"--{name} is for --executor {executor}\n"
                    f"hint: `sluice sweep --executor ray --help` lists the options"
                )
    for setting in arguments.set:
        if "=" not in setting:
            return f"--set: {setting!r} sets no value\nhint: write it like {setting}=32"
    if arguments.array is not None and arguments.array < 1:
        return f"--array is {arguments.array}, at least 1 is expected"
    return None


def _settings(arguments: argparse.Namespace) -> dict[str, str]:
    settings = dict(setting.partition("=")[::2] for setting in arguments.set)
    for name in ("searcher", "budget", "batch", "seed"):
        if getattr(arguments, name) is not None:
            settings[f"search.{name}"] = getattr(arguments, name)
    if arguments.fidelity is not None:
        settings["fidelity"] = arguments.fidelity
    return settings


def sweep_elsewhere(words: Sequence[str]) -> int:
    from . import InputError, StudyError, Sweep
    from .cluster import ClusterError

    arguments = _parser().parse_args(words)
    if mistake := _mistake(arguments):
        print(f"sluice sweep: error: {mistake}", file=sys.stderr)
        return EXIT_WRONG_INPUT
    try:
        sweep = Sweep(arguments.file, _settings(arguments))
        if arguments.executor == "ray":
            return _on_ray(sweep, arguments)
        return _on_slurm(sweep, arguments)
    except InputError as error:
        print(error, file=sys.stderr)
        return EXIT_WRONG_INPUT
    except (ClusterError, StudyError, ModuleNotFoundError) as error:
        print(f"sluice sweep: error: {error}", file=sys.stderr)
        return EXIT_FAILED


def _summary(trials: Trials, store: str) -> str:
    return f"{len(trials)} designs, front of {len(trials.front())}\nstored in {store}"


def _store(name: str, arguments: argparse.Namespace) -> str:
    if arguments.store is None:
        Path("out").mkdir(exist_ok=True)
    return arguments.store or f"out/{name}.sqlite"


def _on_ray(sweep: Sweep, arguments: argparse.Namespace) -> int:
    from .cluster import ray_tasks

    store = _store(sweep.name, arguments)
    budget = sweep.search["budget"]
    terminal = sys.stderr.isatty() and not arguments.quiet

    def progress(done: int) -> bool:
        if terminal:
            print(f"\r\033[K{done} of {budget} designs", end="", file=sys.stderr, flush=True)
        return True

    trials = ray_tasks.run(sweep, store, arguments.address, progress)
    if terminal:
        print("\r\033[K", end="", file=sys.stderr)
    if not arguments.quiet:
        print(_summary(trials, store))
    return 0


def _on_slurm(sweep: Sweep, arguments: argparse.Namespace) -> int:
    from .cluster import slurm
    from .cluster.shards import Plan

    folder = arguments.folder or slurm.folder_of(sweep.name)
    first = not (folder / "plan.json").exists()
    plan = Plan.make(folder, sweep, arguments.array or USUAL_ARRAY)
    if arguments.merge:
        store = _store(sweep.name, arguments)
        trials = plan.merge(store)
        if not arguments.quiet:
            print(_summary(trials, store))
        return 0
    if (first or arguments.retry) and not arguments.status:
        job = slurm.submit(plan, arguments.sbatch)
        if not arguments.quiet:
            print(f"submitted job {job}" if job else "nothing to submit")
    if arguments.status or not arguments.quiet:
        print(slurm.status(plan))
    return 0
