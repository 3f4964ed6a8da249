"""MobileNetV2 (Sandler and others, "MobileNetV2: Inverted Residuals and Linear Bottlenecks", 2018)."""

from __future__ import annotations

from dataclasses import dataclass

from .builder import NetBuilder, Value


@dataclass(frozen=True)
class MobileNetConfig:
    image: int = 224
    stem: int = 32
    # expansion, channels, blocks, stride of the first block
    stages: tuple[tuple[int, int, int, int], ...] = (
        (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
    head: int = 1280
    classes: int = 1000


FULL = MobileNetConfig()
TINY = MobileNetConfig(image=32, stem=8, stages=((1, 8, 1, 1), (4, 12, 2, 2)), head=32, classes=10)


def build(batch: int | str, config: MobileNetConfig) -> NetBuilder:
    b = NetBuilder("mobilenet_v2")
    x = b.input("input", [batch, 3, config.image, config.image], features=3)
    x = _conv_bn_relu6(b, "stem", x, config.stem, kernel=3, stride=2)
    for stage, (expansion, channels, blocks, stride) in enumerate(config.stages):
        for block in range(blocks):
            with b.scope(f"stage{stage}.{block}"):
                x = _inverted_residual(b, x, channels, expansion, stride if block == 0 else 1)
    x = _conv_bn_relu6(b, "head", x, config.head, kernel=1)
    x = b.global_average_pool(x)
    x = b.gemm("classifier", b.flatten(x, x.features), config.classes)
    b.output("logits", x, [batch, config.classes])
    return b


def _conv_bn_relu6(b: NetBuilder, name: str, x: Value, channels: int, kernel: int, stride: int = 1,
                   groups: int = 1) -> Value:
    with b.scope(name):
        return b.relu6(b.batch_norm("bn", b.conv("conv", x, channels, kernel, stride=stride, groups=groups)))


def _inverted_residual(b: NetBuilder, x: Value, channels: int, expansion: int, stride: int) -> Value:
    hidden = x.features * expansion
    y = x if expansion == 1 else _conv_bn_relu6(b, "expand", x, hidden, kernel=1)
    y = _conv_bn_relu6(b, "depthwise", y, hidden, kernel=3, stride=stride, groups=hidden)
    y = b.batch_norm("project.bn", b.conv("project.conv", y, channels, kernel=1))
    return b.add(x, y) if stride == 1 and x.features == channels else y
