"""Writes UFF files: the protobuf messages by hand, the nodes as TensorFlow's converter writes them. Standard library only."""

from __future__ import annotations

import struct

DTYPES = {"int8": 0x10008, "int16": 0x10010, "int32": 0x10020, "int64": 0x10040, "float16": 0x20010, "float32": 0x20020}
INCREMENT = 2**31 - 1


def varint(value: int) -> bytes:
    value &= 2**64 - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def blob(field: int, data: bytes | str) -> bytes:
    data = data.encode() if isinstance(data, str) else data
    return varint(field << 3 | 2) + varint(len(data)) + data


def entry(key: str, value: bytes) -> bytes:
    return blob(1, key) + blob(2, value)


class Ref(str):
    """The name of referenced data."""


class Dtype(str):
    """The name of an element type."""


def data(value: object) -> bytes:
    """A Data message."""
    if value is None:
        return b""
    if isinstance(value, Ref):
        return blob(100, value)
    if isinstance(value, Dtype):
        return number(101, DTYPES[value])
    if isinstance(value, str):
        return blob(1, value)
    if isinstance(value, bool):
        return number(5, value)
    if isinstance(value, int):
        return number(7, value)
    if isinstance(value, float):
        return varint(3 << 3 | 1) + struct.pack("<d", value)
    if isinstance(value, bytes):
        return blob(9, value)
    if isinstance(value, list):
        return blob(8, blob(1, b"".join(map(varint, value))))
    raise TypeError(type(value))


def orders_list(orders: list[str]) -> bytes:
    """A Data message with a list of DimensionOrders: 0 is N (or K), 1 is C, 2 and up the spatial axes."""
    listed = b""
    for order in orders:
        axes = []
        for letter in order:
            axes += {"N": [0], "K": [0], "C": [1], "+": [2, INCREMENT]}[letter]
        values = blob(1, b"".join(map(varint, axes)))
        listed += blob(1, blob(1, number(1, -1) + blob(2, values)))
    return blob(104, listed)


class Uff:
    """One graph; a node's name is also its output's."""

    def __init__(self) -> None:
        self.nodes: list[bytes] = []
        self.referenced: dict[str, bytes] = {}
        self.operations: set[str] = set()
        self.count = 0

    def node(self, operation: str, inputs: list[str], name: str | None = None, **fields: object) -> str:
        self.count += 1
        self.operations.add(operation)
        name = name or f"{operation.strip('_').lower()}_{self.count}"
        message = blob(1, name) + b"".join(blob(2, i) for i in inputs) + blob(3, operation)
        for key, value in fields.items():
            if key == "orders":
                ref = Ref("orders_" + "_".join(value))
                self.referenced[ref] = orders_list(value)
                key, value = "inputs_orders", ref
            message += blob(4, entry(key, data(value)))
        self.nodes.append(blob(2, message))
        return name

    def input(self, name: str, shape: list[int] | None, dtype: str = "float32") -> str:
        return self.node("Input", [], name, shape=shape, dtype=Dtype(dtype))

    def const(self, array: object, name: str | None = None) -> str:
        """`array` is a numpy array or scalar."""
        return self.blob(list(array.shape), array.dtype.name, array.tobytes(), name)

    def blob(self, shape: list[int], dtype: str, values: bytes, name: str | None = None) -> str:
        ref = Ref(f"weights_{name or self.count}")
        self.referenced[ref] = data(values)
        return self.node("Const", [], name, shape=shape, dtype=Dtype(dtype), values=ref)

    def output(self, name: str) -> None:
        self.node("MarkOutput", [name])

    def serialize(self) -> bytes:
        graph = blob(1, "main") + b"".join(reversed(self.nodes))  # outputs first, as the converter does
        head = number(1, 1) + number(2, 1) + blob(3, blob(1, "tensorflow_extension") + number(2, 1))
        return head + blob(4, graph) + b"".join(blob(5, entry(k, v)) for k, v in self.referenced.items())
