"""Figures of the verdict: how the arms compare, what each cost, how sure the answer is."""

import math
from collections.abc import Iterator

from markupsafe import Markup

from regchoose.records import numbers
from regchoose.records.words import ARM_NAMES
from regchoose.report.arms_table import INTERVAL, arm_cells, name_loss, sort_arms
from regchoose.report.plots import Figure, Frame, padded_range, t_density
from regchoose.result.document import RunResult
from regchoose.result.experiment_sections import ArmComparison

DENSE = 121  # points of a density
COMPARED = "How the arms compare"


def draw_mean_losses(result: RunResult) -> Iterator[Figure]:
    """Draw test and training loss of each arm."""
    shown = [(arm, figures) for arm, figures in sort_arms(result) if math.isfinite(figures.loss)]
    if not shown:
        return
    cells = arm_cells(result)
    trained = {arm: figures.train_loss or math.nan for arm, figures in shown}
    ends = [value for arm, figures in shown for value in (*figures.interval, figures.loss, trained[arm])]
    frame = Frame.of_rows(padded_range(ends), len(shown), name="loss")
    marks: list[Markup] = []
    for place, (arm, figures) in enumerate(reversed(shown)):
        y, loss = place + 0.4, figures.loss
        low, high = figures.interval
        chosen = arm == result.recommendation.regularizer
        marks += [
            frame.line([(low, y), (high, y)], class_=f"arm-{arm} interval"),
            frame.dot(loss, y, r=7 if chosen else 5, tip=cells[arm][INTERVAL], class_=f"arm-{arm} mark"),
        ]
        if math.isfinite(trained[arm]):
            marks.append(frame.dot(trained[arm], y, r=4.5, class_=f"arm-{arm} ring"))
        label = f"{ARM_NAMES[arm]} {numbers.loss(loss)}{' · recommended' if chosen else ''}"
        marks.append(frame.label(label, y))
    yield Figure(
        COMPARED,
        "Loss of each arm",
        "Filled: test loss without the penalty, with its 95 % interval; left is better. Ring: training loss; "
        "the way from ring to dot is the overfitting. The arms share their splits, so a difference can be "
        "surer than the overlap suggests.",
        frame.draw(*marks, title="Test loss of each arm with its interval", key="arms"),
        ("arm", "test loss", INTERVAL, "training loss"),
        [
            [ARM_NAMES[arm], *(cells[arm][name] for name in (name_loss(result), INTERVAL, "training loss"))]
            for arm, _ in shown
        ],
    )


def draw_costs(result: RunResult) -> Iterator[Figure]:
    """Draw how long each arm took."""
    shown = [
        (arm, seconds, figures.trained)
        for arm, seconds in result.execution.arm_seconds.items()
        if (figures := result.arms.get(arm)) is not None and arm not in result.execution.cached
    ]
    if not shown:
        return
    longest = max(seconds for _, seconds, _ in shown)
    frame = Frame.of_rows((0.0, 1.08 * longest or 1.0), len(shown), name="seconds")
    marks: list[Markup] = []
    for place, (arm, seconds, _) in enumerate(reversed(shown)):
        y = place + 0.4
        marks.append(frame.line([(0.0, y), (seconds, y)], class_=f"arm-{arm} cost"))
        marks.append(frame.label(f"{ARM_NAMES[arm]} {numbers.duration(seconds)}", y))
    yield Figure(
        COMPARED,
        "What each arm cost",
        "Wall-clock time to train it with every strength in the cells, and to judge it."
        + (" What came from the cache is not drawn: it was not timed." if result.execution.cached else ""),
        frame.draw(*marks, title="Seconds that each arm took", key="costs"),
        ("arm", "time", "models"),
        [(ARM_NAMES[arm], numbers.duration(seconds), f"{models}") for arm, seconds, models in shown],
    )


def draw_posteriors(result: RunResult) -> Iterator[Figure]:
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
        spread = math.sqrt(max(scale[i][i] + scale[j][j] - 2 * scale[i][j], 0.0))  # rounding may fall below 0
        if spread > 0:
            yield _draw_difference(pair, spread=spread, df=posterior.df, rope=design.rope, key=number)


def _draw_difference(pair: ArmComparison, *, spread: float, df: float, rope: float, key: int) -> Figure:
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
        ("difference", INTERVAL, *(f"P({side})" for side in shares)),
        [(numbers.difference(mean), ends, *map(numbers.probability, shares.values()))],
    )
