#!/usr/bin/env python3
"""Checks that no code of a higher ISA level can be merged into code that every machine runs.

An object compiled for AVX-512, say, that contains an out-of-line copy of an inline function or template offers it
to the linker, which keeps one copy of all that it finds, perhaps this one. Objects of ISA levels therefore may
define no such (weak) function, unless its name carries their level.

Usage: check_isa_objects.py BUILD_TREE [--nm NM]
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tree", type=pathlib.Path)
    parser.add_argument("--nm", default="nm")
    arguments = parser.parse_args()

    commands = json.loads((arguments.tree / "compile_commands.json").read_text())
    problems = []
    checked = 0
    for entry in commands:
        level = re.search(r"-DTENON_KERNEL_ISA=(\w+)", entry["command"])
        if level is None:
            continue
        item = pathlib.Path(entry["directory"]) / re.search(r" -o (\S+)", entry["command"]).group(1)
        if not item.exists():
            problems.append(f"{item} is missing: build first")
            continue
        checked += 1
        nm = [arguments.nm, "--demangle", "--defined-only", str(item)]
        listing = subprocess.run(nm, check=True, capture_output=True, text=True)
        own = re.compile(rf"(?<![a-z0-9]){level.group(1)}(?![a-z0-9])")
        for line in listing.stdout.splitlines():
            match = re.match(r"[0-9a-f]+ W (.*)", line)
            if match and not own.search(match.group(1)):
                name = pathlib.Path(entry["file"]).name
                problems.append(f"{name} ({level.group(1)}) defines the mergeable {match.group(1)}")
    for problem in problems:
        print(problem)
    print(f"{checked} objects of ISA levels checked, {len(problems)} problems")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
