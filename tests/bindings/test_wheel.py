"""A wheel, built as users build it, in a fresh environment: no compiler, none of the distribution's libraries."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# What every Linux with glibc has (manylinux's list, as far as it concerns us), at most in these versions.
LIBRARIES = {"libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1", "ld-linux-x86-64.so.2",
             "ld-linux-aarch64.so.1"}
GLIBC = (2, 39)

PROGRAM = """
import numpy as np, sys, tenon
network = tenon.Network.load(sys.argv[1])
engine = tenon.build(network, shapes={"image": (1, 1, 28, 28)}, threads=1, measure=False)
engine.save(sys.argv[2])
logits = tenon.Engine.load(sys.argv[2]).create_context()(np.zeros((1, 1, 28, 28), np.float32))
assert logits.shape == (1, 10) and np.isfinite(logits).all()
print(tenon.__version__, tenon.__file__)
"""


def reachable() -> bool:
    """Whether pip gets packages here: the build takes them from PyPI, into an environment of its own."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, "nanobind"]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0


def run(*command: object, **options: object) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        raise AssertionError(f"{command}: {done.stdout[-4000:]}{done.stderr[-4000:]}")
    return done.stdout


class Wheel(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        if not reachable():
            raise unittest.SkipTest("module skipped: it needs PyPI")
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.path = Path(cls.folder.name)
        clone = cls.path / "clone"
        run("git", "clone", "--quiet", ROOT, clone)
        env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", cls.path, clone, env=env)
        (cls.wheel,) = cls.path.glob("tenon-*.whl")

    def test_holds_the_package_alone(self) -> None:
        names = zipfile.ZipFile(self.wheel).namelist()
        self.assertEqual({name for name in names if ".dist-info/" not in name and "/_tenon." not in name},
                         {"tenon/__init__.py", "tenon/backend.py", "tenon/py.typed"})
        self.assertEqual(sorted(Path(name).suffix for name in names if "/_tenon." in name), [".pyi", ".so"])
        self.assertIn("LICENSE", {Path(name).name for name in names})

    @unittest.skipIf(shutil.which("objdump") is None, "objdump is not installed")
    def test_needs_nothing_but_the_c_library(self) -> None:
        with zipfile.ZipFile(self.wheel) as archive:
            (module,) = (name for name in archive.namelist() if name.endswith(".so"))
            archive.extract(module, self.path)
        headers = run("objdump", "-p", self.path / module)
        self.assertLessEqual(set(re.findall(r"NEEDED\s+(\S+)", headers)), LIBRARIES)
        self.assertNotIn("RUNPATH", headers)
        versions = [tuple(map(int, version.split("."))) for version in re.findall(r"GLIBC_([0-9.]+)", headers)]
        self.assertLessEqual(max(versions), GLIBC)
        symbols = run("objdump", "-T", self.path / module)
        exported = [line.split()[-1] for line in symbols.splitlines() if " g " in line and "*UND*" not in line]
        self.assertEqual([name for name in exported if "tenon" in name and name != "PyInit__tenon"], [])

    def test_runs_where_there_is_no_compiler(self) -> None:
        venv = self.path / "venv"
        run(sys.executable, "-m", "venv", venv)
        run(venv / "bin/pip", "install", "--quiet", "--only-binary", ":all:", self.wheel)
        env = {"PATH": str(venv / "bin"), "HOME": str(self.path)}
        out = run(venv / "bin/python", "-c", PROGRAM, ROOT / "models/digits/digits.onnx", self.path / "digits.engine",
                  env=env, cwd=self.path)
        self.assertIn(str(venv), out)


if __name__ == "__main__":
    unittest.main()
