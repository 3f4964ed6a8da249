#!/usr/bin/env python3
"""How latency suffers when another process keeps one of the cores busy.

Each round measures every contestant twice on all cores that it gets: on the quiet machine, and beside a process that computes
without end, pinned to one of these cores. With N threads and fair scheduling N / (N - 1/2) times the quiet latency is the least
that is possible, and N / (N - 1) is what giving up that core costs; a pool whose threads spin for each other can take many times as long.
Exit code 1 if Tenon's ratio is above --most.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from peers import Case, available, prepare
from peerbench.contestants import TITLES, Contestant, ContestantError, TenonContestant, WorkerContestant
from peerbench.stats import Round, milliseconds, text_table


def compute_forever(core: int) -> None:
    os.sched_setaffinity(0, {core})
    while True:
        pass


@contextmanager
def busy(core: int) -> Iterator[None]:
    process = multiprocessing.get_context("spawn").Process(target=compute_forever, args=(core,), daemon=True)
    process.start()
    try:
        while f"Cpus_allowed_list:\t{core}\n" not in Path(f"/proc/{process.pid}/status").read_text():
            pass
        yield
    finally:
        process.kill()
        process.join()


def measure(contestant: Contestant, core: int, args: argparse.Namespace) -> list[tuple[Round, Round]]:
    rounds = []
    for _ in range(args.rounds):
        quiet = contestant.round(args.duration, args.warmup)
        with busy(core):
            rounds.append((quiet, contestant.round(args.duration, args.warmup)))
    return rounds


def row(name: str, rounds: list[tuple[Round, Round]]) -> tuple[list[str], float]:
    quiet = statistics.median(r.median_ms for r, _ in rounds)
    ratios = [b.mean_ms / q.mean_ms for q, b in rounds]
    loaded = [b for _, b in rounds]
    return [TITLES[name], milliseconds(quiet), milliseconds(statistics.median(r.median_ms for r in loaded)),
            milliseconds(statistics.median(r.mean_ms for r in loaded)), f"{statistics.median(ratios):.2f}",
            f"{min(ratios):.2f}-{max(ratios):.2f}"], statistics.median(ratios)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="default: all cores")
    parser.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)), help="the busy one (default: the last)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--duration", type=float, default=1.0, metavar="S", help="seconds a turn (default %(default)s)")
    parser.add_argument("--warmup", type=float, default=0.2, metavar="S", help="unmeasured seconds before a turn")
    parser.add_argument("--peers", default="", help="others to measure too: ort,openvino")
    parser.add_argument("--tenon", type=Path, default=Path("build/release/bin/tenon"), metavar="PATH")
    parser.add_argument("--timing-cache", type=Path, metavar="FILE", help="for Tenon's build")
    parser.add_argument("--most", type=float, default=2.2, help="largest ratio of Tenon's mean latencies (default %(default)s)")
    parser.add_argument("--json", type=Path, metavar="OUT", help="also write the rows here")
    parser.set_defaults(shapes=[], input=[], precision="f32")
    args = parser.parse_args()

    names = available([p for p in args.peers.split(",") if p], args.tenon)
    rows, ratios = [], {}
    with tempfile.TemporaryDirectory() as folder:
        case: Case = prepare(args.model, 1, [n for n in names if n != "tenon"] or ["ort"], args, Path(folder) / "case")
        for name in names:
            contestant: Contestant = (TenonContestant(args.tenon, timing_cache=args.timing_cache) if name == "tenon"
                                      else WorkerContestant(name))
            try:
                contestant.load(case.path, args.threads, case.inputs, case.free)
                cells, ratios[name] = row(name, measure(contestant, args.core, args))
                rows.append(cells)
            except ContestantError as error:
                print(f"{TITLES[name]}: {error}", file=sys.stderr)
            finally:
                contestant.close()
    header = ["", "quiet median", "busy median", "busy mean", "ratio of means", "range"]
    print(f"{case.label}, {args.threads} threads; core {args.core} busy; ms")
    print(text_table(header, rows))
    if args.json:
        args.json.write_text(json.dumps({"network": case.label, "threads": args.threads, "header": header, "rows": rows}, indent=1) + "\n")
    return 0 if ratios.get("tenon", float("inf")) <= args.most else 1


if __name__ == "__main__":
    sys.exit(main())
