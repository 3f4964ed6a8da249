"""Writes TensorFlow Lite files: the flatbuffer by hand, tables before what they point to. Standard library only."""

from __future__ import annotations

import struct

TYPES = {"float32": 0, "float16": 1, "int32": 2, "uint8": 3, "int64": 4, "bool": 6, "int16": 7, "int8": 9}
FORMATS = {"int8": "b", "uint8": "B", "int32": "i", "uint32": "I", "int64": "q", "float32": "f", "bool": "?"}


class Scalar:
    def __init__(self, kind: str, value: float) -> None:
        self.kind, self.value = kind, value


class Vector:
    """Of numbers, for example Vector("int32", [1, 2])."""

    def __init__(self, kind: str, values: list, align: int = 4) -> None:
        self.data = struct.pack(f"<{len(values)}{FORMATS[kind]}", *values)
        self.count, self.align = len(values), max(align, struct.calcsize(FORMATS[kind]))


class Bytes(Vector):
    def __init__(self, data: bytes) -> None:
        self.data, self.count, self.align = data, len(data), 16


class Table(dict):
    """Field number → Scalar, str, Vector, Table or list of Tables; None is absent."""


class Flatbuffer:
    def __init__(self, root: Table, identifier: bytes) -> None:
        self.out = bytearray(struct.pack("<I", 0) + identifier)
        struct.pack_into("<I", self.out, 0, self.table(root))

    def align(self, to: int, ahead: int = 0) -> None:
        self.out += bytes(-(len(self.out) + ahead) % to)

    def table(self, fields: Table) -> int:
        present = {i: f for i, f in sorted(fields.items()) if f is not None}
        self.align(2)
        vtable = len(self.out)
        slots = max(present, default=-1) + 1
        self.out += bytes(4 + 2 * slots)
        self.align(8)
        start = len(self.out)
        self.out += struct.pack("<i", start - vtable)
        pointers = []
        for index, field in present.items():
            kind = FORMATS[field.kind] if isinstance(field, Scalar) else "I"
            self.align(struct.calcsize(kind))
            struct.pack_into("<H", self.out, vtable + 4 + 2 * index, len(self.out) - start)
            if not isinstance(field, Scalar):
                pointers.append((len(self.out), field))
            self.out += struct.pack("<" + kind, field.value if isinstance(field, Scalar) else 0)
        struct.pack_into("<HH", self.out, vtable, 4 + 2 * slots, len(self.out) - start)
        for at, field in pointers:
            struct.pack_into("<I", self.out, at, self.child(field) - at)
        return start

    def child(self, field: object) -> int:
        if isinstance(field, Table):
            return self.table(field)
        if isinstance(field, str):
            return self.bytes(field.encode(), len(field.encode()), 4, b"\0")
        if isinstance(field, Vector):
            return self.bytes(field.data, field.count, field.align, b"")
        self.align(4)
        start = len(self.out)
        self.out += struct.pack("<I", len(field)) + bytes(4 * len(field))
        for i, entry in enumerate(field):
            at = start + 4 + 4 * i
            struct.pack_into("<I", self.out, at, self.table(entry) - at)
        return start

    def bytes(self, data: bytes, count: int, align: int, end: bytes) -> int:
        self.align(align, 4)
        start = len(self.out)
        self.out += struct.pack("<I", count) + data + end
        return start


def i32(value: int) -> Scalar:
    return Scalar("int32", value)


def i8(value: int) -> Scalar:
    return Scalar("int8", value)


def f32(value: float) -> Scalar:
    return Scalar("float32", value)


def flag(value: bool) -> Scalar:
    return Scalar("bool", value)


class Model:
    """One subgraph. Tensors are known by their indices."""

    def __init__(self) -> None:
        self.tensors: list[Table] = []
        self.buffers = [Table()]
        self.codes: list[Table] = []
        self.operators: list[Table] = []
        self.inputs: list[int] = []
        self.outputs: list[int] = []
        self.used: set[int] = set()

    def tensor(self, name: str, shape: list[int], dtype: str = "float32", scale: list[float] | None = None,
               zero_point: list[int] | None = None, axis: int = 0, data: bytes | None = None, signature: list[int] | None = None) -> int:
        buffer = 0
        if data is not None:
            self.buffers.append(Table({0: Bytes(data)}))
            buffer = len(self.buffers) - 1
        quantization = None
        if scale is not None:
            quantization = Table({2: Vector("float32", scale), 3: Vector("int64", zero_point or [0] * len(scale)), 6: i32(axis)})
        self.tensors.append(Table({0: Vector("int32", shape), 1: i8(TYPES[dtype]), 2: Scalar("uint32", buffer), 3: name,
                                   4: quantization, 7: Vector("int32", signature) if signature else None}))
        return len(self.tensors) - 1

    def operator(self, code: int, inputs: list[int], outputs: list[int], options: Table | None = None, options_type: int = 0,
                 custom: str | None = None) -> None:
        self.used.add(code)
        self.codes.append(Table({0: i8(min(code, 127)), 1: custom, 2: i32(1), 3: i32(code)}))
        self.operators.append(Table({0: Scalar("uint32", len(self.codes) - 1), 1: Vector("int32", inputs), 2: Vector("int32", outputs),
                                     3: i8(options_type) if options is not None else None, 4: options}))

    def serialize(self) -> bytes:
        graph = Table({0: self.tensors, 1: Vector("int32", self.inputs), 2: Vector("int32", self.outputs), 3: self.operators, 4: "main"})
        model = Table({0: Scalar("uint32", 3), 1: self.codes, 2: [graph], 3: "tests", 4: self.buffers})
        return bytes(Flatbuffer(model, b"TFL3").out)
