#!/usr/bin/env python3
"""Measures what INT8 costs: network × calibrator × scheme, each built and evaluated by the tenon command.

Usage: int8_accuracy.py CORPUS [--tenon COMMAND] [--networks A,B] [--calibrators A,B] [--schemes A,B] [--split eval|calib] [-o FILE]

The split is fixed. ImageNet: pictures whose class index ends in 0 calibrate, the others are evaluated; CIFAR-10: the first 200 of
the 2000 calibrate; MNIST: the first 200 training pictures calibrate, the 10,000 test pictures are evaluated. Defaults are chosen by
`--split calib` alone. The calibrator "improved" is what `tenon build --int8` does by itself: it chooses among the others for every
tensor, equalizes channels and corrects biases; the others stand alone (--no-improve).

Each row is written to FILE as soon as it is measured; rows that are there already are not measured again.
"""

import argparse
import gzip
import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import zipfile
from typing import NamedTuple

ROOT = pathlib.Path(__file__).resolve().parents[1]
CALIBRATORS = ["improved", "mse", "min-max", "entropy-2", "percentile:99.99", "percentile:99.9"]
SCHEMES = ["symmetric", "asymmetric"]


class Case(NamedTuple):
    model: pathlib.Path
    calib: pathlib.Path
    eval: pathlib.Path
    options: list  # how pictures are prepared
    batch: int = 1


def npy(dtype: str, shape: tuple, data: bytes) -> bytes:
    header = repr({"descr": dtype, "fortran_order": False, "shape": shape}).encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def npz(path: pathlib.Path, name: str, values: bytes, shape: tuple, labels: bytes) -> pathlib.Path:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(f"{name}.npy", npy("<f4", shape, values))
        file.writestr("labels.npy", npy("|u1", (len(labels),), labels))
    return path


def imagenet(corpus: pathlib.Path, folder: pathlib.Path, name: str, first_class: int, options: list) -> Case:
    """Lists of pictures with labels; `first_class` is what the network calls class 0."""
    lists = {"calib": [], "eval": []}
    for picture in sorted((corpus / "imagenet_500").iterdir()):
        index = int(picture.name.split("_")[0])
        lists["calib" if index % 10 == 0 else "eval"].append(f"{picture} {index + first_class}\n")
    for part, lines in lists.items():
        (folder / f"{name}.{part}").write_text("".join(lines))
    return Case(corpus / name / "model.onnx", folder / f"{name}.calib", folder / f"{name}.eval", ["--crop", "224x224", *options])


def cifar(corpus: pathlib.Path, folder: pathlib.Path) -> Case:
    """Records of a label and 3 × 1024 pixels, normalised as the network was trained."""
    data = (corpus / "cifar10_test_first2000.bin").read_bytes()
    records = [data[at:at + 3073] for at in range(0, len(data), 3073)]
    tables = [[struct.pack("<f", (p / 255 - mean) / std) for p in range(256)]
              for mean, std in ((0.485, 0.229), (0.456, 0.224), (0.406, 0.225))]

    def part(name: str, chosen: list) -> pathlib.Path:
        values = b"".join(tables[c][p] for record in chosen for c in range(3) for p in record[1 + 1024 * c:1025 + 1024 * c])
        return npz(folder / f"cifar_{name}.npz", "input", values, (len(chosen), 3, 32, 32), bytes(record[0] for record in chosen))

    return Case(corpus / "resnet20_cifar10" / "model.onnx", part("calib", records[:200]), part("eval", records[200:]), [], 50)


def mnist(corpus: pathlib.Path, folder: pathlib.Path) -> Case:
    table = [struct.pack("<f", p / 255) for p in range(256)]

    def part(prefix: str, count: int) -> pathlib.Path:
        pixels = gzip.decompress((corpus / f"{prefix}-images-idx3-ubyte.gz").read_bytes())[16:]
        labels = gzip.decompress((corpus / f"{prefix}-labels-idx1-ubyte.gz").read_bytes())[8:]
        count = min(count, len(labels))
        values = b"".join(table[p] for p in pixels[:784 * count])
        return npz(folder / f"mnist_{prefix}.npz", "image", values, (count, 1, 28, 28), labels[:count])

    return Case(ROOT / "models" / "digits" / "digits.onnx", part("train", 200), part("t10k", 10000), [], 50)


def cases(corpus: pathlib.Path, folder: pathlib.Path, names: list) -> dict:
    makers = {
        "resnet50": lambda: imagenet(corpus, folder, "resnet50", 0, ["--color", "bgr", "--mean", "103.939,116.779,123.68"]),
        "mobilenet_v1": lambda: imagenet(corpus, folder, "mobilenet_v1", 1, ["--mean", "127.5", "--std", "127.5"]),
        "resnet20_cifar10": lambda: cifar(corpus, folder),
        "digits": lambda: mnist(corpus, folder),
    }
    return {name: makers[name]() for name in names or makers}


def run(tenon: str, *arguments: object) -> dict:
    done = subprocess.run([tenon, *map(str, arguments), "--json"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"tenon {' '.join(map(str, arguments))}: {done.stderr}")
    return json.loads(done.stdout)


def input_of(case: Case) -> tuple:
    return ("input", "3x32x32") if "cifar" in str(case.model) else ("image", "1x28x28")


def shapes(case: Case) -> list:
    """For an engine that takes whole batches, and what is left of them."""
    if case.batch == 1:
        return []
    name, sample = input_of(case)
    return ["--shapes", f"{name}:1x{sample}:{case.batch}x{sample}:{case.batch}x{sample}"]


def build(tenon: str, case: Case, engine: pathlib.Path, calibrator: str, scheme: str, *more: object) -> dict:
    chosen = [] if calibrator == "improved" else ["--calibrator", calibrator, "--no-improve"]
    return run(tenon, "build", case.model, "-o", engine, "--int8", "--calib", case.calib, "--calib-batch", case.batch, *case.options,
               *shapes(case), *chosen, "--int8-scheme", scheme, "--no-tune", "--strip-portable", *more)


def evaluate(tenon: str, case: Case, engine: pathlib.Path, samples: pathlib.Path) -> dict:
    return run(tenon, "evaluate", engine, "--reference", case.model, "--eval", samples, "--batch", case.batch, *case.options)


def interval(estimate: dict, factor: float, digits: int) -> str:
    return " … ".join(f"{factor * estimate[end]:.{digits}f}" for end in ("low", "high"))


def label(name: str, calibrator: str, scheme: str) -> str:
    """How a row begins."""
    return f"| {name} | {calibrator} | {scheme} |"


def row(start: str, result: dict) -> str:
    agreement, kl = result["agreement"], result["kl"]
    return (f"{start} {result['reference_right']} | {result['right']} | {result['lost']} | {result['gained']} "
            f"| {100 * agreement['value']:.2f} ({interval(agreement, 100, 2)}) | {1000 * kl['value']:.2f} ({interval(kl, 1000, 2)}) |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=pathlib.Path)
    parser.add_argument("--tenon", default=str(ROOT / "build/release/bin/tenon"))
    parser.add_argument("--networks", default="")
    parser.add_argument("--calibrators", default=",".join(CALIBRATORS))
    parser.add_argument("--schemes", default=",".join(SCHEMES))
    parser.add_argument("--split", choices=("eval", "calib"), default="eval")
    parser.add_argument("-o", "--output", type=pathlib.Path)
    args = parser.parse_args()
    found = args.output.read_text().splitlines() if args.output and args.output.exists() else []
    lines = []

    def give(line: str) -> None:
        print(line, flush=True)
        lines.append(line)
        if args.output:  # what is found but not asked for yet stays
            args.output.write_text("\n".join([*lines, *(old for old in found if old not in lines)]) + "\n")

    give("| network | calibrator | activations | right in FP32 | right in INT8 | lost | gained | same class, % | mean KL, 10⁻³ |")
    give("|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        for name, case in cases(args.corpus, folder, [n for n in args.networks.split(",") if n]).items():
            for scheme in args.schemes.split(","):
                for calibrator in args.calibrators.split(","):
                    start = label(name, calibrator, scheme)
                    old = next((line for line in found if line.startswith(start)), None)
                    if old is None:
                        build(args.tenon, case, folder / "engine", calibrator, scheme)
                        samples = case.eval if args.split == "eval" else case.calib
                        old = row(start, evaluate(args.tenon, case, folder / "engine", samples))
                    give(old)


if __name__ == "__main__":
    main()
