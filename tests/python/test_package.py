# SPDX-License-Identifier: Apache-2.0
import json
import subprocess
import sys
import sysconfig
import threading
from pathlib import Path

import numpy as np
import pytest
import sluice

COMMAND = Path(sysconfig.get_path("scripts"), "sluice")
RUN = "configs/run/quickstart.yaml"


def test_a_run_is_what_the_command_gives(root):
    report = sluice.simulate(root / RUN, fidelity="analytic")
    words = [COMMAND, "run", root / RUN, "--fidelity", "analytic", "--json", "-"]
    text = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    assert report.data == json.loads(text)
    assert report.cycles == report.layers["cycles"].sum() > 0
    assert report.bottleneck and report.feasible


def test_settings_change_the_run(root):
    small = sluice.simulate(root / RUN, {"architecture.array.rows": 8}, fidelity="analytic")
    assert small.cycles > sluice.simulate(root / RUN, fidelity="analytic").cycles


def test_an_infeasible_design_is_an_answer(root):
    answer = sluice.simulate(
        root / RUN, {"architecture.scratchpads.0.capacity": "16 B"}, fidelity="analytic"
    )
    assert isinstance(answer, sluice.Infeasible)
    assert answer.needed > answer.available == 16
    assert str(answer).startswith("infeasible: ")


def test_a_mistake_has_its_place(root):
    with pytest.raises(sluice.InputError) as caught:
        sluice.simulate(root / RUN, {"architecture.array.rosw": 8})
    assert "did you mean 'rows'?" in str(caught.value)
    assert caught.value.diagnostics[0]["hint"] == "did you mean 'rows'?"
    assert isinstance(caught.value, ValueError)


def test_a_missing_file_is_a_mistake_of_the_input():
    with pytest.raises(sluice.InputError, match=r"none\.yaml: error: "):
        sluice.simulate("none.yaml")


def test_a_dict_is_a_run_file(root):
    run = {
        "workload": {"model": "alexnet"},
        "architecture": {"include": str(root / "configs/arch/tpu_like_edge.yaml")},
    }
    assert sluice.simulate(run, fidelity="analytic").data["network"]["name"] == "alexnet"


def test_tile_runs_in_threads_one_after_the_other(root):
    cycles = []
    run = {
        "workload": {"model": "alexnet"},
        "architecture": {"include": str(root / "configs/arch/tpu_like_edge.yaml")},
    }
    threads = [
        threading.Thread(target=lambda: cycles.append(sluice.simulate(run).cycles))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(cycles) == 3 and len(set(cycles)) == 1


def test_cascades(root):
    folder = root / "configs/cascades"
    one = sluice.Cascade.load(folder / "attention_1pass.yaml")
    three = sluice.Cascade.load(folder / "attention_3pass.yaml")
    assert one.name == "attention_1pass"
    assert one.facts["passes"]
    assert all(d.relative < 1e-12 for d in sluice.compare(one, three))


def test_designs_go_there_and_back(small_sweep):
    sweep = sluice.Sweep(small_sweep)
    designs = sweep.draw(50, seed=5)
    assert designs.shape == (50, 4)
    assert (sweep.space.encode(sweep.space.decode(designs)) == designs)[designs >= 0].all()
    assert sweep.space.parameters[0].value(2) == 16
    with pytest.raises(ValueError, match="rows: there is no value 5; known: 4, 8, 16, 32"):
        sweep.space.encode([{"rows": 5}])


def test_a_batch_is_what_single_runs_give(small_sweep):
    sweep = sluice.Sweep(small_sweep)
    trials = sweep.evaluate(sweep.draw(8, seed=2))
    for row in range(len(trials)):
        run = sluice.simulate(
            small_sweep["experiment"], sweep.settings(trials.designs[row]), fidelity="analytic"
        )
        assert run.cycles == trials.metric("cycles")[row]
    assert list(trials.frame().columns[:4]) == sweep.space.names


def test_a_design_out_of_range_is_refused(small_sweep):
    sweep = sluice.Sweep(small_sweep)
    with pytest.raises(sluice.InputError, match="rows: value 4, it must be from 0 to 3, or -1"):
        sweep.evaluate(np.array([[4, 0, 0, 0]]))


def test_a_study_survives_and_goes_on(small_sweep, tmp_path):
    store = tmp_path / "s.sqlite"
    counts = []
    study = sluice.Study(store, sluice.Sweep(small_sweep))
    study.run(lambda done: counts.append(done) or done < 16)
    assert counts == [0, 8, 16]
    trials = study.run()
    assert len(trials) > 16
    again = sluice.Study(store).trials()
    assert (again.designs == trials.designs).all()
    assert set(trials.front()) <= set(range(len(trials)))
    assert trials.best() is not None
    assert study.info["trials"] == len(trials)


def test_the_best_are_confirmed_as_by_the_command(small_sweep, tmp_path):
    small_sweep["confirm"] = {"fidelity": "tile", "count": 3}
    study = sluice.Study(tmp_path / "s.sqlite", sluice.Sweep(small_sweep))
    study.run(lambda done: done < 16)
    assert len(study.confirmed()) == 0  # the search has not ended
    trials = study.run()
    confirmed = study.confirmed()
    assert confirmed.fidelities == ("tile",) * 3
    assert (confirmed.trials.designs == trials.designs[confirmed.numbers]).all()
    at_tile = sluice.Sweep(small_sweep | {"fidelity": "tile"}).evaluate(confirmed.trials.designs)
    assert (confirmed.trials.metric("cycles") == at_tile.metric("cycles")).all()
    assert (confirmed.trials.metric("cycles") >= trials.metric("cycles")[confirmed.numbers]).all()
    assert list(confirmed.frame().index) == list(confirmed.numbers)

    file = tmp_path / "small.json"
    file.write_text(json.dumps(small_sweep))
    words = [COMMAND, "sweep", file, "--store", tmp_path / "c.sqlite", "--quiet"]
    subprocess.run(words, check=True)
    other = sluice.Study(tmp_path / "c.sqlite").confirmed()
    assert (other.numbers == confirmed.numbers).all()
    assert np.array_equal(other.trials.metrics, confirmed.trials.metrics, equal_nan=True)


def test_asking_and_telling_is_what_a_study_does(small_sweep, tmp_path):
    sweep = sluice.Sweep(small_sweep)
    whole = sluice.Study(tmp_path / "s.sqlite", sweep).run()
    searcher = sluice.Searcher(sweep, "random", budget=40, seed=3)
    rows = []
    while len(rows) < len(whole):
        trials = sweep.evaluate(searcher.ask(8))
        searcher.tell(trials)
        rows.extend(trials.designs)
    assert (np.array(rows) == whole.designs).all()
    assert "random" in sluice.searchers()


def test_a_wrong_searcher_has_a_near_name(small_sweep):
    with pytest.raises(sluice.InputError, match="did you mean 'random'"):
        sluice.Searcher(sluice.Sweep(small_sweep), "randon")


def test_the_heavy_libraries_wait():
    code = "import sys, sluice; print('pandas' in sys.modules, 'pettingzoo' in sys.modules)"
    words = [sys.executable, "-c", code]
    text = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    assert text == "False False\n"
