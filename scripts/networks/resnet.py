"""ResNet-18 (He, Zhang, Ren and Sun, "Deep Residual Learning for Image Recognition", 2015)."""

from __future__ import annotations

from dataclasses import dataclass

from .builder import NetBuilder, Value


@dataclass(frozen=True)
class ResNetConfig:
    image: int = 224
    stem: int = 64
    stages: tuple[tuple[int, int], ...] = ((2, 64), (2, 128), (2, 256), (2, 512))  # blocks, channels
    classes: int = 1000


FULL = ResNetConfig()
TINY = ResNetConfig(image=32, stem=8, stages=((1, 8), (2, 16)), classes=10)


def build(batch: int | str, config: ResNetConfig) -> NetBuilder:
    b = NetBuilder("resnet18")
    x = b.input("input", [batch, 3, config.image, config.image], features=3)
    x = b.relu(b.batch_norm("bn1", b.conv("conv1", x, config.stem, kernel=7, stride=2)))
    x = b.max_pool(x, kernel=3, stride=2, pad=1)
    for stage, (blocks, channels) in enumerate(config.stages, start=1):
        for block in range(blocks):
            with b.scope(f"layer{stage}.{block}"):
                x = _basic_block(b, x, channels, stride=2 if stage > 1 and block == 0 else 1)
    x = b.global_average_pool(x)
    x = b.gemm("fc", b.flatten(x, x.features), config.classes)
    b.output("logits", x, [batch, config.classes])
    return b


def _basic_block(b: NetBuilder, x: Value, channels: int, stride: int) -> Value:
    y = b.relu(b.batch_norm("bn1", b.conv("conv1", x, channels, kernel=3, stride=stride)))
    y = b.batch_norm("bn2", b.conv("conv2", y, channels, kernel=3))
    if stride != 1 or x.features != channels:
        x = b.batch_norm("downsample.1", b.conv("downsample.0", x, channels, kernel=1, stride=stride))
    return b.relu(b.add(y, x))
