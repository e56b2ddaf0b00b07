# SPDX-License-Identifier: Apache-2.0
"""Slurm on this machine alone: munged, slurmctld and slurmd, started here with all that is theirs
in one folder, and ended with it. Needs root, as slurmd does."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "scontrol")
NODE_SECONDS = 60  # until the node may be used

CONFIGURATION = """\
ClusterName=sluice
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmctldPort={controller_port}
SlurmdPort={node_port}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MaxArraySize={most_tasks}
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def obstacle() -> str | None:
    """Why Slurm cannot be run here."""
    path = f"{os.environ['PATH']}:/usr/sbin"
    absent = [name for name in PROGRAMS if shutil.which(name, path=path) is None]
    if absent:
        return f"{absent[0]} is not installed: apt-get install munge slurmctld slurmd slurm-client"
    if os.geteuid() != 0:
        return "slurmd needs root"
    return None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(holds: Callable[[], bool], seconds: float, what: str) -> None:
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(0.1)


class SlurmCluster:
    """With `most_tasks` as MaxArraySize."""

    def __init__(self, folder: Path, most_tasks: int) -> None:
        self.folder = folder
        self.environment = os.environ | {
            "SLURM_CONF": str(folder / "slurm.conf"),
            "PATH": f"{os.environ['PATH']}:/usr/sbin",
        }
        self._daemons: list[subprocess.Popen[bytes]] = []
        for name in ("state", "spool"):
            (folder / name).mkdir()
        key = folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        text = CONFIGURATION.format(
            host=socket.gethostname().split(".")[0],
            folder=folder,
            controller_port=free_port(),
            node_port=free_port(),
            most_tasks=most_tasks,
        )
        (folder / "slurm.conf").write_text(text)

    def __enter__(self) -> SlurmCluster:
        names = ("socket", "pid", "log", "seed")
        files = [f"--{n if n == 'socket' else n + '-file'}={self.folder}/munge.{n}" for n in names]
        try:
            self._start("munged", "--foreground", "--force", *files,
                        f"--key-file={self.folder}/munge.key")  # fmt: skip
            wait_until((self.folder / "munge.socket").exists, 10, "munged")
            self._start("slurmctld", "-D", "-c")
            self._start("slurmd", "-D")
            wait_until(self._is_idle, NODE_SECONDS, "an idle node")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if (self.folder / "munge.socket").exists():
            self.run("scancel", "--user=root", check=False)
        for daemon in reversed(self._daemons):
            daemon.terminate()
        for daemon in reversed(self._daemons):
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()

    def run(self, *words: str, check: bool = True) -> str:
        done = subprocess.run(
            words, env=self.environment, capture_output=True, text=True, check=False, timeout=60
        )
        if check and done.returncode != 0:
            raise RuntimeError(f"{' '.join(words)}: {done.stderr}{done.stdout}")
        return done.stdout

    def states(self) -> dict[int, str]:
        """Of the tasks that Slurm still has, by their index."""
        lines = self.run("squeue", "--noheader", "--array", "--format=%K %T").splitlines()
        return {int(index): state for index, state in map(str.split, lines)}

    def wait_for_end(self, seconds: float) -> None:
        wait_until(lambda: not self.states(), seconds, "the end of all tasks")

    def _start(self, *words: str) -> None:
        with (self.folder / f"{words[0]}.out").open("wb") as output:
            daemon = subprocess.Popen(
                words, env=self.environment, stdout=output, stderr=output, stdin=subprocess.DEVNULL
            )
        self._daemons.append(daemon)

    def _is_idle(self) -> bool:
        return self.run("sinfo", "--noheader", "--format=%T", check=False).strip() == "idle"
