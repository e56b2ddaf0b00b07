# SPDX-License-Identifier: Apache-2.0
"""A sweep whose designs are known beforehand, cut into numbered shards that anyone may evaluate.

A folder holds the plan and the results. A shard's result is a file named by the content of the
shard, written whole or not at all: evaluating a shard twice changes nothing, and a file that is
there is done."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..studies import Searcher, Study, Sweep, Trials
from . import FIXED_SEARCHERS, ClusterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

VERSION = 1


def write_whole(path: Path, data: bytes) -> None:
    """Another process sees the old file or the new one, never a part of it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def all_designs(sweep: Sweep) -> NDArray[np.int64]:
    """The designs that a whole run would try, in its order."""
    search = sweep.search
    if search["searcher"] not in FIXED_SEARCHERS:
        known = ", ".join(FIXED_SEARCHERS)
        raise ClusterError(
            f"{search['searcher']} chooses by what came of earlier designs, so that its designs "
            f"cannot be handed out beforehand\nhint: take one of {known}, or --executor ray"
        )
    searcher = Searcher(sweep, search["searcher"], search["budget"], search["seed"])
    batches: list[NDArray[np.int64]] = []
    left = search["budget"]
    while left > 0:
        batch = searcher.ask(min(search["batch"], left))
        if len(batch) == 0:
            break
        batches.append(batch)
        left -= len(batch)
    empty = np.empty((0, len(sweep.space.parameters)), dtype=np.int64)
    return np.concatenate(batches) if batches else empty


@dataclass(frozen=True)
class Plan:
    """What is to be evaluated, and where the results lie."""

    folder: Path
    text: str  # the sweep as YAML
    count: int  # shards

    @classmethod
    def make(cls, folder: Path, sweep: Sweep, count: int) -> Plan:
        """Writes a plan of `count` shards, or finds the one that is there. Raises ClusterError when
        the folder holds that of another sweep."""
        if count < 1:
            raise ClusterError(f"{count} shards; at least 1 is needed")
        path = folder / "plan.json"
        if path.exists():
            plan = cls.load(folder)
            if plan.text != sweep.text:
                raise ClusterError(
                    f"{folder}: the folder holds the plan of another sweep\nhint: name another "
                    f"folder with --folder, or undo the change"
                )
            return plan
        plan = cls(folder, sweep.text, min(count, max(1, len(all_designs(sweep)))))
        for name in ("results", "logs"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        content = {"version": VERSION, "shards": plan.count, "sweep": plan.text}
        write_whole(path, json.dumps(content, indent=1).encode())
        return plan

    @classmethod
    def load(cls, folder: Path) -> Plan:
        path = folder / "plan.json"
        try:
            content = json.loads(path.read_text())
        except FileNotFoundError as error:
            raise ClusterError(
                f"{folder}: there is no plan here\nhint: it is made by `sluice sweep "
                f"FILE --executor slurm --folder {folder}`"
            ) from error
        except ValueError as error:
            raise ClusterError(f"{path}: not a plan: {error}") from error
        if content.get("version") != VERSION:
            raise ClusterError(
                f"{path}: a plan of version {content.get('version')}, this sluice knows {VERSION}"
            )
        return cls(folder, content["sweep"], content["shards"])

    @cached_property
    def sweep(self) -> Sweep:
        return Sweep("plan", text=self.text)

    @cached_property
    def designs(self) -> NDArray[np.int64]:
        return all_designs(self.sweep)

    def shard(self, index: int) -> NDArray[np.int64]:
        """The designs of a shard; sizes differ by one at most."""
        return np.array_split(self.designs, self.count)[index]

    def result_path(self, index: int) -> Path:
        content = self.text.encode() + self.shard(index).tobytes()
        digest = hashlib.sha256(content).hexdigest()[:16]
        return self.folder / "results" / f"{index:06}-{digest}.json"

    def missing(self) -> list[int]:
        """Shards that have no result."""
        return [index for index in range(self.count) if not self.result_path(index).exists()]

    def work(self, index: int) -> None:
        """Evaluates a shard, unless that was done."""
        path = self.result_path(index)
        if path.exists():
            return
        answer: dict[str, Any] = self.sweep.evaluate(self.shard(index)).arrays()
        answer["designs"] = answer["designs"].tolist()
        answer["metrics"] = answer["metrics"].tolist()
        write_whole(path, json.dumps(answer).encode())

    def merge(self, store: str | os.PathLike[str]) -> Trials:
        """Writes the study that a run on one machine would have written; merging again changes
        nothing. Raises ClusterError when a shard is missing."""
        missing = self.missing()
        if missing:
            raise ClusterError(
                f"{len(missing)} of {self.count} shards have no result yet: {ranges(missing)}"
            )
        known: dict[bytes, tuple[Any, ...]] = {}
        for index in range(self.count):
            self._read(index, known)

        def look_up(designs: NDArray[np.int64]) -> Trials:
            rows = [known[row.tobytes()] for row in designs]
            values, status, reason, bottleneck, stalls = zip(*rows, strict=True)
            metrics = np.array(values, dtype=np.float64)
            return Trials(
                self.sweep.space, self.sweep.objectives, designs, metrics, status, reason,
                bottleneck, stalls,
            )  # fmt: skip

        return Study(store, self.sweep).run(evaluate=look_up)

    def _read(self, index: int, known: dict[bytes, tuple[Any, ...]]) -> None:
        answer = json.loads(self.result_path(index).read_text())
        rows = zip(
            np.array(answer["designs"], dtype=np.int64).reshape(-1, self.designs.shape[1]),
            answer["metrics"], answer["status"], answer["reason"], answer["bottleneck"],
            answer["stalls"], strict=True,
        )  # fmt: skip
        for design, *result in rows:
            known[design.tobytes()] = tuple(result)


def ranges(numbers: list[int]) -> str:
    """`0-3,7`, as Slurm writes lists of array tasks."""
    parts: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if parts and parts[-1][1] == number - 1:
            parts[-1] = (parts[-1][0], number)
        else:
            parts.append((number, number))
    return ",".join(f"{a}-{b}" if a != b else str(a) for a, b in parts)
