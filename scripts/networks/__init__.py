"""Well-known networks as ONNX files with seeded random weights: right in structure and size, trained on nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

from . import bert, efficientnet, mobilenet, resnet, vgg, vit
from .builder import NetBuilder


@dataclass(frozen=True)
class Network:
    build: Callable[[int | str, Any], NetBuilder]
    full: Any
    tiny: Any


NETWORKS = {
    "vgg16": Network(vgg.build, vgg.FULL, vgg.TINY),
    "resnet18": Network(resnet.build, resnet.FULL, resnet.TINY),
    "mobilenet_v2": Network(mobilenet.build, mobilenet.FULL, mobilenet.TINY),
    "efficientnet_b0": Network(efficientnet.build, efficientnet.FULL, efficientnet.TINY),
    "bert_base": Network(bert.build, bert.FULL, bert.TINY),
    "vit_b16": Network(vit.build, vit.FULL, vit.TINY),
}


def build_network(name: str, batch: int | str = "N", tiny: bool = False, decomposed_norm: bool = False) -> NetBuilder:
    """`tiny` keeps the structure with few layers and channels; `decomposed_norm` writes LayerNormalization as its parts."""
    network = NETWORKS[name]
    config = network.tiny if tiny else network.full
    if decomposed_norm and any(f.name == "decomposed_norm" for f in fields(config)):
        config = replace(config, decomposed_norm=True)
    return network.build(batch, config)
