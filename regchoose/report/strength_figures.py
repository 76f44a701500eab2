"""Figures of what the strength does: loss and zeros against it, a line an arm."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from regchoose.records.answers import Result
from regchoose.report import numbers
from regchoose.report.figure import Figure, known, name_of
from regchoose.report.plots import Frame, Point, reach

STRENGTH = "strength, l1 + l2"
SAME_MIX = 1e-6


@dataclass(frozen=True)
class _Way:
    """An arm's points in the order of their strengths, and the one that was chosen."""

    points: Sequence[Point]
    chosen: Point


def strengths(result: Result) -> Iterator[Figure]:
    """Draw inner loss and share of zeros against the strength, the chosen marked."""
    curves = result.curves.get("loss_by_strength", {})
    shown = [arm for arm in known(curves) if _has_way(curves[arm])]
    if not shown:
        return
    mixed = " Elastic Net is drawn at the mix of L1 and L2 that was chosen." * ("elastic_net" in shown)
    for key, title, axis, note in (
        (
            "inner_loss",
            "Loss against strength",
            "inner loss",
            f"Each at its best length. The dot is chosen.{mixed}",
        ),
        (
            "nonzero_share",
            "Zeros against strength",
            "per cent of the weights",
            "How many weights are exactly zero, all at the length that was chosen. L2 leaves none at zero.",
        ),
    ):
        ways = {arm: _way(curves[arm], key) for arm in shown}
        places = [x for way in ways.values() for x, _ in way.points]
        heights = [y for way in ways.values() for _, y in way.points]
        ends = (0.0, 105.0) if key == "nonzero_share" else reach(heights)
        frame = Frame.of((min(places) / 1.3, max(places) * 1.3), ends, names=(STRENGTH, axis), log=True)
        marks = [frame.line(way.points, class_=f"arm-{arm} curve") for arm, way in ways.items()]
        marks += [frame.dot(*way.chosen, class_=f"arm-{arm} mark") for arm, way in ways.items()]
        yield Figure(
            "What the strength does",
            title,
            note,
            frame.draw(*marks, title=f"{title}, for each arm", key=key),
            ("arm", STRENGTH, axis, "chosen"),
            [
                (name_of(arm), numbers.strength(x), _height(y, key), "yes" if (x, y) == way.chosen else "")
                for arm, way in ways.items()
                for x, y in way.points
            ],
            shown,
        )


def _height(value: float, key: str) -> str:
    return numbers.percent(value / 100) if key == "nonzero_share" else numbers.loss(value)


def _has_way(curve: Mapping[str, Any]) -> bool:
    totals = [a + b for a, b in zip(curve["l1"], curve["l2"], strict=True)]
    return len(totals) > 1 and min(totals) > 0 and curve["inner_loss"][curve["chosen"]] is not None


def _way(curve: Mapping[str, Any], key: str) -> _Way:
    """Return the points with the mix of the chosen one; those without a loss are left out."""
    pairs = list(zip(curve["l1"], curve["l2"], strict=True))
    values = [None if v is None else 100 * (1 - v) if key == "nonzero_share" else v for v in curve[key]]
    mixes = [l1 / (l1 + l2) for l1, l2 in pairs]
    place = curve["chosen"]
    points = [
        (sum(pair), value)
        for pair, mix, value in zip(pairs, mixes, values, strict=True)
        if value is not None and math.isclose(mix, mixes[place], abs_tol=SAME_MIX)
    ]
    height = values[place]
    return _Way(sorted(points), (sum(pairs[place]), math.nan if height is None else height))
