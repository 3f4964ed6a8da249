#!/usr/bin/env python3
"""Compares Tenon with ONNX Runtime and OpenVINO: the same model file, input and thread count, taking turns.

bench/README.md says how the numbers are taken. Exit code 0 if every case ran and all outputs agree, 1 if not, and 3 if --limit ended it before the last case.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from peerbench.contestants import TITLES, Contestant, ContestantError, TenonContestant, WorkerContestant, ignores_isa
from peerbench.inputs import NoSuchBatch, Shape, TensorSpec, UsageError, make_input, parse_input_files, parse_shapes, resolve_shapes
from peerbench.quantize import QuantizerError, quantize, write_samples
from peerbench.stats import CaseResult, PeerResult, compare_outputs, results_table, signal_to_noise_db
from peerbench.worker import cpu_flags

SUBJECT = "tenon"
MODULES = {"ort": "onnxruntime", "openvino": "openvino"}


@dataclass(frozen=True)
class QuantizedCase:
    """Each peer's INT8 file or why it has none, and what all were calibrated with."""

    files: dict[str, Path]
    refused: dict[str, str]
    samples: Path


@dataclass(frozen=True)
class Case:
    """One model at one shape, with its inputs on disk."""

    path: Path
    label: str
    batch: int
    inputs: dict[str, Path]
    shapes: dict[str, Shape]
    free: dict[str, Shape]
    outputs: list[str]
    int8: QuantizedCase | None = None
    exact: list[NDArray] | None = None  # the answers in FP32, where lower precisions are compared


def main() -> int:
    args = parse_arguments()
    names = available(args.peers.split(","), args.tenon)
    peers = [n for n in names if n != SUBJECT]
    if not peers:
        print("no peer to compare with: pip install onnxruntime openvino", file=sys.stderr)
        return 1

    report = Report.open(args)
    began = time.monotonic()
    failed = left = False
    with tempfile.TemporaryDirectory() as folder:
        wanted = [(m, b, t) for m in args.models for b in args.batch for t in args.threads]
        case: Case | None = None
        for i, (model, batch, threads) in enumerate(wanted):
            if report.has(label_of(model), batch, threads):
                continue
            if args.limit and time.monotonic() - began > args.limit:
                left = True
                break
            try:
                if case is None or (case.path, case.batch) != (model.resolve(), batch):
                    case = prepare(model, batch, peers, args, Path(folder) / str(i))
            except NoSuchBatch as error:
                print(f"{model}: {error}, left out", file=sys.stderr)
                report.add(CaseResult(label_of(model), batch, {}, threads, {}, skipped=str(error)))
                continue
            except (UsageError, ContestantError, OSError, ValueError) as error:
                print(f"{model}: {error}", file=sys.stderr)
                failed = True
                continue
            report.add(run_case(case, threads, names, report.versions, args))

    results = [r for r in report.cases if r.peers]
    print(f"{host_line()}\nMilliseconds, minimum / median over {args.rounds} rounds of {args.duration:g} s; ~ marks more than 10 % "
          f"between rounds. A ratio below 1: {SUBJECT} is faster.\n")
    print(results_table(results, names, SUBJECT))
    if ratios := [r for r in (result.ratio(SUBJECT) for result in results) if r]:
        print(f"\n{SUBJECT} / better peer, geometric mean of {len(ratios)}: {statistics.geometric_mean(r.min for r in ratios):.3f} by minimum, "
              f"{statistics.geometric_mean(r.median for r in ratios):.3f} by median.")
    print_details(results, report.versions)
    failed = failed or any(p.error or (p.agreement and not p.agreement.ok) for r in results for p in r.peers.values())
    return 3 if left else 1 if failed else 0


class Report:
    """All cases so far; what --json names is rewritten after each one, so that a later call can go on from there."""

    def __init__(self, path: Path | None, settings: dict[str, object]) -> None:
        self._path = path
        self._settings = settings
        self.versions: dict[str, str] = {}
        self.cases: list[CaseResult] = []

    @staticmethod
    def open(args: argparse.Namespace) -> Report:
        report = Report(args.json, {"rounds": args.rounds, "duration_s": args.duration, "warmup_s": args.warmup,
                                    "precision": args.precision, "samples": str(args.samples or ""), "isa": args.isa or None, "tolerance": args.tolerance})
        if args.resume and args.json and args.json.exists():
            old = json.loads(args.json.read_text())
            if old["settings"] != report._settings:
                raise SystemExit(f"{args.json} was measured with other settings: {old['settings']}")
            report.versions = old["versions"]
            report.cases = [CaseResult.from_json(c) for c in old["cases"]]
        return report

    def has(self, model: str, batch: int, threads: int) -> bool:
        return any((c.model, c.batch, c.threads) == (model, batch, threads) for c in self.cases)

    def add(self, case: CaseResult) -> None:
        self.cases.append(case)
        if not self._path:
            return
        content = {"host": {"cpu": cpu_name(), "cores": os.cpu_count(), "flags": cpu_flags(), "load": os.getloadavg()},
                   "settings": self._settings, "versions": self.versions, "cases": [c.as_json(SUBJECT) for c in self.cases]}
        part = self._path.with_name(self._path.name + ".part")
        part.write_text(json.dumps(content, indent=1) + "\n")
        part.replace(self._path)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", type=Path, metavar="MODEL", help="ONNX files")
    parser.add_argument("--batch", nargs="+", type=int, default=[1], metavar="N", help="extents of a free first axis (default 1)")
    parser.add_argument("--shapes", nargs="+", default=[], metavar="NAME:SHAPE", help="shape of an input, as in input:1x3x224x224")
    parser.add_argument("--input", nargs="+", default=[], metavar="NAME=FILE.npy", help="content of an input (default random)")
    parser.add_argument("--threads", nargs="+", type=int, default=[1], metavar="N")
    parser.add_argument("--rounds", type=int, default=7, help="turns of each (default %(default)s)")
    parser.add_argument("--duration", type=float, default=1.0, metavar="S", help="seconds a turn (default %(default)s)")
    parser.add_argument("--warmup", type=float, default=0.2, metavar="S", help="unmeasured seconds before a turn")
    parser.add_argument("--peers", default="ort,openvino", help="whom to compare with (default %(default)s)")
    parser.add_argument("--tenon", type=Path, default=Path("build/release/bin/tenon"), metavar="PATH")
    parser.add_argument("--precision", default="f32", choices=["f32", "bf16", "f16", "int8"],
                        help="what Tenon and OpenVINO may compute in; int8: everyone quantizes, each with its own quantizer")
    parser.add_argument("--samples", type=Path, metavar="FILE.npz",
                        help="to calibrate INT8 with: an array per input, samples along its first axis (default 16 random ones)")
    parser.add_argument("--tolerance", type=float, default=1e-3,
                        help="largest difference of outputs over their largest magnitude (default %(default)s)")
    parser.add_argument("--isa", default="", choices=["avx2", "avx512"],
                        help="hold everyone to this instruction set who can be held to it; others run, but are no yardstick")
    parser.add_argument("--timing-cache", type=Path, metavar="FILE", help="for Tenon's builds")
    parser.add_argument("--json", type=Path, metavar="OUT", help="also write everything here, after every case")
    parser.add_argument("--resume", action="store_true", help="keep the cases that OUT has already, and measure the others")
    parser.add_argument("--limit", type=float, metavar="S", help="start no case later than this many seconds after the start")
    args = parser.parse_args()
    if unknown := set(args.peers.split(",")) - set(MODULES):
        parser.error(f"unknown peer: {', '.join(sorted(unknown))}; known are {', '.join(MODULES)}")
    if args.rounds < 1 or args.duration <= 0 or min(args.threads + args.batch) < 1:
        parser.error("--rounds, --duration, --threads and --batch must be positive")
    return args


def available(peers: Sequence[str], tenon: Path) -> list[str]:
    """Who takes part, in the order of their turns; says who is missing."""
    names = []
    if os.access(tenon, os.X_OK) and tenon.is_file():
        names.append(SUBJECT)
    else:
        print(f"tenon: no program at {tenon}, left out", file=sys.stderr)
    for peer in peers:
        if importlib.util.find_spec(MODULES[peer]):
            names.append(peer)
        else:
            print(f"{TITLES[peer]}: Python has no module {MODULES[peer]}, left out", file=sys.stderr)
    return names


def inspect(model: Path, peers: Sequence[str]) -> tuple[list[TensorSpec], list[TensorSpec]]:
    """The model's inputs and outputs, as the first peer that can read it sees them."""
    errors = []
    for peer in peers:
        with closing(WorkerContestant(peer)) as worker:
            try:
                return worker.inspect(model.resolve())
            except ContestantError as error:
                errors.append(f"{TITLES[peer]}: {error}")
    raise ContestantError("; ".join(errors))


def label_of(model: Path) -> str:
    return model.parent.name if model.name == "model.onnx" else model.stem


def prepare(model: Path, batch: int, peers: Sequence[str], args: argparse.Namespace, folder: Path) -> Case:
    """Decides the shapes and writes the inputs."""
    specs, outputs = inspect(model, peers)
    folder.mkdir()
    asked = parse_shapes(args.shapes)
    arrays = {name: np.load(path) for name, path in parse_input_files(args.input).items()
              if any(s.name == name for s in specs)}
    shapes = resolve_shapes(specs, batch, {**asked, **{name: a.shape for name, a in arrays.items()}})
    inputs: dict[str, Path] = {}
    for i, spec in enumerate(specs):
        inputs[spec.name] = folder / f"{i}.npy"
        np.save(inputs[spec.name], arrays[spec.name] if spec.name in arrays else make_input(spec, shapes[spec.name], seed=i))
    case = Case(model.resolve(), label_of(model), batch, inputs, shapes, {s.name: shapes[s.name] for s in specs if not s.is_fixed},
                [o.name for o in outputs])
    if args.precision == "f32":
        return case
    with closing(WorkerContestant(peers[0])) as worker:
        worker.load(case.path, 1, case.inputs, case.free)
        case = replace(case, exact=worker.outputs(case.outputs))
    return replace(case, int8=quantize_case(case, specs, peers, args.samples, folder)) if args.precision == "int8" else case


def quantize_case(case: Case, specs: Sequence[TensorSpec], peers: Sequence[str], samples: Path | None, folder: Path) -> QuantizedCase:
    """Calibrates with batches of one where the file allows it."""
    shapes = resolve_shapes(specs, 1, case.shapes if case.batch == 1 else {})
    if samples is None:
        samples = folder / "samples.npz"
        write_samples(samples, specs, shapes, count=16)
    files, refused = {}, {}
    for peer in peers:
        try:
            files[peer] = quantize(peer, case.path, samples.resolve(), next(iter(shapes.values()))[0], folder / peer)
        except QuantizerError as error:
            refused[peer] = str(error)
    return QuantizedCase(files, refused, samples.resolve())


def run_case(case: Case, threads: int, names: Sequence[str], versions: dict[str, str],
             args: argparse.Namespace) -> CaseResult:
    result = CaseResult(case.label, case.batch, case.shapes, threads, {name: PeerResult([]) for name in names})
    where = f"{case.label}, batch {case.batch}, {threads} thread{'s' if threads > 1 else ''}"
    with ExitStack() as stack:
        running: dict[str, Contestant] = {}
        answers = {}
        for name in names:
            note(f"{where}: {TITLES[name]} loads")
            contestant: Contestant = (TenonContestant(args.tenon, args.precision, args.isa, args.timing_cache, case.int8 and case.int8.samples) if name == SUBJECT
                                      else WorkerContestant(name, args.precision, args.isa))
            stack.callback(contestant.close)
            try:
                contestant.load(file_for(name, case), threads, case.inputs, case.free)
                answers[name] = contestant.outputs(case.outputs)
                running[name] = contestant
            except ContestantError as error:
                result.peers[name].error = str(error)
            result.peers[name].what_ran = contestant.what_ran
            result.peers[name].yardstick = not ignores_isa(name, args.isa)
            if contestant.version:
                versions[name] = contestant.version
        reference = next((n for n in running if n != SUBJECT), None)
        for name in running:
            if case.exact is not None:
                result.peers[name].sqnr_db = signal_to_noise_db(answers[name], case.exact)
            elif reference is not None and name != reference:
                result.peers[name].agreement = compare_outputs(case.outputs, answers[name], answers[reference],
                                                               args.tolerance)
        for i in range(args.rounds):
            for name, contestant in list(running.items()):
                note(f"{where}: round {i + 1} of {args.rounds}, {TITLES[name]}")
                try:
                    result.peers[name].rounds.append(contestant.round(args.duration, args.warmup))
                except ContestantError as error:
                    result.peers[name].error = str(error)
                    result.peers[name].rounds.clear()
                    del running[name]
    note("")
    return result


def file_for(name: str, case: Case) -> Path:
    if case.int8 and name in case.int8.refused:
        raise ContestantError(case.int8.refused[name])
    return case.int8.files.get(name, case.path) if case.int8 else case.path


def print_details(results: Sequence[CaseResult], versions: dict[str, str]) -> None:
    print("\nWhat ran:")
    for name, version in versions.items():
        print(f"  {TITLES[name]} {version}")
    lines: dict[tuple[str, str, str], list[str]] = {}
    for result in results:
        for name, peer in result.peers.items():
            if line := peer.error or peer.what_ran:
                lines.setdefault((result.model, TITLES[name], line), []).append(str(result.threads))
    for (model, title, line), threads in lines.items():
        print(f"  {model}, {title}, {' and '.join(threads)} thread{'' if threads == ['1'] else 's'}: {line}")


def cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def host_line() -> str:
    return f"{cpu_name()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} ({' '.join(cpu_flags())})"


def note(text: str) -> None:
    """Shows progress on a terminal and nowhere else."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
