#!/usr/bin/env python3
"""Writes the backend tests of the installed `onnx` package to a folder.

    scripts/export_backend_suite.py FOLDER

The result has the layout that tests/onnx reads: FOLDER/{node,simple,pytorch-operator,pytorch-converted}/TEST with
model.onnx and test_data_set_N/, and FOLDER/light with the networks of the "real" tests that come with the package. Run
the tests on it with TENON_ONNX_BACKEND=FOLDER.
"""

import pathlib
import shutil
import sys

import onnx
from onnx import TensorProto, numpy_helper
from onnx.backend.test import loader
from onnx.backend.test.case import model as model_tests


def serialized(value, declared):
    """One input or output as the protobuf message that its declared kind wants."""
    if isinstance(value, TensorProto):
        return value.SerializeToString()
    kind = declared.type.WhichOneof("value")
    convert = {
        "map_type": numpy_helper.from_dict,
        "sequence_type": numpy_helper.from_list,
        "optional_type": numpy_helper.from_optional,
    }.get(kind, numpy_helper.from_array)
    return convert(value, declared.name).SerializeToString()


def write_case(case, folder):
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(case.model.SerializeToString())
    for index, data in enumerate(case.data_sets):
        set_folder = folder / f"test_data_set_{index}"
        set_folder.mkdir()
        for name, values, declared in zip(
            ("input", "output"), data, (case.model.graph.input, case.model.graph.output)
        ):
            for i, value in enumerate(values):
                (set_folder / f"{name}_{i}.pb").write_bytes(serialized(value, declared[i]))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    target = pathlib.Path(sys.argv[1])
    cases = loader.load_node_model_tests() + [c for c in model_tests.collect_testcases() if c.kind == "simple"]
    for case in cases:
        write_case(case, target / case.kind / case.name)
    data = pathlib.Path(loader.DATA_DIR)
    for kind in ("simple", "pytorch-operator", "pytorch-converted", "light"):
        shutil.copytree(data / kind, target / kind, dirs_exist_ok=True)
    print(f"onnx {onnx.__version__}: {sum(1 for _ in target.glob('*/*/model.onnx'))} tests in {target}")


if __name__ == "__main__":
    main()
