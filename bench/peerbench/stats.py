"""Latency statistics over interleaved rounds, comparison of outputs, and the tables that report both."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

NOISY_SPREAD = 1.10


@dataclass(frozen=True)
class Round:
    """One peer's turn: its latencies over a fixed time."""

    min_ms: float
    median_ms: float
    count: int
    mean_ms: float = 0.0

    @staticmethod
    def of(samples_ms: Sequence[float]) -> Round:
        return Round(min(samples_ms), statistics.median(samples_ms), len(samples_ms), statistics.fmean(samples_ms))


@dataclass(frozen=True)
class Summary:
    """All turns of one peer. `spread` is the slowest turn's median over the fastest one's: 1 on a quiet machine."""

    min_ms: float
    median_ms: float
    spread: float

    @staticmethod
    def of(rounds: Sequence[Round]) -> Summary:
        medians = [r.median_ms for r in rounds]
        return Summary(min(r.min_ms for r in rounds), statistics.median(medians), max(medians) / min(medians))

    @property
    def noisy(self) -> bool:
        return self.spread > NOISY_SPREAD


@dataclass(frozen=True)
class Ratio:
    """The subject's time over that of the better peer, by minimum and by median; below 1 the subject is faster.

    The median is that of the ratios taken round by round, so that a slow spell of the machine, which hits all turns of a round,
    cancels out; `low` and `high` are the least and the largest of them.
    """

    best_by_min: str
    min: float
    best_by_median: str
    median: float
    low: float
    high: float

    @staticmethod
    def of(subject: Sequence[Round], peers: Mapping[str, Sequence[Round]]) -> Ratio:
        if not peers or any(len(rounds) != len(subject) for rounds in peers.values()):
            raise ValueError("a ratio needs at least one peer, and as many rounds of each peer as of the subject")
        summaries = {name: Summary.of(rounds) for name, rounds in peers.items()}
        by_min = min(summaries, key=lambda name: summaries[name].min_ms)
        by_median = min(summaries, key=lambda name: summaries[name].median_ms)
        paired = [mine.median_ms / theirs.median_ms for mine, theirs in zip(subject, peers[by_median])]
        return Ratio(by_min, Summary.of(subject).min_ms / summaries[by_min].min_ms, by_median, statistics.median(paired),
                     min(paired), max(paired))


@dataclass(frozen=True)
class Agreement:
    """How far a peer's outputs are from the reference's: the largest difference over the largest reference magnitude."""

    error: float
    tolerance: float
    reason: str = ""

    @property
    def ok(self) -> bool:
        return not self.reason and self.error <= self.tolerance

    def __str__(self) -> str:
        return self.reason or f"{self.error:.1e}"


def compare_outputs(names: Sequence[str], answers: Sequence[NDArray], reference: Sequence[NDArray],
                    tolerance: float) -> Agreement:
    """Compares output by output; NaN and infinities must sit in the same places."""
    if len(answers) != len(reference):
        return Agreement(np.inf, tolerance, f"{len(answers)} outputs instead of {len(reference)}")
    worst = 0.0
    for name, answer, expected in zip(names, answers, reference):
        if answer.shape != expected.shape:
            return Agreement(np.inf, tolerance, f"'{name}' has shape {answer.shape} instead of {expected.shape}")
        a, b = answer.astype(np.float64), expected.astype(np.float64)
        finite = np.isfinite(b)
        if not np.array_equal(np.where(finite, 0, b), np.where(np.isfinite(a), 0, a), equal_nan=True):
            return Agreement(np.inf, tolerance, f"'{name}' is not finite in other places")
        if finite.any():
            difference = float(np.abs(a[finite] - b[finite]).max())
            scale = float(np.abs(b[finite]).max())
            worst = max(worst, difference / scale if scale else difference)
    return Agreement(worst, tolerance)


def signal_to_noise_db(answers: Sequence[NDArray], exact: Sequence[NDArray]) -> float:
    """Of all finite numbers of all floating-point outputs, each output normalized by its own power; 99 at most.
    Where shapes depend on the values and differ, -99."""
    ratios = []
    for answer, expected in zip(answers, exact):
        if expected.dtype.kind != "f" or not expected.size:
            continue
        if answer.shape != expected.shape:
            return -99.0
        a, b = answer.astype(np.float64), expected.astype(np.float64)
        finite = np.isfinite(b) & np.isfinite(a)
        if power := float(np.square(b[finite]).sum()):
            ratios.append(float(np.square(a[finite] - b[finite]).sum()) / power)
    noise = statistics.fmean(ratios) if ratios else 0.0
    return min(99.0, -10 * math.log10(noise)) if noise else 99.0


@dataclass
class PeerResult:
    """What became of one peer in one case; `error` says why there are no rounds."""

    rounds: list[Round]
    what_ran: str = ""
    agreement: Agreement | None = None
    error: str = ""
    yardstick: bool = True
    sqnr_db: float | None = None  # of answers of lower precision, against those in FP32

    @property
    def summary(self) -> Summary | None:
        return Summary.of(self.rounds) if self.rounds else None

    @property
    def cell(self) -> str:
        if (summary := self.summary) is None:
            return "failed"
        return f"{milliseconds(summary.min_ms)} / {milliseconds(summary.median_ms)}{'~' if summary.noisy else ''}"

    def as_json(self) -> dict[str, object]:
        return {"summary": asdict(self.summary) if self.summary else None, "rounds": [asdict(r) for r in self.rounds],
                "what_ran": self.what_ran, "error": self.error or None,
                "output_error": self.agreement.error if self.agreement and not self.agreement.reason else None,
                "outputs_agree": self.agreement.ok if self.agreement else None,
                "tolerance": self.agreement.tolerance if self.agreement else None,
                "disagreement": self.agreement.reason if self.agreement and self.agreement.reason else None,
                "yardstick": self.yardstick, "sqnr_db": self.sqnr_db}

    @staticmethod
    def from_json(json: Mapping[str, Any]) -> PeerResult:
        agreement = None
        if json["outputs_agree"] is not None:
            error = np.inf if json["output_error"] is None else json["output_error"]
            agreement = Agreement(error, json["tolerance"], json["disagreement"] or "")
        return PeerResult([Round(**r) for r in json["rounds"]], json["what_ran"], agreement, json["error"] or "",
                          json["yardstick"], json.get("sqnr_db"))


@dataclass
class CaseResult:
    """One model with one batch and thread count, on every peer. `skipped` says why there are none."""

    model: str
    batch: int
    shapes: dict[str, tuple[int, ...]]
    threads: int
    peers: dict[str, PeerResult]
    skipped: str = ""

    def ratio(self, subject: str) -> Ratio | None:
        """None where the subject or all others have no rounds; peers that are no yardstick, or are wrong, do not count."""
        mine = self.peers.get(subject)
        others = {name: p.rounds for name, p in self.peers.items()
                  if name != subject and p.rounds and p.yardstick and (p.agreement is None or p.agreement.ok)}
        return Ratio.of(mine.rounds, others) if mine and mine.rounds and others else None

    @property
    def outputs(self) -> str:
        wrong = [f"{name} DIFFERS ({p.agreement})" for name, p in self.peers.items() if p.agreement and not p.agreement.ok]
        if wrong:
            return ", ".join(wrong)
        if accuracies := [f"{p.sqnr_db:.1f}" for p in self.peers.values() if p.sqnr_db is not None]:
            return f"SQNR {' / '.join(accuracies)} dB"
        errors = [p.agreement.error for p in self.peers.values() if p.agreement]
        return f"agree ({max(errors):.0e})" if errors else "not compared"

    def as_json(self, subject: str) -> dict[str, object]:
        ratio = self.ratio(subject)
        return {"model": self.model, "batch": self.batch, "threads": self.threads, "skipped": self.skipped or None, "shapes": {n: list(s) for n, s in self.shapes.items()},
                "peers": {name: p.as_json() for name, p in self.peers.items()},
                "ratio": asdict(ratio) if ratio else None}

    @staticmethod
    def from_json(json: Mapping[str, Any]) -> CaseResult:
        return CaseResult(json["model"], json["batch"], {n: tuple(s) for n, s in json["shapes"].items()}, json["threads"],
                          {name: PeerResult.from_json(p) for name, p in json["peers"].items()}, json["skipped"] or "")



def milliseconds(value: float) -> str:
    """Three significant digits."""
    return f"{value:.{2 if value >= 1 else 3}f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def text_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Markdown with padded columns: the first is flush left, the others flush right."""
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]

    def line(cells: Sequence[str]) -> str:
        padded = [c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(cells, widths))]
        return f"| {' | '.join(padded)} |"

    rule = "|" + "|".join("-" * (w + 2) if i == 0 else "-" * (w + 1) + ":" for i, w in enumerate(widths)) + "|"
    return "\n".join([line(header), rule, *map(line, rows)])


def results_table(cases: Sequence[CaseResult], names: Sequence[str], subject: str) -> str:
    with_ratio = subject in names and len(names) > 1
    header = ["model", "shape", "threads", *names]
    if with_ratio:
        header += ["better peer", f"{subject} / it: min", "median", "range"]
    header.append("outputs")
    rows = []
    for case in cases:
        shape = "x".join(map(str, next(iter(case.shapes.values()), ())))
        row = [case.model, shape, str(case.threads), *(case.peers[n].cell if n in case.peers else "-" for n in names)]
        if with_ratio:
            ratio = case.ratio(subject)
            row += ["-"] * 4 if ratio is None else [
                ratio.best_by_min if ratio.best_by_min == ratio.best_by_median
                else f"{ratio.best_by_min}, {ratio.best_by_median}",
                f"{ratio.min:.2f}", f"{ratio.median:.2f}", f"{ratio.low:.2f}-{ratio.high:.2f}"]
        rows.append([*row, case.outputs])
    return text_table(header, rows)
