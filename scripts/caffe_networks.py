#!/usr/bin/env python3
"""Writes well-known Caffe networks as prototxt and caffemodel with seeded random weights, for measurements and tests.

The same command writes the same bytes. --width scales the numbers of channels. Needs numpy.
"""

from __future__ import annotations

import argparse
import struct
import zlib
from pathlib import Path

import numpy as np


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out + bytes([value]))


def field(number: int, payload: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def blob(array: np.ndarray) -> bytes:
    shape = b"".join(varint(dim) for dim in array.shape)
    return field(7, field(1, shape)) + field(5, struct.pack(f"<{array.size}f", *array.reshape(-1)))


class Net:
    """A network while it is being written: every method adds a layer and returns the name of its top."""

    def __init__(self, name: str, shape: tuple[int, ...], width: float) -> None:
        self.name = name
        self.width = width
        self.shape = shape
        self.channels = {"data": shape[1]}
        self.weights: dict[str, list[np.ndarray]] = {}
        dims = " ".join(f"dim: {dim}" for dim in shape)
        self.text = f'name: "{name}"\ninput: "data"\ninput_shape {{ {dims} }}\n'

    def scaled(self, channels: int) -> int:
        return max(8, round(channels * self.width / 8) * 8)

    def layer(self, kind: str, name: str, bottoms: str | list[str], fields: str = "", top: str | None = None) -> str:
        bottoms = [bottoms] if isinstance(bottoms, str) else bottoms
        top = top or name
        lines = [f'  name: "{name}"', f'  type: "{kind}"', *(f'  bottom: "{b}"' for b in bottoms), f'  top: "{top}"']
        if fields:
            lines.append(f"  {fields}")
        self.text += "layer {\n" + "\n".join(lines) + "\n}\n"
        self.channels[top] = self.channels[bottoms[0]]
        return top

    def random(self, name: str) -> np.random.Generator:
        return np.random.default_rng(zlib.crc32(f"{self.name}/{name}".encode()))

    def conv(self, name: str, bottom: str, outputs: int, kernel: int, stride: int = 1, pad: int = 0, group: int = 1,
             bias: bool = True, relu: bool = True) -> str:
        rng = self.random(name)
        inputs = self.channels[bottom]
        fan = inputs // group * kernel * kernel
        weights = rng.standard_normal((outputs, inputs // group, kernel, kernel)) * np.sqrt(2 / fan)
        self.weights[name] = [weights.astype(np.float32)]
        if bias:
            self.weights[name].append(rng.uniform(-0.1, 0.1, outputs).astype(np.float32))
        self.layer("Convolution", name, bottom,
                   f"convolution_param {{ num_output: {outputs} kernel_size: {kernel} stride: {stride} pad: {pad} "
                   f"group: {group} bias_term: {str(bias).lower()} }}")
        self.channels[name] = outputs
        return self.relu(name) if relu else name

    def relu(self, blob_name: str) -> str:
        return self.layer("ReLU", f"{blob_name}/relu", blob_name, top=blob_name)

    def normalized(self, name: str, bottom: str, outputs: int, kernel: int, stride: int = 1, pad: int = 0,
                   group: int = 1) -> str:
        """Convolution, BatchNorm, Scale and ReLU, in place."""
        top = self.conv(name, bottom, outputs, kernel, stride, pad, group, bias=False, relu=False)
        rng = self.random(f"{name}/bn")
        count = np.float32(3)
        self.weights[f"{name}/bn"] = [rng.uniform(-0.3, 0.3, outputs).astype(np.float32) * count,
                                      rng.uniform(0.5, 1.5, outputs).astype(np.float32) * count, np.array([count])]
        self.weights[f"{name}/scale"] = [rng.uniform(0.5, 1.5, outputs).astype(np.float32),
                                         rng.uniform(-0.2, 0.2, outputs).astype(np.float32)]
        self.layer("BatchNorm", f"{name}/bn", top, top=top)
        self.layer("Scale", f"{name}/scale", top, "scale_param { bias_term: true }", top=top)
        return self.relu(top)

    def pool(self, name: str, bottom: str, kernel: int, stride: int, pad: int = 0, kind: str = "MAX") -> str:
        return self.layer("Pooling", name, bottom,
                          f"pooling_param {{ pool: {kind} kernel_size: {kernel} stride: {stride} pad: {pad} }}")

    def global_mean(self, name: str, bottom: str) -> str:
        return self.layer("Pooling", name, bottom, "pooling_param { pool: AVE global_pooling: true }")

    def concat(self, name: str, bottoms: list[str], axis: int = 1) -> str:
        channels = sum(self.channels[b] for b in bottoms)
        self.layer("Concat", name, bottoms, f"concat_param {{ axis: {axis} }}")
        self.channels[name] = channels
        return name

    def deconv(self, name: str, bottom: str, kernel: int, stride: int, bias: bool = False) -> str:
        channels = self.channels[bottom]
        rng = self.random(name)
        weights = rng.standard_normal((channels, channels, kernel, kernel)) / (kernel * np.sqrt(channels))
        self.weights[name] = [weights.astype(np.float32)]
        self.layer("Deconvolution", name, bottom,
                   f"convolution_param {{ num_output: {channels} kernel_size: {kernel} stride: {stride} "
                   f"bias_term: {str(bias).lower()} }}")
        return name

    def product(self, name: str, bottom: str, outputs: int) -> str:
        rng = self.random(name)
        inputs = self.channels[bottom]
        self.weights[name] = [(rng.standard_normal((outputs, inputs)) / np.sqrt(inputs)).astype(np.float32),
                              rng.uniform(-0.1, 0.1, outputs).astype(np.float32)]
        self.layer("InnerProduct", name, bottom, f"inner_product_param {{ num_output: {outputs} }}")
        self.channels[name] = outputs
        return name

    def model(self) -> bytes:
        layers = (field(1, name.encode()) + b"".join(field(7, blob(array)) for array in arrays)
                  for name, arrays in self.weights.items())
        return b"".join(field(100, layer) for layer in layers)


def squeezenet(width: float) -> Net:
    """SqueezeNet 1.1 (Iandola et al. 2016)."""
    net = Net("squeezenet", (1, 3, 227, 227), width)

    def fire(name: str, bottom: str, squeeze: int, expand: int) -> str:
        s = net.conv(f"{name}/squeeze1x1", bottom, net.scaled(squeeze), 1)
        return net.concat(f"{name}/concat", [net.conv(f"{name}/expand1x1", s, net.scaled(expand), 1),
                                             net.conv(f"{name}/expand3x3", s, net.scaled(expand), 3, pad=1)])

    x = net.pool("pool1", net.conv("conv1", "data", net.scaled(64), 3, stride=2), 3, 2)
    x = fire("fire3", fire("fire2", x, 16, 64), 16, 64)
    x = fire("fire5", fire("fire4", net.pool("pool3", x, 3, 2), 32, 128), 32, 128)
    x = fire("fire7", fire("fire6", net.pool("pool5", x, 3, 2), 48, 192), 48, 192)
    x = net.layer("Dropout", "drop9", fire("fire9", fire("fire8", x, 64, 256), 64, 256), "dropout_param { dropout_ratio: 0.5 }")
    x = net.global_mean("pool10", net.conv("conv10", x, 1000, 1))
    net.layer("Softmax", "prob", x)
    return net


def separable(net: Net, name: str, bottom: str, outputs: int, stride: int = 1) -> str:
    channels = net.channels[bottom]
    x = net.normalized(f"{name}/dw", bottom, channels, 3, stride, 1, group=channels)
    return net.normalized(f"{name}/sep", x, net.scaled(outputs), 1)


MOBILENET = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1), (512, 1), (512, 1), (512, 1), (512, 1)]


def mobilenet(width: float) -> Net:
    """MobileNet v1 (Howard et al. 2017)."""
    net = Net("mobilenet", (1, 3, 224, 224), width)
    x = net.normalized("conv1", "data", net.scaled(32), 3, 2, 1)
    for i, (outputs, stride) in enumerate([*MOBILENET, (1024, 2), (1024, 1)]):
        x = separable(net, f"conv{i + 2}", x, outputs, stride)
    net.layer("Softmax", "prob", net.product("fc7", net.global_mean("pool6", x), 1000))
    return net


def mobilenet_ssd(width: float) -> Net:
    """MobileNet-SSD for 21 classes at 300 x 300 (Liu et al. 2016, on MobileNet v1)."""
    net = Net("mobilenet_ssd", (1, 3, 300, 300), width)
    classes = 21
    x = net.normalized("conv0", "data", net.scaled(32), 3, 2, 1)
    maps = []
    for i, (outputs, stride) in enumerate(MOBILENET):
        x = separable(net, f"conv{i + 1}", x, outputs, stride)
    maps.append(x)
    x = separable(net, "conv13", separable(net, "conv12", x, 1024, 2), 1024)
    maps.append(x)
    for i, (inner, outputs) in enumerate([(256, 512), (128, 256), (128, 256), (64, 128)]):
        x = net.normalized(f"conv{14 + i}_1", x, net.scaled(inner), 1)
        x = net.normalized(f"conv{14 + i}_2", x, net.scaled(outputs), 3, 2, 1)
        maps.append(x)
    parts: dict[str, list[str]] = {"loc": [], "conf": [], "priorbox": []}
    least = [60, 105, 150, 195, 240, 285]
    for i, source in enumerate(maps):
        per_place = 3 if i == 0 else 6
        for part, numbers in (("loc", 4), ("conf", classes)):
            head = net.conv(f"head{i}_{part}", source, per_place * numbers, 1, relu=False)
            head = net.layer("Permute", f"{head}_perm", head, "permute_param { order: 0 order: 2 order: 3 order: 1 }")
            parts[part].append(net.layer("Flatten", f"{head}_flat", head, "flatten_param { axis: 1 }"))
        sizes = f"min_size: {least[i]}" + (f" max_size: {(least + [300])[i + 1]}" if i else "")
        ratios = "aspect_ratio: 2" + (" aspect_ratio: 3" if i else "")
        fields = f"{sizes} {ratios} flip: true clip: false variance: 0.1 variance: 0.1 variance: 0.2 variance: 0.2 offset: 0.5"
        parts["priorbox"].append(net.layer("PriorBox", f"head{i}_priorbox", [source, "data"], f"prior_box_param {{ {fields} }}"))
    locations = net.concat("mbox_loc", parts["loc"])
    scores = net.concat("mbox_conf", parts["conf"])
    priors = net.concat("mbox_priorbox", parts["priorbox"], axis=2)
    scores = net.layer("Reshape", "mbox_conf_reshape", scores, f"reshape_param {{ shape {{ dim: 0 dim: -1 dim: {classes} }} }}")
    scores = net.layer("Softmax", "mbox_conf_softmax", scores, "softmax_param { axis: 2 }")
    scores = net.layer("Flatten", "mbox_conf_flatten", scores, "flatten_param { axis: 1 }")
    net.layer("DetectionOutput", "detection_out", [locations, scores, priors],
              f"detection_output_param {{ num_classes: {classes} share_location: true background_label_id: 0 "
              "nms_param { nms_threshold: 0.45 top_k: 100 } code_type: CENTER_SIZE keep_top_k: 100 "
              "confidence_threshold: 0.25 }")
    return net


def googlenet(width: float) -> Net:
    """GoogLeNet (Szegedy et al. 2014), BVLC's form."""
    net = Net("googlenet", (1, 3, 224, 224), width)

    def inception(name: str, bottom: str, sizes: tuple[int, ...]) -> str:
        n = [net.scaled(size) for size in sizes]
        reduced3 = net.conv(f"{name}/3x3_reduce", bottom, n[1], 1)
        reduced5 = net.conv(f"{name}/5x5_reduce", bottom, n[3], 1)
        pooled = net.pool(f"{name}/pool", bottom, 3, 1, 1)
        return net.concat(f"{name}/output", [
            net.conv(f"{name}/1x1", bottom, n[0], 1), net.conv(f"{name}/3x3", reduced3, n[2], 3, pad=1),
            net.conv(f"{name}/5x5", reduced5, n[4], 5, pad=2), net.conv(f"{name}/pool_proj", pooled, n[5], 1)])

    norm = "lrn_param { local_size: 5 alpha: 0.0001 beta: 0.75 }"
    x = net.pool("pool1/3x3_s2", net.conv("conv1/7x7_s2", "data", net.scaled(64), 7, 2, 3), 3, 2)
    x = net.conv("conv2/3x3_reduce", net.layer("LRN", "pool1/norm1", x, norm), net.scaled(64), 1)
    x = net.layer("LRN", "conv2/norm2", net.conv("conv2/3x3", x, net.scaled(192), 3, pad=1), norm)
    x = inception("inception_3a", net.pool("pool2/3x3_s2", x, 3, 2), (64, 96, 128, 16, 32, 32))
    x = inception("inception_3b", x, (128, 128, 192, 32, 96, 64))
    x = inception("inception_4a", net.pool("pool3/3x3_s2", x, 3, 2), (192, 96, 208, 16, 48, 64))
    x = inception("inception_4b", x, (160, 112, 224, 24, 64, 64))
    x = inception("inception_4c", x, (128, 128, 256, 24, 64, 64))
    x = inception("inception_4d", x, (112, 144, 288, 32, 64, 64))
    x = inception("inception_4e", x, (256, 160, 320, 32, 128, 128))
    x = inception("inception_5a", net.pool("pool4/3x3_s2", x, 3, 2), (256, 160, 320, 32, 128, 128))
    x = inception("inception_5b", x, (384, 192, 384, 48, 128, 128))
    x = net.layer("Dropout", "pool5/drop", net.pool("pool5/7x7_s1", x, 7, 1, kind="AVE"), top="pool5/7x7_s1")
    net.layer("Softmax", "prob", net.product("loss3/classifier", x, 1000))
    return net


def fcn(width: float) -> Net:
    """FCN-8s (Long et al. 2015): VGG-16 with wide padding, upsampled by deconvolutions, cut and summed."""
    net = Net("fcn", (1, 3, 96, 128), width)
    classes = 21
    x = "data"
    pools = {}
    for block, (outputs, count) in enumerate([(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)], start=1):
        for i in range(1, count + 1):
            x = net.conv(f"conv{block}_{i}", x, net.scaled(outputs), 3, pad=100 if (block, i) == (1, 1) else 1)
        x = pools[block] = net.pool(f"pool{block}", x, 2, 2)
    x = net.conv("fc7", net.conv("fc6", x, net.scaled(4096), 7), net.scaled(4096), 1)
    x = net.deconv("upscore2", net.conv("score_fr", x, classes, 1, relu=False), 4, 2)
    for name, block, offset, up in (("pool4", 4, 5, "upscore_pool4"), ("pool3", 3, 9, "upscore8")):
        score = net.conv(f"score_{name}", pools[block], classes, 1, relu=False)
        score = net.layer("Crop", f"score_{name}c", [score, x], f"crop_param {{ axis: 2 offset: {offset} }}")
        x = net.layer("Eltwise", f"fuse_{name}", [x, score], "eltwise_param { operation: SUM }")
        x = net.deconv(up, x, 4 if name == "pool4" else 16, 2 if name == "pool4" else 8)
    net.layer("Crop", "score", [x, "data"], "crop_param { axis: 2 offset: 31 }")
    return net


NETWORKS = {make.__name__: make for make in (squeezenet, mobilenet, mobilenet_ssd, googlenet, fcn)}


def write(name: str, folder: Path, width: float = 1) -> tuple[Path, Path]:
    net = NETWORKS[name](width)
    folder.mkdir(parents=True, exist_ok=True)
    prototxt, caffemodel = folder / f"{name}.prototxt", folder / f"{name}.caffemodel"
    prototxt.write_text(net.text)
    caffemodel.write_bytes(net.model())
    return prototxt, caffemodel


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which to write (default all): {', '.join(NETWORKS)}")
    parser.add_argument("--out", type=Path, required=True, help="folder for the files")
    parser.add_argument("--width", type=float, default=1, help="factor on the numbers of channels (default 1)")
    args = parser.parse_args()
    if unknown := [name for name in args.names if name not in NETWORKS]:
        parser.error(f"there is no network '{unknown[0]}'")
    for name in args.names or NETWORKS:
        print(*write(name, args.out, args.width), sep="\n")


if __name__ == "__main__":
    main()
