"""The official suite of ONNX through tenon.backend, without what tests/onnx/exclusions.txt lists.

Tests of whole networks download them and are left out.
"""

from __future__ import annotations

import sys
import unittest
from collections.abc import Callable

from support import ROOT, needs

needs("onnx")

import numpy as np  # noqa: E402
import onnx  # noqa: E402
import onnx.backend.test  # noqa: E402
import tenon  # noqa: E402
from tenon.backend import TenonBackend, TenonBackendRep  # noqa: E402


def exclusions() -> dict[str, dict[str, str]]:
    """Operators, and tests whatever else is made of them, each with its reason."""
    found: dict[str, dict[str, str]] = {"operator": {}, "test": {}}
    for line in (ROOT / "tests/onnx/exclusions.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            kind, name, reason = line.split(maxsplit=2)
            found["operator" if kind == "operator" else "test"][name] = reason
    return found


EXCLUDED = exclusions()


def operators(graph: onnx.GraphProto) -> set[str]:
    """Qualified as in the exclusions, those of nested graphs included."""
    names = set()
    for node in graph.node:
        names.add(f"{node.domain}.{node.op_type}" if node.domain not in ("", "ai.onnx") else node.op_type)
        for attribute in node.attribute:
            for inner in [attribute.g, *attribute.graphs]:
                names |= operators(inner)
    return names


def skips_missing_codecs(run: Callable[..., tuple]) -> Callable[..., tuple]:
    """Builds without an optional library say so when a picture needs it."""

    def guarded(*arguments: object, **options: object) -> tuple:
        try:
            return run(*arguments, **options)
        except tenon.ModelError as error:
            if "this build of Tenon cannot read" in str(error):
                raise unittest.SkipTest(str(error)) from error
            raise

    return guarded


class Backend(TenonBackend):
    """One thread and no measuring: the suite is about answers."""

    @classmethod
    def prepare(cls, model: onnx.ModelProto, device: str = "CPU", **kwargs: object) -> TenonBackendRep:
        missing = operators(model.graph) & EXCLUDED["operator"].keys()
        if missing:
            raise unittest.SkipTest(f"not supported yet: {', '.join(sorted(missing))}")
        options = {name: value for name, value in kwargs.items() if name not in ("rtol", "atol")}
        rep = super().prepare(model, device, threads=1, measure=False, portable=False, **options)
        rep.run = skips_missing_codecs(rep.run)
        return rep

    @classmethod
    def supports_device(cls, device: str) -> bool:
        return device == "CPU"


class Suite(onnx.backend.test.BackendTest):
    """The official runner, which asks the elements of sequences for their length: scalars have none."""

    @classmethod
    def assert_similar_outputs(cls, ref_outputs: list, outputs: list, rtol: float, atol: float,
                               model_dir: str | None = None) -> None:
        assert len(outputs) == len(ref_outputs), f"{len(outputs)} values instead of {len(ref_outputs)}"
        for expected, found in zip(ref_outputs, outputs):
            if isinstance(found, list) and isinstance(expected, (list, tuple)):
                cls.assert_similar_outputs(expected, found, rtol, atol, model_dir)
            else:
                # Two units in the last place, which the runner allows bfloat16 too.
                half = getattr(found, "dtype", None) == np.float16
                super().assert_similar_outputs([expected], [found], max(rtol, 2**-9) if half else rtol, atol, model_dir)


# Zeros come out of sums of numbers up to 50, which NumPy takes in single precision and Tenon in double.
TOLERANCES = {name: {"atol": 50 * np.finfo(np.float32).eps} for name in ("test_dft_inverse", "test_dft_inverse_opset19")}


def load_tests(loader: unittest.TestLoader, *_: object) -> unittest.TestSuite:
    runner = Suite(Backend, __name__, TOLERANCES)
    for name in EXCLUDED["test"]:
        runner.exclude(f"^{name}_cpu$")
    suite = unittest.TestSuite()
    for name, case in sorted(runner.test_cases.items()):
        if "Real" in name:
            continue
        names = [test for test in loader.getTestCaseNames(case) if test.endswith("_cpu")]
        suite.addTests(case(test) for test in names)
    suite.addTest(loader.loadTestsFromTestCase(TheSuite))
    return suite


class TheSuite(unittest.TestCase):
    def test_is_whole(self) -> None:
        runner = Suite(Backend, __name__)
        cpu = [test for case in runner.test_cases.values() for test in dir(case) if test.endswith("_cpu")]
        self.assertGreater(len(cpu), 1500)


if __name__ == "__main__":
    print(f"tenon {tenon.__version__}, onnx {onnx.__version__}", file=sys.stderr)
    unittest.main(verbosity=0)
