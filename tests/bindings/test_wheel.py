"""A wheel, built as users build it, in a fresh environment: no compiler, only libraries that every Linux has."""

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

# What every Linux with glibc has, at most in these versions; manylinux's list, as far as it concerns us.
LIBRARIES = {"libstdc++.so.6", "libgcc_s.so.1", "libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1", "ld-linux-x86-64.so.2",
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
        # Below build/, with its flags and its name of the compiler, so that the compiler's cache knows the files.
        (ROOT / "build").mkdir(exist_ok=True)
        cls.folder = tempfile.TemporaryDirectory(dir=ROOT / "build", prefix="wheel-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.path = Path(cls.folder.name)
        clone = cls.path / "clone"
        run("git", "clone", "--quiet", ROOT, clone)
        env = {"CC": "cc", "CXX": "c++", **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"}}
        run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--config-settings=cmake.define.TENON_WERROR=ON",
            "--wheel-dir", cls.path, clone, env=env)
        (cls.wheel,) = cls.path.glob("tenon-*.whl")

    def test_holds_the_package_alone(self) -> None:
        names = zipfile.ZipFile(self.wheel).namelist()
        self.assertEqual({name for name in names if name.startswith("tenon/") and "/_tenon." not in name},
                         {f"tenon/{path.name}" for path in (ROOT / "src/bindings/python/tenon").iterdir() if path.is_file()})
        self.assertEqual(sorted(Path(name).suffix for name in names if "/_tenon." in name), [".pyi", ".so"])
        self.assertIn("LICENSE", {Path(name).name for name in names})
        self.assertEqual({name.split("/")[0].split("-")[0] for name in names} - {"tenon.libs"}, {"tenon"})

    @unittest.skipIf(shutil.which("objdump") is None, "objdump is not installed")
    def test_brings_its_libraries(self) -> None:
        with zipfile.ZipFile(self.wheel) as archive:
            archive.extractall(self.path / "content")
        files = [path for path in (self.path / "content").rglob("*") if ".so" in path.name]
        self.assertTrue(files)
        for file in files:
            headers = run("objdump", "-p", file)
            self.assertLessEqual(set(re.findall(r"NEEDED\s+(\S+)", headers)), LIBRARIES | {f.name for f in files})
            versions = [tuple(map(int, version.split("."))) for version in re.findall(r"GLIBC_([0-9.]+)", headers)]
            self.assertLessEqual(max(versions), GLIBC, file.name)
        (module,) = (file for file in files if file.name.startswith("_tenon."))
        symbols = run("objdump", "-T", module).splitlines()
        exported = [line.split()[-1] for line in symbols if " g " in line and "*UND*" not in line]
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
