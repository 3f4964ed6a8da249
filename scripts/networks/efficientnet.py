"""EfficientNet-B0 (Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", 2019)."""

from __future__ import annotations

from dataclasses import dataclass

from .builder import NetBuilder, Value

_BN_EPSILON = 1e-3


@dataclass(frozen=True)
class EfficientNetConfig:
    image: int = 224
    stem: int = 32
    # expansion, channels, blocks, stride of the first block, kernel
    stages: tuple[tuple[int, int, int, int, int], ...] = (
        (1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3), (6, 112, 3, 1, 5), (6, 192, 4, 2, 5),
        (6, 320, 1, 1, 3))
    head: int = 1280
    classes: int = 1000


FULL = EfficientNetConfig()
TINY = EfficientNetConfig(image=32, stem=8, stages=((1, 8, 1, 1, 3), (4, 12, 2, 2, 5)), head=32, classes=10)


def build(batch: int | str, config: EfficientNetConfig) -> NetBuilder:
    b = NetBuilder("efficientnet_b0")
    x = b.input("input", [batch, 3, config.image, config.image], features=3)
    x = _conv_bn_swish(b, "stem", x, config.stem, kernel=3, stride=2)
    for stage, (expansion, channels, blocks, stride, kernel) in enumerate(config.stages):
        for block in range(blocks):
            with b.scope(f"stage{stage}.{block}"):
                x = _mb_conv(b, x, channels, expansion, stride if block == 0 else 1, kernel)
    x = _conv_bn_swish(b, "head", x, config.head, kernel=1)
    x = b.global_average_pool(x)
    x = b.gemm("classifier", b.flatten(x, x.features), config.classes)
    b.output("logits", x, [batch, config.classes])
    return b


def _conv_bn_swish(b: NetBuilder, name: str, x: Value, channels: int, kernel: int, stride: int = 1,
                   groups: int = 1) -> Value:
    with b.scope(name):
        x = b.conv("conv", x, channels, kernel, stride=stride, groups=groups)
        return b.swish(b.batch_norm("bn", x, _BN_EPSILON))


def _squeeze_excite(b: NetBuilder, x: Value, squeezed: int) -> Value:
    with b.scope("se"):
        gate = b.global_average_pool(x)
        gate = b.swish(b.conv("reduce", gate, squeezed, kernel=1, bias=True))
        gate = b.sigmoid(b.conv("expand", gate, x.features, kernel=1, bias=True))
        return b.mul(x, gate)


def _mb_conv(b: NetBuilder, x: Value, channels: int, expansion: int, stride: int, kernel: int) -> Value:
    hidden = x.features * expansion
    y = x if expansion == 1 else _conv_bn_swish(b, "expand", x, hidden, kernel=1)
    y = _conv_bn_swish(b, "depthwise", y, hidden, kernel, stride=stride, groups=hidden)
    y = _squeeze_excite(b, y, max(1, x.features // 4))
    y = b.batch_norm("project.bn", b.conv("project.conv", y, channels, kernel=1), _BN_EPSILON)
    return b.add(x, y) if stride == 1 and x.features == channels else y
