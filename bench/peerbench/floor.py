"""How fast a layer could be: its problem key, as `tenon bench --profile --json` reports it, against the machine's peaks."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

BITS = {"f32": 32, "f64": 64, "f16": 16, "bf16": 16, "i64": 64, "i32": 32, "i16": 16, "i8": 8, "u8": 8, "bool": 8}
TENSOR = re.compile(r"(?P<constant>c:)?(?P<dtype>[a-z]+\d*)\[(?P<dims>[\d,]*)\](?:<=\[[\d,]*\])?")


@dataclass(frozen=True)
class Operand:
    dims: tuple[int, ...]
    bytes: float
    constant: bool

    @property
    def count(self) -> int:
        return math.prod(self.dims)


@dataclass(frozen=True)
class Problem:
    """`conv {…}(f32[1,3,8,8], c:f32[4,3,3,3], -) -> f32[1,4,8,8] | avx512 t1 standard`, taken apart."""

    op: str
    inputs: list[Operand]
    outputs: list[Operand]
    isa: str
    threads: int
    transposes_a: bool = False

    @staticmethod
    def parse(key: str) -> Problem:
        work, _, where = key.rpartition(" | ")
        call, _, results = work.rpartition(" -> ")
        op = re.match(r"[a-z_0-9]+", call)
        # Attributes may hold parentheses; the operands are in the last pair.
        depth, start = 0, len(call) - 1
        for start in range(len(call) - 1, -1, -1):
            depth += {")": 1, "(": -1}.get(call[start], 0)
            if depth == 0:
                break
        isa, threads, _ = where.split(" ")
        return Problem(op[0] if op else "", _operands(call[start:]), _operands(results), isa, int(threads[1:]),
                       "transpose_a=true" in call)

    @property
    def is_quantized(self) -> bool:
        """Whether its products are of bytes."""
        return self.op.startswith("quantized_")

    @property
    def flops(self) -> float:
        """Of the direct algorithm; two per product. 0 where the work is not products."""
        op = self.op.removeprefix("quantized_")
        if op == "conv" and len(self.inputs) > 1:
            return 2.0 * self.outputs[0].count * math.prod(self.inputs[1].dims[1:])
        if op == "conv_transpose" and len(self.inputs) > 1:
            return 2.0 * self.inputs[0].count * math.prod(self.inputs[1].dims[1:])
        if op == "matmul" and len(self.inputs[0].dims) > 0:
            summed = self.inputs[0].dims[-2 if self.transposes_a and len(self.inputs[0].dims) > 1 else -1]
            return 2.0 * self.outputs[0].count * summed
        return 0.0

    @property
    def bytes(self) -> float:
        return sum(o.bytes for o in self.inputs + self.outputs)


@dataclass(frozen=True)
class Floor:
    """The least time of a layer in ms, and which limit it is."""

    ms: float
    limit: str


def products_ms(problem: Problem, peaks: Mapping[str, Any]) -> float:
    """The least time of its products alone: multiply-adds of floats, or dot products of bytes where the level has them."""
    which = "one" if problem.threads == 1 else "all"
    level = "avx512" if problem.isa.startswith(("avx512", "amx")) else "avx2" if problem.isa.startswith("avx2") else "portable"
    dots = problem.is_quantized and problem.isa not in ("portable", "avx2", "avx512") and f"dot {level}_vnni" in peaks["peaks"]
    return problem.flops / (peaks["peaks"][f"dot {level}_vnni" if dots else f"fma {level}"][which] * 1e6)


def floor_of(problem: Problem, peaks: Mapping[str, Any]) -> Floor:
    """The larger of products / peak and bytes / bandwidth of the smallest memory that holds the layer."""
    which = "one" if problem.threads == 1 else "all"
    compute = products_ms(problem, peaks)
    sizes = peaks["sizes"]
    home = next((name for name in ("L2", "L3") if problem.bytes <= sizes.get(name, 0) / 2), "memory")
    if f"read {home}" not in peaks["peaks"]:
        home = "memory"
    memory = problem.bytes / (peaks["peaks"][f"read {home}"][which] * 1e6)
    return Floor(compute, "products") if compute >= memory else Floor(memory, home)


def _operands(text: str) -> list[Operand]:
    found = []
    for match in TENSOR.finditer(text):
        dims = tuple(int(d) for d in match["dims"].split(",") if d)
        found.append(Operand(dims, math.prod(dims) * BITS.get(match["dtype"], 32) / 8, match["constant"] is not None))
    return found


def whole_layers(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without the steps that own others; a layer that several bodies share out (strips, portions) once, with the time of all of them."""
    layers: list[dict[str, Any]] = []
    inside: dict[str, dict[str, Any]] = {}
    for step in steps:
        if not step["problem"]:
            continue
        if step["depth"] > 0 and step["layer"] in inside:
            inside[step["layer"]]["ms"] += step["ms"]
            continue
        layers.append(dict(step))
        if step["depth"] > 0:
            inside[step["layer"]] = layers[-1]
    return layers
