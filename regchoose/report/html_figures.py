"""The figures of the report: each a plot and the table that says the same."""

import math
from collections.abc import Iterator

from markupsafe import Markup

from regchoose.records.words import ARM_NAMES
from regchoose.report import numbers
from regchoose.report.data_figures import draw_associations, draw_match
from regchoose.report.model_figures import (
    draw_fitted_curves,
    draw_learning_curves,
    draw_strength_curves,
    draw_weights,
)
from regchoose.report.plots import Figure, Frame, element, padded_range, t_density
from regchoose.result.document import RunResult
from regchoose.result.experiment_sections import Compared

DENSE = 121  # points of a density
COMPARED = "How the arms compare"


def draw_figures(result: RunResult) -> list[Figure]:
    """Return every figure that the result has the numbers for, in the order of the page."""
    return [
        *_arms(result),
        *_costs(result),
        *draw_fitted_curves(result),
        *draw_strength_curves(result),
        *draw_learning_curves(result),
        *draw_weights(result),
        *_posteriors(result),
        *draw_match(result),
        *draw_associations(result),
    ]


def _arms(result: RunResult) -> Iterator[Figure]:
    shown = [(arm, figures) for arm, figures in result.arms.items() if math.isfinite(figures.loss)]
    if not shown:
        return
    trained = {arm: figures.train_loss or math.nan for arm, figures in shown}
    ends = [value for arm, figures in shown for value in (*figures.interval, figures.loss, trained[arm])]
    frame = Frame.of(padded_range(ends), (0.0, len(shown) + 0.2), names=("loss", ""))
    marks: list[Markup] = []
    for place, (arm, figures) in enumerate(reversed(shown)):
        y, loss = place + 0.4, figures.loss
        low, high = figures.interval
        chosen = arm == result.recommendation.regularizer
        marks += [
            frame.line([(low, y), (high, y)], class_=f"arm-{arm} interval"),
            frame.dot(loss, y, r=7 if chosen else 5, class_=f"arm-{arm} mark"),
        ]
        if math.isfinite(trained[arm]):
            marks.append(frame.dot(trained[arm], y, r=4.5, class_=f"arm-{arm} ring"))
        label = f"{ARM_NAMES[arm]} {numbers.loss(loss)}{' · recommended' if chosen else ''}"
        marks.append(
            element("text", label, x=frame.x.start + 6, y=f"{frame.y.place(y) - 11:.1f}", class_="label")
        )
    yield Figure(
        COMPARED,
        "Loss of each arm",
        "Filled: test loss without the penalty, with its 95 % interval; left is better. Ring: training loss; "
        "the way from ring to dot is the overfitting. The arms share their splits, so a difference can be "
        "surer than the overlap suggests.",
        frame.draw(*marks, title="Test loss of each arm with its interval", key="arms"),
        ("arm", "test loss", "interval", "training loss"),
        [
            (
                ARM_NAMES[arm],
                numbers.loss(figures.loss),
                numbers.interval(figures.interval),
                numbers.loss(figures.train_loss),
            )
            for arm, figures in shown
        ],
    )


def _costs(result: RunResult) -> Iterator[Figure]:
    shown = [
        (arm, seconds, draw_figures.trained)
        for arm, seconds in result.execution.arm_seconds.items()
        if (draw_figures := result.arms.get(arm)) is not None
    ]
    if not shown:
        return
    frame = Frame.of(
        (0.0, 1.08 * max(seconds for _, seconds, _ in shown) or 1.0),
        (0.0, len(shown) + 0.2),
        names=("seconds", ""),
    )
    marks: list[Markup] = []
    for place, (arm, seconds, _) in enumerate(reversed(shown)):
        y = place + 0.4
        marks.append(frame.line([(0.0, y), (seconds, y)], class_=f"arm-{arm} cost"))
        label = f"{ARM_NAMES[arm]} {numbers.duration(seconds)}"
        marks.append(
            element("text", label, x=frame.x.start + 6, y=f"{frame.y.place(y) - 11:.1f}", class_="label")
        )
    yield Figure(
        COMPARED,
        "What each arm cost",
        "Wall-clock time to tune its strength and to retrain and judge it in every cell.",
        frame.draw(*marks, title="Seconds that each arm took", key="costs"),
        ("arm", "time", "models"),
        [(ARM_NAMES[arm], numbers.duration(seconds), f"{models}") for arm, seconds, models in shown],
    )


def _posteriors(result: RunResult) -> Iterator[Figure]:
    """Draw Student's t of each deciding difference, as the verdict's posterior has it."""
    posterior, design = result.curves.posterior, result.design
    if not posterior or not design:
        return
    places = {arm: place for place, arm in enumerate(posterior.arms)}
    for number, pair in enumerate(result.comparisons):
        if pair.a not in places or pair.b not in places:
            continue
        i, j = places[pair.a], places[pair.b]
        scale = posterior.scale
        spread = (scale[i][i] + scale[j][j] - 2 * scale[i][j]) ** 0.5
        if spread > 0:
            yield _difference(pair, spread=spread, df=posterior.df, rope=design.rope, key=number)


def _difference(pair: Compared, *, spread: float, df: float, rope: float, key: int) -> Figure:
    mean, first, second = pair.difference, ARM_NAMES[pair.a], ARM_NAMES[pair.b]
    low = min(mean - 4 * spread, -1.5 * rope)
    high = max(mean + 4 * spread, 1.5 * rope)
    xs = [low + (high - low) * place / (DENSE - 1) for place in range(DENSE)]
    ys = [t_density(x, mean=mean, scale=spread, df=df) for x in xs]
    frame = Frame.of((low, high), (0.0, max(ys) * 1.08), names=(f"loss of {first} minus {second}", ""))
    marks = [
        frame.band(-rope, rope, class_="rope"),
        frame.upright(0.0, class_="zero"),
        frame.line(list(zip(xs, ys, strict=True)), class_=f"arm-{pair.a} curve"),
    ]
    title = f"{first} against {second}"
    shares = {"better": pair.better, "equivalent": pair.equivalent, "worse": pair.worse}
    ends = f"{numbers.difference(pair.interval[0])} to {numbers.difference(pair.interval[1])}"
    return Figure(
        "How sure it is",
        title,
        f"Left of zero {first} is better. Shaded: no practical difference, up to {numbers.strength(rope)}.",
        frame.draw(*marks, title=f"Posterior of the difference, {title}", key=f"posterior-{key}"),
        ("difference", "interval", *(f"P({side})" for side in shares)),
        [(numbers.difference(mean), ends, *map(numbers.probability, shares.values()))],
    )
