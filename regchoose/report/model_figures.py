"""Figures of what was trained: losses along the training, by strength; weights; fitted curves."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter

from regchoose.records.words import ARM_NAMES, Arm
from regchoose.report import numbers
from regchoose.report.plots import Figure, Frame, Point, element, histogram_outline, padded_range
from regchoose.result.document import RunResult
from regchoose.result.experiment_sections import ByEpoch, ByStrength, EpochCurves, StrengthCurves


def draw_fitted_curves(result: RunResult) -> Iterator[Figure]:
    """Draw the curves of a table with one feature: without regularization and recommended."""
    found = result.curves.fitted
    if found is None:
        return
    best = result.recommendation.regularizer
    other = best if best != "none" else _foremost(result)
    for number, panel in enumerate(found.panels):
        x, data = found.x, panel.data
        curves = {
            arm: [math.nan if y is None else y for y in curve]
            for arm, curve in panel.arms.items()
            if arm in ("none", other)
        }
        heights = [*data.y, *(y for curve in curves.values() for y in curve)]
        frame = Frame.of(
            padded_range([*x, *data.x]), padded_range(heights), names=(found.input, panel.output)
        )
        dots = [frame.dot(a, b, r=2.5, class_="datum") for a, b in zip(data.x, data.y, strict=True)]
        lines = [
            frame.line(
                list(zip(x, curve, strict=True)), class_=f"arm-{arm} {'under' if arm == 'none' else 'curve'}"
            )
            for arm, curve in curves.items()
        ]
        yield Figure(
            "What was fitted",
            panel.output,
            f"The table has one feature, so the networks themselves can be drawn: means over the models of "
            f"all cells, and {len(data.x)} rows as dots.",
            frame.draw(*dots, *lines, title=f"Fitted curves of {panel.output}", key=f"fitted-{number}"),
            (found.input, *(ARM_NAMES[arm] for arm in curves)),
            [
                (f"{at:.3g}", *(f"{curve[place]:.3g}" for curve in curves.values()))
                for place, at in enumerate(x)
            ],
            list(curves),
        )


def _foremost(result: RunResult) -> Arm:
    """Return the regularized arm with the least loss."""
    others = [(figures.loss, arm) for arm, figures in result.arms.items() if arm != "none"]
    return min(others, key=itemgetter(0), default=(math.inf, "none"))[1]


def draw_learning_curves(result: RunResult) -> Iterator[Figure]:
    """Draw training and test loss of each arm by epoch, and where it was stopped."""
    curves = dict((result.curves.loss_by_epoch or EpochCurves()).items())
    ends = [y for curve in curves.values() for y in (*curve.test, *curve.train) if y is not None]
    last = [curve.epochs[-1] for curve in curves.values()]
    for arm, curve in curves.items():
        frame = Frame.of((1.0, max(*last, 2.0)), padded_range(ends), names=("epoch", "loss"), log=True)
        train, test = (
            [(x, y) for x, y in zip(curve.epochs, losses, strict=True) if y is not None]
            for losses in (curve.train, curve.test)
        )
        figures = result.arms.get(arm)
        stop = None if figures is None else figures.epochs
        marks = [
            frame.line(train, class_=f"arm-{arm} curve thin", stroke_dasharray="5 4"),
            frame.line(test, class_=f"arm-{arm} curve whole"),
            *([frame.upright(stop, class_="stop")] if stop else []),
        ]
        yield Figure(
            "How training went",
            ARM_NAMES[arm],
            f"Test loss solid, training loss dashed. {_gaps(curve, stop)}",
            frame.draw(*marks, title=f"{ARM_NAMES[arm]}: loss by epoch", key=f"epochs-{arm}"),
            ("epoch", "training loss", "test loss"),
            [
                (str(epoch), numbers.loss(own), numbers.loss(other))
                for epoch, own, other in zip(curve.epochs, curve.train, curve.test, strict=True)
            ],
        )


def _gaps(curve: ByEpoch, stop: int | None) -> str:
    """Say how far test and training loss are apart where training stops and at the end."""
    gaps = {
        epoch: test - train
        for epoch, train, test in zip(curve.epochs, curve.train, curve.test, strict=True)
        if train is not None and test is not None
    }
    last = curve.epochs[-1]
    said = []
    if stop in gaps:
        said.append(f"At the stop, epoch {stop} (upright), the test loss is {_above(gaps[stop])}")
    if last in gaps and last != stop:
        said.append(f"at the end, epoch {last}, {_above(gaps[last])}")
    return f"{'; '.join(said)}." if said else ""


def _above(gap: float) -> str:
    return f"{numbers.loss(abs(gap))} {'above' if gap >= 0 else 'below'} the training loss"


def draw_weights(result: RunResult) -> Iterator[Figure]:
    """Draw the distribution of each arm's weights; exact zeros are told apart."""
    found = result.curves.weights
    if found is None:
        return
    edges = found.edges
    for arm, counted in found.arms.items():
        of = counted.of or 1
        shares = [100 * count / of for count in counted.counts]
        top = 1.18 * (max(shares) or 1)
        frame = Frame.of((edges[0], edges[-1]), (0.0, top), names=("weight", "per cent"))
        zeros = f"exactly zero: {numbers.percent(counted.zeros / of) if counted.zeros else 'none'}"
        marks = [
            frame.line(histogram_outline(edges, shares), class_=f"arm-{arm} filled"),
            element("text", zeros, x=frame.x.start + 8, y=frame.y.stop + 14, class_="label"),
        ]
        beyond = f"; {numbers.percent(counted.beyond / of)} lie outside" if counted.beyond else ""
        yield Figure(
            "Where the weights lie",
            ARM_NAMES[arm],
            f"Of {of:,} weights; those that are exactly zero are not drawn{beyond}.",
            frame.draw(*marks, title=f"{ARM_NAMES[arm]}: distribution of the weights", key=f"weights-{arm}"),
            ("from", "to", "weights"),
            [
                ("0", "0", f"{counted.zeros:,}"),
                *(
                    (f"{low:.3g}", f"{high:.3g}", f"{count:,}")
                    for low, high, count in zip(edges[:-1], edges[1:], counted.counts, strict=True)
                ),
                ("outside", "", f"{counted.beyond:,}"),
            ],
        )


STRENGTH = "strength, l1 + l2"


SAME_MIX = 1e-6


@dataclass(frozen=True)
class _Way:
    """An arm's points in the order of their strengths, and the one that was chosen."""

    points: Sequence[Point]
    chosen: Point


def draw_strength_curves(result: RunResult) -> Iterator[Figure]:
    """Draw inner loss and share of zeros against the strength, the chosen marked."""
    curves = result.curves.loss_by_strength or StrengthCurves()
    shown = {arm: curve for arm, curve in curves.items() if _has_way(curve)}
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
        ways = {arm: _way(curve, key) for arm, curve in shown.items()}
        places = [x for way in ways.values() for x, _ in way.points]
        heights = [y for way in ways.values() for _, y in way.points]
        ends = (0.0, 105.0) if key == "nonzero_share" else padded_range(heights)
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
                (ARM_NAMES[arm], numbers.strength(x), _height(y, key), "yes" if (x, y) == way.chosen else "")
                for arm, way in ways.items()
                for x, y in way.points
            ],
            list(shown),
        )


def _height(value: float, key: str) -> str:
    return numbers.percent(value / 100) if key == "nonzero_share" else numbers.loss(value)


def _has_way(curve: ByStrength) -> bool:
    totals = [a + b for a, b in zip(curve.l1, curve.l2, strict=True)]
    return len(totals) > 1 and min(totals) > 0 and curve.inner_loss[curve.chosen] is not None


def _way(curve: ByStrength, key: str) -> _Way:
    """Return the points with the mix of the chosen one; those without a loss are left out."""
    pairs = list(zip(curve.l1, curve.l2, strict=True))
    values = curve.inner_loss if key == "inner_loss" else [*map(_zeros, curve.nonzero_share)]
    mixes = [l1 / (l1 + l2) for l1, l2 in pairs]
    place = curve.chosen
    points = [
        (sum(pair), value)
        for pair, mix, value in zip(pairs, mixes, values, strict=True)
        if value is not None and math.isclose(mix, mixes[place], abs_tol=SAME_MIX)
    ]
    height = values[place]
    return _Way(sorted(points), (sum(pairs[place]), math.nan if height is None else height))


def _zeros(share: float | None) -> float | None:
    """Return the per cent of weights that are zero."""
    return None if share is None else 100 * (1 - share)
