"""Where the repository is, and how a test file skips itself as a whole."""

from __future__ import annotations

import importlib.util
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "scripts")]


def needs(*modules: str) -> None:
    """Skips the calling file where a module is missing; tests/python/CMakeLists.txt looks for this sentence."""
    missing = [m for m in modules if importlib.util.find_spec(m) is None]
    if missing:
        raise unittest.SkipTest(f"module skipped: it needs {' and '.join(missing)}")
