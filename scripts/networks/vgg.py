"""VGG-16 (Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", 2014)."""

from __future__ import annotations

from dataclasses import dataclass

from .builder import NetBuilder


@dataclass(frozen=True)
class VggConfig:
    image: int = 224
    stages: tuple[tuple[int, int], ...] = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))  # convolutions, channels
    hidden: int = 4096
    classes: int = 1000


FULL = VggConfig()
TINY = VggConfig(image=16, stages=((1, 8), (2, 16)), hidden=32, classes=10)


def build(batch: int | str, config: VggConfig) -> NetBuilder:
    b = NetBuilder("vgg16")
    x = b.input("input", [batch, 3, config.image, config.image], features=3)
    for stage, (depth, channels) in enumerate(config.stages, start=1):
        for i in range(1, depth + 1):
            x = b.relu(b.conv(f"conv{stage}_{i}", x, channels, kernel=3, bias=True))
        x = b.max_pool(x, kernel=2, stride=2)
    side = config.image >> len(config.stages)
    x = b.flatten(x, x.features * side * side)
    x = b.relu(b.gemm("fc6", x, config.hidden))
    x = b.relu(b.gemm("fc7", x, config.hidden))
    b.output("logits", b.gemm("fc8", x, config.classes), [batch, config.classes])
    return b
