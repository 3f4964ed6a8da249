"""Small networks, and what the tests share."""

from __future__ import annotations

import importlib.util
import os
import unittest
from pathlib import Path

import numpy as np
import tenon

ROOT = Path(__file__).resolve().parents[2]
DIGITS = ROOT / "models" / "digits"
CORPUS = Path(os.environ["TENON_CORPUS"]) if os.environ.get("TENON_CORPUS") else None


def needs(*modules: str) -> None:
    """Skips the calling file where a module is missing; CMakeLists.txt looks for this sentence."""
    missing = [m for m in modules if importlib.util.find_spec(m) is None]
    if missing:
        raise unittest.SkipTest(f"module skipped: it needs {' and '.join(missing)}")


def engine_of(text: str, **options: object) -> tenon.Engine:
    """One thread, no measuring."""
    return tenon.build(tenon.Network.from_text(text), **{"threads": 1, "measure": False, **options})


def identity_engine(kind: str) -> tenon.Engine:
    """Gives its input back; on the reference backend, which has every type."""
    return engine_of(f"graph @same(%x: {kind}) {{ return %x as \"y\" }}", device=tenon.Device.reference)


ADD = """graph @add(%a: f32[N,3], %b: f32[N,3]) {
  %sum = add(%a, %b) : f32[N,3]
  %difference = sub(%a, %b) : f32[N,3]
  return %sum as "sum", %difference as "difference"
}"""


def add_engine(**options: object) -> tenon.Engine:
    return engine_of(ADD, shapes={"a": ((1, 3), (2, 3), (8, 3))}, **options)


def pair(rows: int = 2, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    return (random.standard_normal((rows, 3)).astype(np.float32), random.standard_normal((rows, 3)).astype(np.float32))
