#!/usr/bin/env python3
"""Trains the digit classifier that ships in models/digits and writes that folder.

Needs torch, numpy, onnx and onnxruntime, and the four files of MNIST (train-images-idx3-ubyte.gz and so on).
Takes under two minutes on two cores. The seed fixes the result for one version of PyTorch on one kind of CPU.
"""

from __future__ import annotations

import argparse
import gzip
import struct
import sys
import time
import zlib
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import nn

from networks.builder import NetBuilder

CLASSES = 10
SIZE = 28
PICTURES_PER_CLASS = 20
PATTERN_IMAGES = 8


class DigitNet(nn.Module):
    """Three convolutions, each with batch normalization; `write_onnx` writes the same layers."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.conv2 = nn.Conv2d(16, 32, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(32)
        self.conv3 = nn.Conv2d(32, 64, 3, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(64)
        self.pool = nn.MaxPool2d(2)
        self.fc = nn.Linear(64 * 3 * 3, CLASSES)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        x = self.pool(torch.relu(self.bn1(self.conv1(image))))
        x = self.pool(torch.relu(self.bn2(self.conv2(x))))
        x = self.pool(torch.relu(self.bn3(self.conv3(x))))
        return self.fc(torch.flatten(x, 1))


def write_onnx(net: DigitNet, path: Path) -> None:
    """Writes the trained layers one to one: batch normalization stays a node of its own."""
    b = NetBuilder("digits", {name: t.numpy() for name, t in net.state_dict().items()})
    x = b.input("image", ["N", 1, SIZE, SIZE], features=1)
    for i, channels in enumerate((16, 32, 64), start=1):
        x = b.conv(f"conv{i}", x, channels, kernel=3)
        x = b.max_pool(b.relu(b.batch_norm(f"bn{i}", x)), kernel=2, stride=2)
    x = b.gemm("fc", b.flatten(x, 64 * 3 * 3), CLASSES)
    b.output("logits", x, ["N", CLASSES])
    b.save(path)


def read_idx(path: Path) -> NDArray[np.uint8]:
    """Reads one gzipped file of MNIST's idx format, unsigned bytes only."""
    data = gzip.decompress(path.read_bytes())
    zero, kind, rank = struct.unpack_from(">HBB", data)
    if zero != 0 or kind != 8:
        raise ValueError(f"{path}: not an idx file of unsigned bytes")
    shape = struct.unpack_from(f">{rank}I", data, 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(shape)


def as_input(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """[count, 28, 28] grey levels -> [count, 1, 28, 28] in 0..1."""
    return pictures[:, None].astype(np.float32) * np.float32(1 / 255)


def shifted(batch: torch.Tensor, generator: torch.Generator, reach: int = 2) -> torch.Tensor:
    """Moves each picture by up to `reach` pixels each way."""
    padded = nn.functional.pad(batch, [reach] * 4)
    count = len(batch)
    rows = torch.randint(0, 2 * reach + 1, (count, 1), generator=generator) + torch.arange(SIZE)
    columns = torch.randint(0, 2 * reach + 1, (count, 1), generator=generator) + torch.arange(SIZE)
    which = torch.arange(count)[:, None, None]
    return padded[which, 0, rows[:, :, None], columns[:, None, :]][:, None]


def train(images: torch.Tensor, labels: torch.Tensor, epochs: int, batch: int, seed: int) -> DigitNet:
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    net = DigitNet()
    steps = -(-len(images) // batch)
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1e-2, total_steps=epochs * steps)
    net.train()
    for epoch in range(epochs):
        start, total = time.monotonic(), 0.0
        for chosen in torch.randperm(len(images), generator=generator).split(batch):
            loss = nn.functional.cross_entropy(net(shifted(images[chosen], generator)), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(chosen)
        print(f"epoch {epoch + 1}/{epochs}: loss {total / len(images):.4f}, {time.monotonic() - start:.0f} s", flush=True)
    return net.eval()


def run_onnx(path: Path, images: NDArray[np.float32]) -> NDArray[np.float32]:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(["logits"], {"image": images})[0]


def png(picture: NDArray[np.uint8]) -> bytes:
    """An 8-bit grey picture as a PNG file."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width = picture.shape
    rows = b"".join(b"\0" + row.tobytes() for row in picture)
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def write_pictures(out: Path, pictures: NDArray[np.uint8], labels: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Writes the first pictures of each class and labels.txt; returns their indices in the test set, ascending."""
    indices = np.sort(np.concatenate([np.flatnonzero(labels == c)[:PICTURES_PER_CLASS] for c in range(CLASSES)]))
    folder = out / "images"
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for index in indices:
        name = f"{index:04d}_{labels[index]}.png"
        (folder / name).write_bytes(png(pictures[index]))
        lines.append(f"images/{name} {labels[index]}\n")
    (out / "labels.txt").write_text("".join(lines))
    return indices


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mnist", type=Path, required=True, help="folder with the four idx files, gzipped")
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent.parent / "models" / "digits")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--require", type=float, default=0.988, help="least accuracy for which files are written")
    args = parser.parse_args()

    torch.set_num_threads(args.threads)
    torch.use_deterministic_algorithms(True)
    train_images, train_labels, test_pictures, test_labels = (
        read_idx(args.mnist / f"{part}-ubyte.gz")
        for part in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"))

    net = train(torch.from_numpy(as_input(train_images)), torch.from_numpy(train_labels.astype(np.int64)),
                args.epochs, args.batch, args.seed)
    test_images = as_input(test_pictures)
    with torch.no_grad():
        expected = torch.cat([net(part) for part in torch.from_numpy(test_images).split(1000)]).numpy()
    accuracy = float((expected.argmax(1) == test_labels).mean())
    print(f"{sum(p.numel() for p in net.parameters())} parameters, accuracy {accuracy:.2%} on {len(test_labels)} digits")
    if accuracy < args.require:
        print(f"the accuracy is below {args.require:.2%}; nothing is written", file=sys.stderr)
        return 1

    args.out.mkdir(parents=True, exist_ok=True)
    model = args.out / "digits.onnx"
    write_onnx(net, model)
    logits = run_onnx(model, test_images)
    np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-4)
    indices = write_pictures(args.out, test_pictures, test_labels)
    np.save(args.out / "first8_logits.npy", run_onnx(model, test_images[indices[:PATTERN_IMAGES]]))
    right = int((logits.argmax(1) == test_labels)[indices].sum())
    print(f"{args.out}: ONNX file agrees with PyTorch; {right} of the {len(indices)} shipped pictures are classified right")
    return 0


if __name__ == "__main__":
    sys.exit(main())
