"""Boxes of two detectors, and whether those of an INT8 engine are those of the FP32 one."""

from __future__ import annotations

import math
from typing import NamedTuple

ANCHORS = ((10, 14), (23, 27), (37, 58), (81, 82), (135, 169), (344, 319))  # of YOLOv3-Tiny, in pixels
CANVAS = 416
LEAST_SCORE = 0.05
MOST_OVERLAP = 0.45


class Box(NamedTuple):
    x0: float
    y0: float
    x1: float
    y1: float
    score: float
    label: int


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0


def overlap(a: Box, b: Box) -> float:
    """Intersection over union."""
    width = min(a.x1, b.x1) - max(a.x0, b.x0)
    height = min(a.y1, b.y1) - max(a.y0, b.y0)
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    return both / ((a.x1 - a.x0) * (a.y1 - a.y0) + (b.x1 - b.x0) * (b.y1 - b.y0) - both)


def suppress(boxes: list) -> list:
    """Of boxes of one class that overlap, the surest stays."""
    kept: list = []
    for box in sorted(boxes, key=lambda box: -box.score):
        if all(other.label != box.label or overlap(other, box) <= MOST_OVERLAP for other in kept):
            kept.append(box)
    return kept


def yolo_boxes(heads: list, classes: int = 80) -> list:
    """`heads`: (shape, values) of [1, 3 · (5 + classes), H, W]: x, y, w, h, objectness and the classes of three anchors."""
    boxes = []
    for (_, channels, rows, columns), values in heads:
        assert channels == 3 * (5 + classes)
        plane = rows * columns
        stride = CANVAS / columns
        anchors = ANCHORS[3:] if stride == 32 else ANCHORS[:3]
        for anchor, (width, height) in enumerate(anchors):
            for cell in range(plane):
                def at(channel: int, first: int = anchor * (5 + classes) * plane + cell) -> float:
                    return values[first + channel * plane]
                objectness = sigmoid(at(4))
                if objectness < LEAST_SCORE:
                    continue
                label = max(range(classes), key=lambda c: at(5 + c))
                score = objectness * sigmoid(at(5 + label))
                if score < LEAST_SCORE:
                    continue
                x = (cell % columns + sigmoid(at(0))) * stride
                y = (cell // columns + sigmoid(at(1))) * stride
                w, h = width * math.exp(at(2)) / 2, height * math.exp(at(3)) / 2
                boxes.append(Box(x - w, y - h, x + w, y + h, score, label))
    return suppress(boxes)


def face_boxes(scores: list, corners: list) -> list:
    """`scores`: [1, n, 2], the second one of a face; `corners`: [1, n, 4] as x0, y0, x1, y1 in parts of the picture."""
    boxes = [Box(*corners[4 * i:4 * i + 4], score, 0) for i, score in enumerate(scores[1::2]) if score >= LEAST_SCORE]
    return suppress(boxes)


class Match(NamedTuple):
    lost: list     # boxes of the first list with a score of 0.5 that have none of 0.3 and IoU 0.75 in the second
    ghosts: list   # boxes of the second with a score of 0.5 that have none of 0.3 in the first
    overlaps: list  # of those that were found again


def match(expected: list, found: list) -> Match:
    """Boxes of the same class; a ghost is a box that overlaps none by half."""
    lost, ghosts, overlaps = [], [], []
    for box in expected:
        if box.score < 0.5:
            continue
        best = max((overlap(box, other) for other in found if other.label == box.label and other.score >= 0.3), default=0.0)
        if best >= 0.75:
            overlaps.append(best)
        else:
            lost.append((box, best))
    for box in found:
        if box.score >= 0.5 and not any(other.label == box.label and other.score >= 0.3 and overlap(box, other) >= 0.5 for other in expected):
            ghosts.append(box)
    return Match(lost, ghosts, overlaps)
