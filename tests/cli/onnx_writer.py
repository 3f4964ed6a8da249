"""Small ONNX files, good and bad ones alike: what is said is written, nothing is checked. Standard library only."""

from __future__ import annotations

import struct
from collections.abc import Iterable

FLOAT, INT32, INT64, BOOL = 1, 6, 7, 9


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def chunk(field: int, value: bytes | str) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(data)) + data


def chunks(field: int, values: Iterable[bytes | str]) -> bytes:
    return b"".join(chunk(field, value) for value in values)


def tensor(name: str, values: list, dims: list[int], dtype: int = INT64) -> bytes:
    code = {FLOAT: "f", INT32: "i", INT64: "q", BOOL: "?"}[dtype]
    return b"".join(number(1, d) for d in dims) + number(2, dtype) + chunk(8, name) + chunk(9, struct.pack(f"<{len(values)}{code}", *values))


def int64s(name: str, *values: int) -> bytes:
    return tensor(name, list(values), [len(values)])


def scalar(name: str, value, dtype: int = INT64) -> bytes:
    return tensor(name, [value], [], dtype)


def tensor_type(dtype: int, dims: list[int | str] | None) -> bytes:
    """A dim is a number or a name; None is an unknown rank."""
    shape = b"" if dims is None else chunk(2, chunks(1, (chunk(2, d) if isinstance(d, str) else number(1, d) for d in dims)))
    return chunk(1, number(1, dtype) + shape)


def sequence_type(element: bytes) -> bytes:
    return chunk(4, chunk(1, element))


def optional_type(element: bytes) -> bytes:
    return chunk(9, chunk(1, element))


def value(name: str, type_: bytes | None = None) -> bytes:
    return chunk(1, name) + (b"" if type_ is None else chunk(2, type_))


def x(name: str, *dims: int | str, dtype: int = FLOAT) -> bytes:
    return value(name, tensor_type(dtype, list(dims)))


class Ref(str):
    """The name of an attribute of the function around the node."""


def attribute(name: str, content: object) -> bytes:
    head = chunk(1, name)
    if isinstance(content, Ref):
        return head + chunk(21, str(content)) + number(20, 2)
    if isinstance(content, Graph):
        return head + chunk(6, content.bytes()) + number(20, 5)
    if isinstance(content, int):
        return head + number(3, content) + number(20, 2)
    if isinstance(content, float):
        return head + varint(2 << 3 | 5) + struct.pack("<f", content) + number(20, 1)
    if isinstance(content, str):
        return head + chunk(4, content) + number(20, 3)
    if isinstance(content, bytes):
        return head + chunk(5, content) + number(20, 4)
    return head + b"".join(number(8, v) for v in content) + number(20, 7)


def node(op: str, inputs: str, outputs: str, name: str = "", domain: str = "", overload: str = "", **attributes: object) -> bytes:
    """Inputs and outputs are lists of names between blanks; `_` leaves one out."""
    names = lambda text: ["" if n == "_" else n for n in text.split()]
    return (chunks(1, names(inputs)) + chunks(2, names(outputs)) + chunk(3, name) + chunk(4, op) + chunks(5, (attribute(k, v) for k, v in attributes.items()))
            + chunk(7, domain) + chunk(8, overload))


class Graph:
    def __init__(self, inputs: list[bytes], nodes: list[bytes], outputs: list[bytes], initializers: list[bytes] = (), name: str = "g"):
        self.parts = chunks(1, nodes) + chunk(2, name) + chunks(5, initializers) + chunks(11, inputs) + chunks(12, outputs)

    def bytes(self) -> bytes:
        return self.parts


def opset(version: int, domain: str = "") -> bytes:
    return chunk(1, domain) + number(2, version)


def function(name: str, inputs: str, outputs: str, nodes: list[bytes], domain: str = "local", attributes: list[str] = (), defaults: list[bytes] = (),
             opsets: list[bytes] = (opset(17), opset(1, "local")), overload: str = "") -> bytes:
    return (chunk(1, name) + chunks(4, inputs.split()) + chunks(5, outputs.split()) + chunks(6, attributes) + chunks(7, nodes) + chunks(9, opsets)
            + chunk(10, domain) + chunks(11, defaults) + chunk(13, overload))


def model(graph: Graph, functions: list[bytes] = (), version: int = 17) -> bytes:
    return (number(1, 10) + chunk(7, graph.bytes()) + chunk(8, opset(version)) + chunk(8, opset(1, "local")) + chunks(25, functions))
