# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C while C++ works."""

import json
import signal
import subprocess
import sys
import time

import sluice

LAYER = {"name": "l", "op": "linear", "rows": 1500, "in_features": 512, "out_features": 512}
CODE = """
import json, sys, sluice
study = sluice.Study(sys.argv[1], sluice.Sweep(json.load(sys.stdin)))
study.run(lambda done: print(done, flush=True) or True)
"""


def test_closer_looks_are_interrupted_and_made_later(root, tmp_path):
    sweep = {
        "name": "interrupted",
        "experiment": {
            "workload": {"network": {"name": "product", "layers": [LAYER]}},
            "architecture": {
                "include": str(root / "configs/arch/tpu_like.yaml"),
                "dram": {"preset": "ideal", "bandwidth": "0 B/cycle"},
                "scratchpads": [
                    {"name": "activations", "capacity": "1 GiB", "holds": ["input", "output"]},
                    {"name": "weights", "capacity": "1 GiB", "holds": ["weight"]},
                ],
                "energy_table": "",
            },
        },
        "parameters": {"rows": {"path": "architecture.array.rows", "integers": [8, 64]}},
        "objectives": ["cycles"],
        "confirm": {"fidelity": "pe", "count": 1},  # every PE in every cycle: minutes
        "search": {"searcher": "random", "budget": 6, "batch": 6, "seed": 3},
    }
    store = tmp_path / "s.sqlite"
    process = subprocess.Popen(
        [sys.executable, "-c", CODE, store],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # A job in the background of a script ignores SIGINT, and so would Python.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    process.stdin.write(json.dumps(sweep))
    process.stdin.close()
    while process.stdout.readline() != "6\n":
        assert process.poll() is None
    time.sleep(0.3)  # the search has ended, and the look begun
    process.send_signal(signal.SIGINT)
    process.wait(20)  # a tenth of a second where the machine has nothing else to do
    assert process.stderr.read().endswith("KeyboardInterrupt\n")
    study = sluice.Study(store, sluice.Sweep(sweep, {"search.timeout": "0.2 s"}))
    assert (len(study.trials()), len(study.confirmed())) == (6, 0)
    study.run()
    assert study.confirmed().trials.reason == ("took longer than 0.2 s",)
