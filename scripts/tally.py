#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts the results that scripts/test left in a folder and prints `N passed, N failed`.

Reads the JUnit files (*.xml) of ctest and pytest, and one word (`passed` or `failed`) from each
*.check. A doctest program counts by its test cases, everything else by its entries.
"""

import re
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

DOCTEST = re.compile(r"\[doctest\] test cases:\s*\d+\s*\|\s*(\d+) passed\s*\|\s*(\d+) failed")


def count_case(case):
    """(passed, failed, skipped) of one JUnit test case."""
    if case.find("skipped") is not None or case.get("status") in ("notrun", "disabled"):
        return 0, 0, 1
    failed = case.find("failure") is not None or case.find("error") is not None
    doctest = DOCTEST.search(case.findtext("system-out") or "")
    if doctest is None:
        return (0, 1, 0) if failed else (1, 0, 0)
    passed_cases, failed_cases = int(doctest[1]), int(doctest[2])
    # A program may fail beside its cases: a leak found at exit, say.
    return passed_cases, max(failed_cases, int(failed)), 0


def tally(folder):
    total = [0, 0, 0]
    for path in sorted(folder.glob("*.xml")):
        for case in ElementTree.parse(path).iter("testcase"):
            total = [a + b for a, b in zip(total, count_case(case), strict=True)]
    for path in sorted(folder.glob("*.check")):
        total[path.read_text().strip() != "passed"] += 1
    return tuple(total)


def main():
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        sys.exit(f"usage: {Path(sys.argv[0]).name} FOLDER\n\n{__doc__}")
    passed, failed, skipped = tally(Path(sys.argv[1]))
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))


if __name__ == "__main__":
    main()
