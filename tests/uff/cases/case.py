"""A case, and the list of all."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Callable

import numpy as np

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[2] / "support")]
from tensorflow_formulas import conv  # noqa: E402
from uff_writer import Uff  # noqa: E402

CASES: dict[str, Callable[["Case"], None]] = {}


def case(function: Callable[["Case"], None]) -> Callable[["Case"], None]:
    CASES[function.__name__] = function
    return function


class Case:
    """A graph under construction, with what it is fed and what must come out."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.uff = Uff()
        self.rng = np.random.default_rng(sum(map(ord, name)))
        self.inputs: dict[str, np.ndarray] = {}
        self.outputs: dict[str, np.ndarray] = {}
        self.options: dict[str, object] = {}
        self.terms = 1  # how many products the longest sum has

    def draw(self, *shape: int, low: float = -2, high: float = 2) -> np.ndarray:
        return self.rng.uniform(low, high, shape).astype(np.float32)

    def feed(self, array: np.ndarray, declared: list[int] | None = None, name: str = "x") -> str:
        self.inputs[name] = array
        if declared is None:
            declared = [-1, *array.shape[1:]]
        return self.uff.input(name, declared, array.dtype.name)

    def image(self, *shape: int, **limits: float) -> tuple[str, np.ndarray]:
        array = self.draw(*shape, **limits)
        return self.feed(array), array.astype(np.float64)

    def image_named(self, name: str, *shape: int) -> tuple[str, np.ndarray]:
        array = self.draw(*shape)
        return self.feed(array, list(shape), name), array.astype(np.float64)

    def weights(self, *shape: int) -> tuple[str, np.ndarray]:
        array = self.draw(*shape, low=-1, high=1)
        return self.uff.const(array), array.astype(np.float64)

    def expect(self, name: str, array: np.ndarray, terms: int = 1) -> None:
        self.uff.output(name)
        self.outputs[name] = array
        self.terms = max(self.terms, terms)

    def convolved(self, x: str, array: np.ndarray, channels: int, kernel: int = 1) -> tuple[str, np.ndarray]:
        """Something that puts the channels in front inside of Tenon."""
        w, values = self.weights(kernel, kernel, array.shape[-1], channels)
        y = self.uff.node("Conv", [x, w], strides=[1, 1], padding=None, implicit_padding="same", dilation=None,
                          number_groups=None, orders=["N+C", "+CK"])
        self.terms = max(self.terms, kernel * kernel * array.shape[-1])
        return y, conv(array, values, same=True)

    def write(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "model.uff").write_bytes(self.uff.serialize())
        files: dict[str, dict[str, str]] = {"inputs": {}, "outputs": {}}
        for kind, arrays in (("inputs", self.inputs), ("outputs", self.outputs)):
            for i, (name, array) in enumerate(arrays.items()):
                if kind == "outputs" and array.dtype == np.float64:
                    array = array.astype(np.float32)
                files[kind][name] = f"{kind}_{i}.npy"
                np.save(folder / files[kind][name], np.ascontiguousarray(array))
        (folder / "case.json").write_text(json.dumps({**files, **self.options, "terms": self.terms}, indent=1))
