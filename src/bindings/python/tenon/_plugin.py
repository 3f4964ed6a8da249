"""Operators written in Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tenon._tenon import PluginOperand


class Plugin:
    """An operator of one's own: derive, and give an object to register_plugin().

    Importers find it by domain and name; in the textual IR and for NetworkBuilder.add() it is
    "domain:name:version". The same operands and fields must give the same results, always. Its functions may be
    called from several threads.
    """

    domain: str = ""
    name: str = ""
    version: int = 1
    fields: Mapping[str, Any] = {}  # attributes with their defaults
    required: Sequence[str] = ()  # names of those that every node must give

    def infer(self, operands: list[PluginOperand | None], fields: dict[str, Any]) -> Sequence[tuple[Any, Any]]:
        """The element type and dims of every result: dims as lists of numbers, expressions such as operands have,
        and "?" for what depends on data; None for an unknown rank. Called with symbolic dims when a network is made,
        and with numbers when it runs."""
        raise NotImplementedError

    def run(self, inputs: list[np.ndarray | None], fields: dict[str, Any]) -> Any:
        """The result, or a tuple of all. The inputs are valid, and not to be changed, during this call."""
        raise NotImplementedError
