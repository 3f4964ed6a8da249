#!/usr/bin/env python3
"""Which layers are furthest from what the machine allows.

Runs `tenon bench --profile` on each model and holds every layer against its floor: the larger of its products over the measured
peak and its bytes over the bandwidth of the smallest memory that holds them. The products are those of the direct algorithm, so a
Winograd layer may be below its floor. Ranked by the time above the floor as a share of the network's.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from peerbench.floor import Problem, floor_of, products_ms, whole_layers
from peerbench.stats import milliseconds, text_table
from peers import label_of


def profile(model: Path, args: argparse.Namespace, threads: int) -> list[dict[str, Any]]:
    """The layers with the least of their mean times over the rounds."""
    command = [str(args.tenon), "bench", str(model), "--profile", "--json", "--threads", str(threads), "--duration", str(args.duration),
               "--warmup", "0.05"]
    if args.timing_cache:  # without one, rounds may choose differently
        command.append(f"--timing-cache={args.timing_cache}")
    rounds = [json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)["layers"] for _ in range(args.rounds)]
    return [{**layers[0], "ms": min(layer["ms"] for layer in layers)} for layers in zip(*rounds)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", type=Path, metavar="MODEL", help="a model, or an engine file built for --threads")
    parser.add_argument("--peaks", type=Path, required=True, metavar="FILE", help="what `tenon_peaks --json` printed")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--duration", type=float, default=0.5, metavar="S", help="seconds a round (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--count", type=int, default=10, help="rows to print (default %(default)s)")
    parser.add_argument("--tenon", type=Path, default=Path("build/release/bin/tenon"), metavar="PATH")
    parser.add_argument("--timing-cache", type=Path, metavar="FILE", help="for Tenon's builds")
    parser.add_argument("--json", type=Path, metavar="OUT", help="also write all layers here")
    args = parser.parse_args()

    peaks = json.loads(args.peaks.read_text())
    rows: list[dict[str, Any]] = []
    for model in args.models:
        steps = profile(model, args, args.threads)
        total = sum(step["ms"] for step in steps if step["depth"] == 0)
        layers = whole_layers(steps)
        for place, layer in enumerate(layers):
            problem = Problem.parse(layer["problem"])
            floor = floor_of(problem, peaks)
            rows.append({"network": label_of(model), "place": place, "threads": args.threads, "layer": layer["layer"], "op": problem.op,
                         "problem": layer["problem"], "tactic": layer["tactic"], "ms": layer["ms"], "floor_ms": floor.ms,
                         "limit": floor.limit,
                         "of_peak": products_ms(problem, peaks) / layer["ms"] if layer["ms"] > 0 else 0, "share_above": (layer["ms"] - floor.ms) / total, "network_ms": total})
    rows.sort(key=lambda row: -row["share_above"])
    print(text_table(["network", "layer", "tactic", "ms", "floor", "limit", "above, of network"],
                     [[r["network"], r["layer"][:40], r["tactic"], milliseconds(r["ms"]), milliseconds(r["floor_ms"]), r["limit"],
                       f"{r['share_above'] * 100:.1f} %"] for r in rows[:args.count]]))
    if args.json:
        args.json.write_text(json.dumps({"peaks": peaks, "layers": rows}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
