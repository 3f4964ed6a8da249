#!/usr/bin/env python3
"""Checks that includes point downwards only: which room may include headers of which.

Usage: check_includes.py [ROOT]      prints each forbidden include and exits with 1 if there is one
       check_includes.py --self-test  checks the checker
"""

import pathlib
import re
import sys
import tempfile

# Room -> the rooms whose headers its files may include, besides its own and the public headers <tenon/...>.
# The order is the layering. A file belongs to the longest of these names that is a prefix of its path below
# src/.
ALLOWED = {
    "base": [],
    "ir": ["base"],
    "ops": ["base", "ir"],
    "plugins": ["base", "ir", "ops"],
    "importers": ["base", "ir", "ops", "plugins"],
    "exporters": ["base", "ir", "ops", "plugins"],
    "passes": ["base", "ir", "ops"],
    "quant": ["base", "ir", "ops", "passes"],
    "plan": ["base", "ir", "ops"],
    "tactics": ["base", "ir", "ops", "plan"],
    "plan/lowering": ["base", "ir", "ops", "plan", "tactics"],
    "backends": ["base", "ir", "ops", "plan", "tactics"],
    "backends/ref": ["base", "ir", "ops", "plugins", "plan", "tactics", "backends"],
    "backends/plugin": ["base", "ir", "ops", "plugins", "plan", "tactics", "backends", "backends/ref"],
    "backends/cpu": ["base", "ir", "ops", "plan", "tactics", "backends"],
    "backends/cuda": ["base", "ir", "ops", "plan", "tactics", "backends"],
    "runtime": ["base", "ir", "ops", "plugins", "plan", "backends", "backends/ref", "backends/plugin", "backends/cpu"],
    "api": ["base", "ir", "ops", "plugins", "importers", "exporters", "passes", "quant", "plan", "tactics", "plan/lowering",
            "backends", "backends/ref", "backends/plugin", "backends/cpu", "runtime"],
    "bindings": [],
}

# Programs that show how a user works, and the public headers themselves, may not look inside. Other folders
# outside src/ may.
PUBLIC_ONLY = ["include", "examples", "tests/install", "tools"]

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
SUFFIXES = {".hpp", ".cpp", ".h", ".c", ".inc", ".cu", ".cuh"}


def room_of(path):
    """The room of a path relative to src/, or None for a path in no room."""
    matches = [room for room in ALLOWED if path == room or path.startswith(room + "/")]
    return max(matches, key=len) if matches else None


def includes(file):
    for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(1), match.group(2)


def sources(folder):
    return sorted(f for f in folder.rglob("*") if f.suffix in SUFFIXES and f.is_file())


def check(root):
    problems = []
    src = root / "src"
    for file in sources(src):
        own = file.relative_to(src).as_posix()
        room = room_of(own)
        if room is None:
            problems.append(f"{file.relative_to(root)}: src/{own.split('/')[0]} is not a room")
            continue
        for number, kind, name in includes(file):
            target = room_of(name)
            where = f"{file.relative_to(root)}:{number}"
            if target is None:
                if kind == '"' and not (file.parent / name).is_file() and not (src / name).is_file():
                    problems.append(f'{where}: "{name}" is not a path below src/')
            elif target != room and target not in ALLOWED[room]:
                problems.append(f'{where}: {room} may not include {target} ("{name}")')
    for folder in PUBLIC_ONLY:
        for file in sources(root / folder):
            for number, _, name in includes(file):
                if room_of(name) is not None:
                    where = f"{file.relative_to(root)}:{number}"
                    problems.append(f'{where}: only public headers here, not "{name}"')
    return problems


def self_test():
    cases = {
        "src/base/a.cpp": ('#include "base/b.hpp"\n#include <tenon/error.hpp>\n#include <vector>\n', 0),
        "src/base/up.cpp": ('#include "ir/graph.hpp"\n', 1),
        "src/ops/down.cpp": ('  #  include "ir/graph.hpp"\n#include "base/b.hpp"\n', 0),
        "src/runtime/engine.cpp": ('#include "importers/onnx/onnx.hpp"\n#include "passes/pass.hpp"\n'
                                   '#include "quant/q.hpp"\n#include "tactics/choose.hpp"\n'
                                   '#include "plan/plan.hpp"\n#include "plan/lowering/lower.hpp"\n', 5),
        "src/passes/fold.cpp": ('#include "backends/ref/ref.hpp"\n// #include "tactics/choose.hpp"\n', 1),
        "src/backends/cpu/kernels/k.cpp": ('#include "backends/ref/ref.hpp"\n#include "backends/cpu/x.hpp"\n'
                                           '#include "near.inc"\n', 1),
        "src/backends/cpu/kernels/near.inc": ("", 0),
        "src/attic/a.cpp": ("", 1),
        "src/ir/lost.cpp": ('#include "nowhere.hpp"\n', 1),
        "include/tenon/api.hpp": ('#include "ir/graph.hpp"\n', 1),
        "examples/a.cpp": ("#include <tenon/tensor.hpp>\n", 0),
        "tests/unit/t.cpp": ('#include "passes/pass.hpp"\n', 0),
    }
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        for path, (text, _) in cases.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        problems = check(root)
    for path, (_, expected) in cases.items():
        found = sum(problem.startswith(path + ":") for problem in problems)
        if found != expected:
            sys.exit(f"self-test: {path}: {found} problems found, {expected} expected: {problems}")


def main():
    if sys.argv[1:] == ["--self-test"]:
        self_test()
        return
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent)
    problems = check(root)
    for problem in problems:
        print(problem)
    if problems:
        sys.exit(1)


if __name__ == "__main__":
    main()
