#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Regenerates the regression goldens and prints every number that changed.

A regression golden is a folder tests/**/golden/regression/NAME with `expected.json` and a
SOURCE.md that has one line

    Command: `build/sluice run tests/.../run.yaml --json -`

The command runs in the root of the repository; what it prints becomes expected.json. Published
goldens (tests/**/golden/published) hold numbers of papers and are never regenerated.
The commit that changes a golden explains every number that this program prints.
"""

import argparse
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

COMMAND = re.compile(r"^Command: `([^`]+)`\s*$", re.MULTILINE)


class GoldenError(Exception):
    """A golden that cannot be regenerated, and why."""


def recorded_command(folder):
    source = folder / "SOURCE.md"
    if not source.is_file():
        raise GoldenError(f"{folder}: no SOURCE.md")
    commands = COMMAND.findall(source.read_text(encoding="utf-8"))
    if len(commands) != 1:
        raise GoldenError(f"{source}: {len(commands)} lines 'Command: `...`', one is needed")
    return shlex.split(commands[0])


def run_command(command, root):
    """The JSON that the command prints."""
    program = root / command[0]
    if not program.is_file():
        raise GoldenError(f"no program {command[0]}; run: scripts/build")
    done = subprocess.run([program, *command[1:]], cwd=root, capture_output=True, text=True)
    if done.returncode != 0:
        raise GoldenError(f"{shlex.join(command)}: exit code {done.returncode}\n{done.stderr}")
    try:
        return json.loads(done.stdout)
    except json.JSONDecodeError as error:
        raise GoldenError(f"{shlex.join(command)}: prints no JSON: {error}") from error


def leaves(value, path=""):
    """(path, scalar) of everything in a JSON value; list items by name where they have one."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        names = [item.get("name") if isinstance(item, dict) else None for item in value]
        unique = None not in names and len(set(names)) == len(names)
        for index, item in enumerate(value):
            yield from leaves(item, f"{path}[{names[index] if unique else index}]")
    else:
        yield path, value


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def changes(old, new):
    """One line for each leaf that is new, gone or different."""
    before, after = dict(leaves(old)), dict(leaves(new))
    for path in (*before, *(p for p in after if p not in before)):
        if path not in after:
            yield f"{path}: {before[path]!r} -> gone"
        elif path not in before:
            yield f"{path}: new -> {after[path]!r}"
        elif before[path] != after[path] or type(before[path]) is not type(after[path]):
            yield f"{path}: {before[path]!r} -> {after[path]!r}" + ratio(before[path], after[path])


def ratio(old, new):
    if is_number(old) and is_number(new) and old != 0:
        return f" ({100 * (new - old) / abs(old):+.3g} %)"
    return ""


def update(folder, root, write):
    """The lines of what changed in one golden, which is rewritten when `write`."""
    expected = folder / "expected.json"
    new = run_command(recorded_command(folder), root)
    old = json.loads(expected.read_text(encoding="utf-8")) if expected.is_file() else {}
    lines = list(changes(old, new))
    if lines and write:
        expected.write_text(json.dumps(new, indent=2) + "\n", encoding="utf-8")
    return lines


def goldens(root):
    return sorted(p for p in root.glob("tests/**/golden/regression/*") if p.is_dir())


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="*", type=Path, help="these goldens (default: all)")
    parser.add_argument(
        "--check",
        action="store_true",
        help="change nothing; exit code 1 when something would change",
    )
    parser.add_argument(
        "--root", type=Path, default=Path(__file__).resolve().parent.parent, help=argparse.SUPPRESS
    )
    options = parser.parse_args()
    folders = [folder.resolve() for folder in options.folders] or goldens(options.root)
    changed, failed = 0, 0
    for folder in folders:
        try:
            lines = update(folder, options.root, write=not options.check)
        except GoldenError as error:
            print(f"error: {error}", file=sys.stderr)
            failed += 1
            continue
        changed += bool(lines)
        for line in lines:
            print(f"{folder.name}: {line}")
    print(f"{len(folders)} goldens, {changed} changed, {failed} failed")
    return 1 if failed or (options.check and changed) else 0


if __name__ == "__main__":
    sys.exit(main())
