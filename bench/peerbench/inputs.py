"""What goes into a model: the shapes asked for on the command line, and arrays of those shapes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Shape = tuple[int, ...]


class UsageError(Exception):
    """The command line does not fit the model."""


class NoSuchBatch(UsageError):
    """No input's first axis is free to be the batch that was asked for."""


@dataclass(frozen=True)
class TensorSpec:
    """An input or output as the model file declares it. An extent that is not fixed is a symbol or None."""

    name: str
    dtype: str
    shape: tuple[int | str | None, ...]

    @property
    def is_fixed(self) -> bool:
        return all(isinstance(d, int) for d in self.shape)


def safe_name(name: str) -> str:
    """The file name that `tenon run` derives from a tensor's name."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", name)


def parse_shapes(texts: Sequence[str]) -> dict[str, Shape]:
    """Reads NAME:2x3x4 arguments. Names may hold colons themselves."""
    shapes: dict[str, Shape] = {}
    for text in texts:
        name, _, extents = text.rpartition(":")
        if not name or not re.fullmatch(r"\d+([x,]\d+)*", extents):
            raise UsageError(f"--shapes wants NAME:SHAPE such as input:1x3x224x224, found '{text}'")
        shapes[name] = tuple(int(d) for d in re.split("[x,]", extents))
    return shapes


def shape_text(shape: Shape) -> str:
    return "x".join(map(str, shape))


def resolve_shapes(specs: Sequence[TensorSpec], batch: int | None, asked: Mapping[str, Shape]) -> dict[str, Shape]:
    """Gives each input a shape: the one asked for, else the declared one with its free first extent set to the batch.

    An extent named by the same symbol as a first extent is the batch too. An asked-for name that no input has is ignored: the
    command line serves several models.
    """
    batch_symbols = {s.shape[0] for s in specs if s.shape and isinstance(s.shape[0], str)}
    shapes: dict[str, Shape] = {}
    for spec in specs:
        if spec.name in asked:
            shape = asked[spec.name]
            fits = len(shape) == len(spec.shape) and all(not isinstance(d, int) or d == s
                                                         for d, s in zip(spec.shape, shape))
            if not fits:
                raise UsageError(f"input '{spec.name}' is {_declared(spec)}, which {shape_text(shape)} does not fit")
            shapes[spec.name] = shape
            continue
        extents: list[int] = []
        for axis, extent in enumerate(spec.shape):
            if isinstance(extent, int):
                extents.append(extent)
            elif axis == 0 or extent in batch_symbols:
                extents.append(batch or 1)
            else:
                raise UsageError(f"input '{spec.name}' is {_declared(spec)}: say --shapes {spec.name}:SHAPE")
        shapes[spec.name] = tuple(extents)
    if (batch or 1) > 1 and not any(s and s[0] == batch for s in shapes.values()):
        raise NoSuchBatch(f"no input takes a batch of {batch}: {', '.join(_declared(s) for s in specs)}")
    return shapes


def make_input(spec: TensorSpec, shape: Shape, seed: int = 0) -> NDArray:
    """Random content: normal floats, and 0 or 1 for integers, which suits indices, masks and token types alike."""
    rng = np.random.default_rng(seed)
    dtype = np.dtype(spec.dtype)
    if dtype.kind == "f":
        return rng.standard_normal(shape).astype(dtype)
    if dtype.kind in "iub":
        return rng.integers(0, 2, shape).astype(dtype)
    raise UsageError(f"input '{spec.name}' has type {spec.dtype}: give it with --input {spec.name}=FILE.npy")


def parse_input_files(texts: Sequence[str]) -> dict[str, Path]:
    """Reads NAME=FILE.npy arguments, split at the last '='."""
    files: dict[str, Path] = {}
    for text in texts:
        name, _, path = text.rpartition("=")
        if not name:
            raise UsageError(f"--input wants NAME=FILE.npy, found '{text}'")
        files[name] = Path(path)
    return files


def _declared(spec: TensorSpec) -> str:
    return f"{spec.dtype}[{','.join('?' if d is None else str(d) for d in spec.shape)}]"
