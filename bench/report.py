#!/usr/bin/env python3
"""Renders docs/performance.md from what the measuring programs wrote, so that no number in it is typed by hand.

The folder RESULTS holds peers.json (and peers_avx2.json, peers_int8.json, peers_bf16.json) of peers.py, layers.json of
layers.py, layers_int8.json of layers.py over engines of integers, busy.json of busy_core.py, throughput.json of throughput.py
and commands.txt, the commands that made them. What is missing is left out. reasons.json and
reasons_int8.json say why a layer is where it is: {"network/layer": "sentence"}.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from peerbench.contestants import TITLES
from peerbench.stats import CaseResult, milliseconds, text_table

SUBJECT = "tenon"


def speed(case: CaseResult) -> float | None:
    """How many times as fast as the better peer, by the minimum."""
    ratio = case.ratio(SUBJECT)
    return 1 / ratio.min if ratio else None


def peers_section(title: str, report: dict[str, Any]) -> list[str]:
    cases = [CaseResult.from_json(c) for c in report["cases"]]
    cases = [c for c in cases if c.peers]
    cases.sort(key=lambda c: (c.model, c.batch, c.threads))
    names = list(cases[0].peers)
    rows, speeds = [], []
    for case in cases:
        cells = [milliseconds(s.min_ms) + ("" if case.peers[n].yardstick else " \\*") if (s := case.peers[n].summary) else "failed"
                 for n in names]
        if (x := speed(case)) is not None:
            speeds.append(x)
        rows.append([case.model, str(case.batch), str(case.threads), *cells, f"{x:.2f}" if x else "-", case.outputs])
    lines = [f"## {title}", "", "Milliseconds a run, the minimum over all rounds. The factor says how many times as fast as the better peer Tenon is.", "",
             text_table(["network", "batch", "threads", *(TITLES[n] for n in names), "factor", "outputs"], rows), ""]
    if any(not p.yardstick for c in cases for p in c.peers.values()):
        lines += ["\\* cannot be held to this instruction set, runs with all that the processor has, and is no yardstick.", ""]
    lines += [f"Geometric mean of the {len(speeds)} factors: **{statistics.geometric_mean(speeds):.3f}**; "
              f"{sum(x >= 1 for x in speeds)} are at least 1, the least is {min(speeds):.2f}.", ""]
    versions = ", ".join(f"{TITLES[n]} {v}" for n, v in report["versions"].items() if v)
    host, settings = report["host"], report["settings"]
    lines += [f"{host['cpu']}, {host['cores']} cores ({' '.join(host['flags'])}); {versions}; {settings['rounds']} rounds of "
              f"{settings['duration_s']:g} s each, taking turns.", ""]
    return lines + precision_section(cases)


def precision_section(cases: Sequence[CaseResult]) -> list[str]:
    """What the libraries say they ran, the first words of it."""
    rows = {(c.model, TITLES[n], p.what_ran.split(";")[0]): None for c in cases for n, p in c.peers.items() if p.what_ran}
    if not rows:
        return []
    return ["Precisions that ran, as the libraries report them:", "", text_table(["network", "", "layers"], [list(r) for r in rows]), ""]


def layers_section(report: dict[str, Any], reasons: dict[str, str], count: int, title: str) -> list[str]:
    rows = []
    for layer in report["layers"][:count]:
        reason = reasons.get(f"{layer['network']}/{layer['layer']}", "")
        rows.append([layer["network"], layer["layer"][:48], f"`{layer['tactic'][:48]}`", milliseconds(layer["ms"]), milliseconds(layer["floor_ms"]), layer["limit"],
                     f"{layer['share_above'] * 100:.1f} %", reason])
    return [f"## {title}", "",
            "A layer's floor is the larger of its products over the peak and its bytes over the bandwidth of the smallest memory that holds",
            "them; products are those of the direct algorithm. Ranked by the time above the floor as a share of the network's, one thread.", "",
            text_table(["network", "layer", "tactic", "ms", "floor", "limit", "above", "reason"], rows), ""]


def of_peak_section(report: dict[str, Any]) -> list[str]:
    """Every layer that is products of bytes, network by network in the order in which they run."""
    rows = [[layer["network"], layer["layer"][:48], f"`{layer['tactic'][:48]}`", milliseconds(layer["ms"]), f"{layer['of_peak'] * 100:.0f} %"]
            for layer in sorted(report["layers"], key=lambda layer: (layer["network"], layer.get("place", 0)))
            if layer["op"].startswith("quantized_") and layer["of_peak"] > 0]
    return ["## INT8: share of the peak", "",
            "Products of each layer over the time that it takes, as a share of what the machine's dot products of bytes reach, one thread.", "",
            text_table(["network", "layer", "tactic", "ms", "of peak"], rows), ""]


def peaks_section(peaks: dict[str, Any]) -> list[str]:
    rows = [[what, f"{p['one']:.0f}", f"{p['all']:.0f}", p["unit"]] for what, p in peaks["peaks"].items()]
    return ["## The machine", "", f"{peaks['cpu']}, as `tenon_peaks` measures it:", "",
            text_table(["", "1 thread", f"{peaks['threads']} threads", ""], rows), ""]


def busy_section(report: dict[str, Any]) -> list[str]:
    return ["## With one core kept busy by another process", "", f"{report['network']}, {report['threads']} threads, ms:", "",
            text_table(report["header"], report["rows"]), ""]


def throughput_section(report: dict[str, Any]) -> list[str]:
    rows = []
    for case in report["cases"]:
        best = {c: max(case[c], key=lambda turn: turn["images_per_s"]) for c in ("tenon", "ort")}
        cells = [f"{best[c]['images_per_s']:.0f} ({best[c]['images_per_s'] / max(case['streams'], case['threads']):.0f})"
                 for c in best]
        rows.append([str(case["batch"]), str(case["streams"]), str(case["threads"]), *cells,
                     *(milliseconds(best[c]["min_ms"]) for c in best),
                     f"{best['tenon']['images_per_s'] / best['ort']['images_per_s']:.2f}"])
    return [f"## Throughput, INT8: {report['model']}", "",
            f"Images a second, in parentheses for each core; the best of {report['rounds']} turns of {report['duration_s']:g} s. "
            f"Milliseconds are the least of a batch. {report['cores']} cores, level "
            f"{report['cases'][0]['tenon'][0]['isa']}.", "",
            text_table(["batch", "streams", "threads each", "Tenon", "ONNX Runtime", "Tenon ms", "ONNX Runtime ms", "factor"], rows), ""]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, metavar="RESULTS")
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/performance.md"))
    parser.add_argument("--layers", type=int, default=10, help="rows of the table of layers (default %(default)s)")
    args = parser.parse_args()

    def read(name: str) -> Any:
        path = args.results / name
        return json.loads(path.read_text()) if path.exists() else None

    lines = ["# How fast it is", "", f"Generated by `bench/report.py {args.results}`; [bench/README.md](../bench/README.md) says how the numbers are taken.", ""]
    layers = read("layers.json")
    if layers:
        lines += peaks_section(layers["peaks"])
    for name, title in (("peers.json", "Beside the peers, FP32"), ("peers_avx2.json", "The same, held to AVX2"),
                        ("peers_int8.json", "Beside the peers, INT8"), ("peers_bf16.json", "Beside the peers, BF16")):
        if report := read(name):
            lines += peers_section(title, report)
    if throughput := read("throughput.json"):
        lines += throughput_section(throughput)
    if layers:
        lines += layers_section(layers, read("reasons.json") or {}, args.layers, "Furthest from the floor")
    if int8 := read("layers_int8.json"):
        lines += layers_section(int8, read("reasons_int8.json") or {}, args.layers, "INT8: furthest from the floor") + of_peak_section(int8)
    if busy := read("busy.json"):
        lines += busy_section(busy)
    notes = args.results / "notes.md"
    if notes.exists():
        lines += [notes.read_text().strip(), ""]
    if (commands := args.results / "commands.txt").exists():
        lines += ["## How to measure again", "", "```sh", commands.read_text().strip(), "```", ""]
    args.output.write_text("\n".join(lines).rstrip() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
