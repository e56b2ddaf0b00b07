# SPDX-License-Identifier: Apache-2.0
"""`sluice benchmark` as a user meets it."""

import csv

SPACE = """\
name: tiny
experiment: {workload: {model: network.yaml}, architecture: {include: machine.yaml}}
parameters:
  rows: {path: architecture.array.rows, integers: [1, 12]}
  columns: {path: architecture.array.columns, integers: [1, 12]}
objectives: [cycles]
"""


def test_searchers_are_compared_and_the_truth_is_kept(project):
    project.write("tiny.yaml", SPACE)
    words = [
        "benchmark",
        "tiny.yaml",
        "--searcher",
        "genetic",
        "--budget",
        16,
        "--budget",
        144,
        "--seeds",
        4,
        "--batch",
        4,
        "--csv",
        "search.csv",
    ]
    done = project.sluice(*words)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("tiny: 144 designs, 144 feasible, best cycles ")
    assert "16 evaluations" in done.out
    assert project.sluice(*words).out.split("seconds")[0] == done.out.split("seconds")[0]
    assert "out/truth/tiny.truth" in project.files()
    rows = list(csv.DictReader((project.folder / "search.csv").open()))
    assert [(row["searcher"], row["budget"]) for row in rows] == [
        ("random", "16"),
        ("random", "144"),
        ("genetic", "16"),
        ("genetic", "144"),
    ]
    for row in rows:  # with as many evaluations as designs the best is found
        assert row["budget"] == "16" or float(row["third_quartile"]) == 0


def test_mistakes_are_told(project):
    project.write("tiny.yaml", SPACE)
    done = project.sluice("benchmark", "tiny.yaml", "--searcher", "genetics")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "searcher: error: there is no searcher 'genetics'\nhint: did you mean 'genetic'?\n"
    )
    project.write("large.yaml", SPACE.replace("[1, 12]", "[1, 4096]"))
    done = project.sluice("benchmark", "large.yaml")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "tiny: error: a space of 1.678e+07 designs is not enumerated, at most "
        "5000000 are\nhint: use a smaller space\n"
    )


def test_settings_of_a_searcher_are_drawn_and_their_spread_is_told(project):
    project.write("tiny.yaml", SPACE)
    words = [
        "benchmark",
        "tiny.yaml",
        "--searcher",
        "genetic",
        "--budget",
        16,
        "--seeds",
        2,
        "--batch",
        4,
        "--configurations",
        3,
        "--csv",
        "search.csv",
    ]
    done = project.sluice(*words)
    assert (done.code, done.err) == (0, "")
    header, _, *table = done.out.splitlines()[3:]
    assert header.split() == [
        "16",
        "evaluations",
        "settings",
        "best",
        "quartile",
        "median",
        "quartile",
        "worst",
        "usual",
        "over",
        "seeds",
    ]
    assert [row.split()[:2] for row in table if row] == [["random", "1"], ["genetic", "4"]]
    rows = [row["searcher"] for row in csv.DictReader((project.folder / "search.csv").open())]
    assert rows[:2] == ["random", "genetic"]
    assert all(row.startswith("genetic:population=") for row in rows[2:])
    assert len(set(rows)) == 5
    project.sluice(*words, "--configuration-seed", 2)
    others = [row["searcher"] for row in csv.DictReader((project.folder / "search.csv").open())]
    assert rows[2:] != others[2:]
