"""Figures of what was trained: losses along the training, by strength; weights; fitted curves."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

from regchoose.records import numbers
from regchoose.records.words import ARM_NAMES, Arm
from regchoose.report.plots import Figure, Frame, Point, element, histogram_outline, padded_range
from regchoose.result.document import RunResult
from regchoose.result.experiment_sections import EpochCurves, LossByEpoch, LossByStrength, StrengthCurves

STRENGTH = "strength, l1 + l2"
SAME_MIX = 1e-6
BEYOND = 1.5  # times the lowest loss: what is larger is an arrow at the edge of a plot

OF_KEPT_SPLITS = "means over the splits whose course was kept; the losses above are over all"


def draw_fitted_curves(result: RunResult) -> Iterator[Figure]:
    """Draw the curves of a table with one feature: without regularization and recommended."""
    fitted = result.curves.fitted
    if fitted is None:
        return
    best = result.recommendation.regularizer
    drawn = ("none", best if best != "none" else _find_best_regularized(result))
    for number, panel in enumerate(fitted.panels):
        x, data = fitted.x, panel.data
        curves = {
            arm: [math.nan if y is None else y for y in curve]
            for arm, curve in panel.arms.items()
            if arm in drawn
        }
        heights = [*data.y, *(y for curve in curves.values() for y in curve)]
        frame = Frame.of(
            padded_range([*x, *data.x]), padded_range(heights), names=(fitted.input, panel.output)
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
            (fitted.input, *(ARM_NAMES[arm] for arm in curves)),
            [
                (numbers.three_digits(at), *(numbers.three_digits(curve[place]) for curve in curves.values()))
                for place, at in enumerate(x)
            ],
            list(curves),
        )


def _find_best_regularized(result: RunResult) -> Arm:
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
            f"Test loss solid, training loss dashed, {OF_KEPT_SPLITS}. {_describe_gaps(curve, stop)}",
            frame.draw(*marks, title=f"{ARM_NAMES[arm]}: loss by epoch", key=f"epochs-{arm}"),
            ("epoch", "training loss", "test loss"),
            [
                (str(epoch), *map(numbers.loss, losses))
                for epoch, *losses in zip(curve.epochs, curve.train, curve.test, strict=True)
            ],
        )


def _describe_gaps(curve: LossByEpoch, stop: int | None) -> str:
    """Say how far test and training loss are apart where training stops and at the end."""
    gaps = {
        epoch: test - train
        for epoch, train, test in zip(curve.epochs, curve.train, curve.test, strict=True)
        if train is not None and test is not None
    }
    last = curve.epochs[-1]
    parts = []
    if stop in gaps:
        parts.append(f"At the stop, epoch {stop} (upright), the test loss is {_describe_gap(gaps[stop])}")
    if last in gaps and last != stop:
        parts.append(f"at the end, epoch {last}, {_describe_gap(gaps[last])}")
    return f"{'; '.join(parts)}." if parts else ""


def _describe_gap(gap: float) -> str:
    return f"{numbers.loss(abs(gap))} {'above' if gap >= 0 else 'below'} the training loss"


def draw_weights(result: RunResult) -> Iterator[Figure]:
    """Draw the distribution of each arm's weights; exact zeros are told apart."""
    weights = result.curves.weights
    if weights is None:
        return
    edges = weights.edges
    by_arm = {
        arm: [100 * count / (counted.of or 1) for count in counted.counts]
        for arm, counted in weights.arms.items()
    }
    top = 1.18 * (max((max(shares) for shares in by_arm.values()), default=0) or 1)
    for arm, counted in weights.arms.items():
        of, shares = counted.of or 1, by_arm[arm]
        frame = Frame.of((edges[0], edges[-1]), (0.0, top), names=("weight", "per cent"))
        share = counted.zeros / of
        zeros = f"exactly zero: {numbers.percent(share) if counted.zeros else 'none'}"
        marks = [
            frame.line(histogram_outline(edges, shares), class_=f"arm-{arm} filled"),
            *([frame.line([(0.0, 0.0), (0.0, 100 * share)], class_=f"arm-{arm} zeros")] if share else []),
            *([frame.beyond(0.0, tip=zeros, class_=f"arm-{arm} mark")] if 100 * share > top else []),
            element("text", zeros, x=frame.x.start + 8, y=frame.y.stop + 14, class_="label"),
        ]
        beyond = f"; {numbers.percent(counted.beyond / of)} lie outside" if counted.beyond else ""
        yield Figure(
            "Where the weights lie",
            ARM_NAMES[arm],
            f"Of {of:,} weights; the line at 0 is those that are exactly zero{beyond}. All on one scale.",
            frame.draw(*marks, title=f"{ARM_NAMES[arm]}: distribution of the weights", key=f"weights-{arm}"),
            ("from", "to", "weights"),
            [
                ("0", "0", f"{counted.zeros:,}"),
                *(
                    (numbers.three_digits(low), numbers.three_digits(high), f"{count:,}")
                    for low, high, count in zip(edges[:-1], edges[1:], counted.counts, strict=True)
                ),
                ("outside", "", f"{counted.beyond:,}"),
            ],
        )


@dataclass(frozen=True)
class _StrengthCurve:
    """An arm's points in the order of their strengths, and the one that was chosen."""

    points: Sequence[Point]
    chosen: Point


def draw_strength_curves(result: RunResult) -> Iterator[Figure]:
    """Draw loss and share of zeros against the strength, the chosen marked."""
    by_strength = result.curves.loss_by_strength or StrengthCurves()
    shown = {arm: points for arm, points in by_strength.items() if _can_be_drawn(points)}
    if not shown:
        return
    mixed = " Elastic Net is drawn at the mix of L1 and L2 that was chosen." * ("elastic_net" in shown)
    losses = {arm: _make_curve(points, points.criterion) for arm, points in shown.items()}
    yield _draw_curves(
        losses,
        _end_above_the_best([y for curve in losses.values() for _, y in curve.points]),
        title="Loss against strength",
        note=f"Each at its best length. The large dot is chosen; an arrow: beyond the scale.{mixed}",
        axis="loss + 1 standard error",
        key="criterion",
        write=numbers.loss,
    )
    zeros = {
        arm: _make_curve(
            points, [None if share is None else 100 * (1 - share) for share in points.nonzero_share]
        )
        for arm, points in shown.items()
    }
    yield _draw_curves(
        zeros,
        (0.0, 105.0),
        title="Zeros against strength",
        note="How many weights are exactly zero, all at the length that was chosen. L2 leaves none at zero.",
        axis="per cent of the weights",
        key="nonzero_share",
        write=lambda per_cent: numbers.percent(per_cent / 100),
    )


def _draw_curves(
    curves: Mapping[Arm, _StrengthCurve],
    y_range: Point,
    *,
    title: str,
    note: str,
    axis: str,
    key: str,
    write: Callable[[float], str],
) -> Figure:
    strengths = [x for curve in curves.values() for x, _ in curve.points]
    x_range = min(strengths) / 1.3, max(strengths) * 1.3
    frame = Frame.of(x_range, y_range, names=(STRENGTH, axis), log=True)
    marks = [frame.line(curve.points, class_=f"arm-{arm} curve") for arm, curve in curves.items()]
    for arm, curve in curves.items():
        style = f"arm-{arm} mark"
        for x, y in curve.points:
            tip = f"{ARM_NAMES[arm]}, strength {numbers.strength(x)}: {write(y)}"
            if y > y_range[1]:
                marks.append(frame.beyond(x, tip=tip, class_=style))
            else:
                marks.append(frame.dot(x, y, r=6 if (x, y) == curve.chosen else 2.5, tip=tip, class_=style))
    return Figure(
        "What the strength does",
        title,
        note,
        frame.draw(*marks, title=f"{title}, for each arm", key=key),
        ("arm", STRENGTH, axis, "chosen"),
        [
            (ARM_NAMES[arm], numbers.strength(x), write(y), "yes" if (x, y) == curve.chosen else "")
            for arm, curve in curves.items()
            for x, y in curve.points
        ],
        list(curves),
    )


def _end_above_the_best(losses: Sequence[float]) -> Point:
    """Return the range of a loss in which its least value is seen, however large the others are."""
    best = min(losses)
    return padded_range(min(loss, BEYOND * best) for loss in losses) if best > 0 else padded_range(losses)


def _can_be_drawn(points: LossByStrength) -> bool:
    totals = [l1 + l2 for l1, l2 in zip(points.l1, points.l2, strict=True)]
    return len(totals) > 1 and min(totals) > 0 and points.criterion[points.chosen] is not None


def _make_curve(points: LossByStrength, heights: Sequence[float | None]) -> _StrengthCurve:
    """Return the points with the mix of the chosen one; those without a height are left out."""
    pairs = list(zip(points.l1, points.l2, strict=True))
    mixes = [l1 / (l1 + l2) for l1, l2 in pairs]
    curve = [
        (sum(pair), height)
        for pair, mix, height in zip(pairs, mixes, heights, strict=True)
        if height is not None and math.isclose(mix, mixes[points.chosen], abs_tol=SAME_MIX)
    ]
    height = heights[points.chosen]
    return _StrengthCurve(sorted(curve), (sum(pairs[points.chosen]), math.nan if height is None else height))
