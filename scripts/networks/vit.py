"""ViT-B/16 (Dosovitskiy and others, "An Image is Worth 16x16 Words", 2020): pre-norm encoder and classifier."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .builder import NetBuilder, Value

_LN_EPSILON = 1e-6


@dataclass(frozen=True)
class VitConfig:
    image: int = 224
    patch: int = 16
    layers: int = 12
    heads: int = 12
    hidden: int = 768
    mlp: int = 3072
    classes: int = 1000
    decomposed_norm: bool = False


FULL = VitConfig()
TINY = VitConfig(image=32, patch=8, layers=2, heads=2, hidden=16, mlp=32, classes=10)


def build(batch: int | str, config: VitConfig) -> NetBuilder:
    b = NetBuilder("vit_b16")
    image = b.input("input", [batch, 3, config.image, config.image], features=3)
    x = _embed(b, image, config)
    for i in range(config.layers):
        with b.scope(f"encoder.layer{i}"):
            x = _layer(b, x, config)
    x = b.layer_norm("encoder.ln", x, _LN_EPSILON, config.decomposed_norm)
    first = b.node("Gather", [x, b.constant("head.first", np.array(0, np.int64))], axis=1)
    b.output("logits", b.gemm("head", first, config.classes), [batch, config.classes])
    return b


def _embed(b: NetBuilder, image: Value, config: VitConfig) -> Value:
    """Patches as tokens behind a class token that is repeated over the batch, plus learned positions."""
    tokens = (config.image // config.patch) ** 2
    with b.scope("embed"):
        x = b.conv("patches", image, config.hidden, config.patch, stride=config.patch, pad=0, bias=True)
        x = b.transpose(b.reshape(x, [0, config.hidden, tokens], tokens), [0, 2, 1], features=config.hidden)
        batch = b.node("Gather", [b.node("Shape", [image]), b.constant("batch_axis", np.array([0], np.int64))])
        extents = b.constant("class_extents", np.array([1, config.hidden], np.int64))
        shape = b.node("Concat", [batch, extents], axis=0)
        class_token = b.node("Expand", [b.normal("class_token", [1, 1, config.hidden], 1.0), shape])
        x = b.node("Concat", [class_token, x], features=config.hidden, power=1.0, axis=1)
        return b.node("Add", [x, b.normal("positions", [1, tokens + 1, config.hidden], 0.3)])


def _layer(b: NetBuilder, x: Value, config: VitConfig) -> Value:
    size = config.hidden
    y = b.layer_norm("ln_1", x, _LN_EPSILON, config.decomposed_norm)
    with b.scope("self_attention"):
        query, key, value = b.split(b.linear("in_proj", y, 3 * size), [size] * 3, axis=2)
        x = b.add(x, b.linear("out_proj", b.attend(query, key, value, config.heads), size))
    y = b.layer_norm("ln_2", x, _LN_EPSILON, config.decomposed_norm)
    with b.scope("mlp"):
        y = b.linear("fc2", b.gelu(b.linear("fc1", y, config.mlp)), size)
    return b.add(x, y)
