# SPDX-License-Identifier: Apache-2.0
"""scripts/tally.py counts what ctest, pytest and the checks left behind."""

import pytest


def case(output="", inside="", status="run"):
    return (
        f'<testcase name="t" status="{status}">{inside}<system-out>{output}</system-out></testcase>'
    )


def doctest(passed, failed):
    return (
        f"[doctest] test cases: {passed + failed} | {passed} passed | {failed} failed | 7 skipped"
    )


@pytest.mark.parametrize(
    "cases, line",
    [
        ([case(), case()], "2 passed, 0 failed"),
        ([case(), case(inside='<failure message="no"/>')], "1 passed, 1 failed"),
        ([case(inside='<error message="no"/>')], "0 passed, 1 failed"),
        ([case(inside="<skipped/>"), case()], "1 passed, 0 failed, 1 skipped"),
        # A doctest program counts by its cases, not by those that another entry runs.
        ([case(doctest(12, 0)), case()], "13 passed, 0 failed"),
        ([case(doctest(12, 3), '<failure message=""/>')], "12 passed, 3 failed"),
        # All its cases pass and yet the program fails: a leak at exit.
        ([case(doctest(12, 0), '<failure message=""/>')], "12 passed, 1 failed"),
        # It crashed before it could count.
        ([case("Segmentation fault", '<failure message=""/>')], "0 passed, 1 failed"),
    ],
)
def test_junit_files_are_counted(run_script, tmp_path, write, cases, line):
    write("1.xml", f"<testsuite>{''.join(cases)}</testsuite>")
    assert run_script("tally.py", tmp_path).stdout == line + "\n"


def test_files_add_up_and_checks_count_as_one_each(run_script, tmp_path, write):
    write("1.xml", f"<testsuite>{case()}</testsuite>")
    write("2.xml", f"<testsuites><testsuite>{case()}{case()}</testsuite></testsuites>")
    write("3.check", "passed\n")
    write("4.check", "failed\n")
    assert run_script("tally.py", tmp_path).stdout == "4 passed, 1 failed\n"


def test_without_a_folder_it_says_how_it_is_used(run_script):
    done = run_script("tally.py")
    assert done.returncode != 0
    assert "usage: tally.py FOLDER" in done.stderr
