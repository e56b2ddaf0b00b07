# SPDX-License-Identifier: Apache-2.0
"""scripts/check_layers: each rule has a tree that keeps it and a tree that breaks it."""

import types
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader

import pytest
from repository import ROOT

SPDX = "SPDX-License-Identifier: Apache-2.0\n"

LOADER = SourceFileLoader("check_layers", str(ROOT / "scripts" / "check_layers"))
check_layers = module_from_spec(spec_from_loader(LOADER.name, LOADER))
LOADER.exec_module(check_layers)


@pytest.fixture
def check_tree(capsys):
    """Checks the tree under a folder: exit code and output."""

    def run(root):
        code = check_layers.main(["--root", str(root)])
        return types.SimpleNamespace(returncode=code, stdout=capsys.readouterr().out)

    return run


@pytest.fixture
def check(check_tree, tmp_path, write):
    """Checks a tree of the given files; a source gets its SPDX line, a room its README."""

    def run(files, readmes=True):
        for path, text in files.items():
            write(path, ("// " if path.endswith((".cpp", ".hpp")) else "# ") + SPDX + text)
        for top in {path.split("/")[0] for path in files if "/" in path}:
            if readmes:
                write(f"{top}/README.md", f"# {top}\n")
        return check_tree(tmp_path)

    return run


def include(name):
    return f"#include {name}\n"


def test_the_repository_itself_is_in_order(run_script):
    done = run_script("check_layers")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "includer, included",
    [
        ("base", "base"),
        ("workloads", "base"),
        ("arch", "base"),
        ("mapper", "workloads"),
        ("mapper", "arch"),
        ("sim", "mapper"),
        ("dse", "sim"),
        ("cli", "dse"),
        ("cli", "base"),
    ],
)
def test_a_room_sees_itself_and_the_rooms_to_its_left(check, includer, included):
    done = check({f"{includer}/a.cpp": include(f'"{included}/b.hpp"')})
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "includer, included",
    [
        ("base", "arch"),
        ("workloads", "arch"),
        ("arch", "workloads"),
        ("arch", "mapper"),
        ("mapper", "sim"),
        ("sim", "dse"),
        ("dse", "cli"),
        ("sim", "cli"),
    ],
)
def test_a_room_does_not_see_the_rooms_to_its_right(check, includer, included):
    done = check({f"{includer}/a.cpp": include(f'"{included}/b.hpp"')})
    assert done.returncode == 1
    assert (
        f'{includer}/a.cpp:2: error: {includer} may not include "{included}/b.hpp"' in done.stdout
    )


def test_the_tests_of_a_room_see_what_the_room_sees(check):
    assert check({"tests/mapper/test_a.cpp": include('"arch/b.hpp"')}).returncode == 0
    done = check({"tests/arch/test_a.cpp": include('"mapper/b.hpp"')})
    assert "arch may not include" in done.stdout


def test_an_include_in_quotes_begins_with_a_room(check):
    done = check({"base/a.cpp": include('"b.hpp"')})
    assert 'base/a.cpp:2: error: "b.hpp" does not begin with a room' in done.stdout


def test_only_tests_and_benchmarks_include_tests(check):
    assert check({"benchmarks/a.cpp": include('"tests/sim/machine.hpp"')}).returncode == 0
    done = check({"sim/a.cpp": include('"tests/sim/machine.hpp"')})
    assert "only tests and benchmarks include tests" in done.stdout


def test_a_room_links_only_rooms_to_its_left(check):
    good = check({"mapper/CMakeLists.txt": "sluice_library(sluice_mapper LINK sluice_arch)\n"})
    assert good.returncode == 0, good.stdout
    bad = check({"arch/CMakeLists.txt": "sluice_library(sluice_arch LINK sluice_mapper)\n"})
    assert "arch/CMakeLists.txt:2: error: arch may not link sluice_mapper" in bad.stdout


@pytest.mark.parametrize(
    "path, header",
    [
        ("sim/tile/a.cpp", "<systemc>"),
        ("sim/pe/a.hpp", "<systemc.h>"),
        ("sim/tile/a.cpp", "<tlm_utils/simple_target_socket.h>"),
        ("tests/sim/test_a.cpp", "<systemc>"),
        ("base/yaml.cpp", "<yaml-cpp/yaml.h>"),
        ("base/yaml_text.cpp", "<yaml-cpp/yaml.h>"),
        ("dse/study.cpp", "<sqlite3.h>"),
        ("cli/main.cpp", "<CLI/CLI.hpp>"),
        ("tests/base/test_a.cpp", "<doctest/doctest.h>"),
        ("mapper/a.cpp", "<fmt/format.h>"),
        ("sim/pe/a.hpp", "<Eigen/Core>"),
        ("base/a.hpp", "<string_view>"),
        ("base/a.cpp", "<unistd.h>"),
    ],
)
def test_a_third_party_in_its_place_is_fine(check, path, header):
    done = check({path: include(header)})
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "path, header, message",
    [
        ("sim/graph/a.cpp", "<systemc>", "SystemC belongs only to sim/tile/, sim/pe/"),
        ("mapper/a.cpp", "<tlm.h>", "SystemC belongs only to"),
        ("tests/mapper/a.cpp", "<systemc>", "SystemC belongs only to"),
        ("base/read.cpp", "<yaml-cpp/yaml.h>", "yaml-cpp belongs only to base/yaml"),
        ("workloads/yaml.cpp", "<yaml-cpp/yaml.h>", "yaml-cpp belongs only to"),
        ("dse/evaluate.cpp", "<sqlite3.h>", "SQLite belongs only to dse/study"),
        ("sim/a.cpp", "<CLI/CLI.hpp>", "CLI11 belongs only to cli/"),
        ("base/a.cpp", "<doctest/doctest.h>", "doctest belongs only to tests/"),
        ("base/yaml.hpp", "<yaml-cpp/yaml.h>", "yaml-cpp in a public header"),
        ("sim/a.hpp", "<fmt/format.h>", "fmt in a public header"),
        ("sim/a.hpp", "<boost/graph/adjacency_list.hpp>", "Boost in a public header"),
        ("base/a.cpp", "<unheard/of.h>", "<unheard/of.h> is of no known third party"),
    ],
)
def test_a_third_party_out_of_its_place_is_an_error(check, path, header, message):
    done = check({path: include(header)})
    assert done.returncode == 1
    assert f"{path}:2: error: " in done.stdout
    assert message in done.stdout


def test_a_header_that_brings_systemc_along_stays_inside(check):
    files = {
        "sim/tile/module.hpp": include("<systemc>"),
        "sim/tile/outer.hpp": include('"sim/tile/module.hpp"'),
        "sim/pe/a.cpp": include('"sim/tile/outer.hpp"'),
    }
    assert check(files).returncode == 0
    done = check({**files, "sim/report/a.cpp": include('"sim/tile/outer.hpp"')})
    assert 'sim/report/a.cpp:2: error: "sim/tile/outer.hpp" brings SystemC along' in done.stdout


@pytest.mark.parametrize("path", ["base/a.cpp", "base/b.hpp", "scripts/c", "CMakeLists.txt"])
def test_a_source_without_its_licence_is_an_error(check_tree, tmp_path, write, path):
    write(path, "#!/bin/sh\n")
    done = check_tree(tmp_path)
    assert done.returncode == 1
    assert f'{path}:1: error: no line "SPDX-License-Identifier: Apache-2.0"' in done.stdout


def test_a_file_of_400_lines_is_fine_and_one_of_401_is_a_warning(check):
    assert "0 warnings" in check({"base/a.cpp": "\n" * 399}).stdout
    done = check({"base/a.cpp": "\n" * 400})
    assert done.returncode == 0
    assert "base/a.cpp:1: warning: 401 lines, more than 400" in done.stdout


def test_a_room_needs_a_readme(check):
    done = check({"base/a.cpp": ""}, readmes=False)
    assert "base/README.md:1: error: the room base has no README" in done.stdout


def test_a_readme_of_a_room_has_at_most_30_lines(check, write):
    write("configs/README.md", "line\n" * 30)
    assert check({"base/a.cpp": ""}).returncode == 0
    write("configs/README.md", "line\n" * 31)
    done = check({"base/a.cpp": ""})
    assert "configs/README.md:1: error: 31 lines, at most 30" in done.stdout


def test_build_folders_are_not_looked_at(check):
    done = check({"base/a.cpp": "", "build-dev/b.cpp": include('"nowhere.hpp"')})
    assert done.returncode == 0, done.stdout


def test_a_tree_without_sources_is_a_wrong_argument(run_script, tmp_path):
    assert run_script("check_layers", "--root", tmp_path).returncode == 2
    assert run_script("check_layers", "--root", tmp_path / "nowhere").returncode == 2
