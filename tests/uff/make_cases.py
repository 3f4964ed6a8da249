#!/usr/bin/env python3
"""Writes UFF files that cover every operation of the format, with inputs and expected values.

make_cases.py FOLDER makes FOLDER/<case>/ with model.uff, case.json and .npy files; make_cases.py --seeds FOLDER writes the
models alone, as FOLDER/<case>. The expected values are computed here with
numpy, in double precision, from the definition of the TensorFlow operation that the converter had before it: none of Tenon's
formulas is used, and images stay in TensorFlow's order throughout. Prints the operations that the cases cover.
"""

from __future__ import annotations

import sys
from pathlib import Path

from cases import elementwise, inputs, shapes, windows  # noqa: F401: they fill CASES
from cases.case import CASES, Case


def main() -> None:
    folder = Path(sys.argv[-1])
    operations: set[str] = set()
    for name, build in CASES.items():
        one = Case(name)
        build(one)
        if sys.argv[1] == "--seeds":
            (folder / name).write_bytes(one.uff.serialize())
            continue
        one.write(folder / name)
        operations |= one.uff.operations
    if not operations:
        return
    (folder / "operations.txt").write_text("".join(f"{name}\n" for name in sorted(operations)))
    print(f"{len(CASES)} cases, operations: {' '.join(sorted(operations))}")


if __name__ == "__main__":
    main()
