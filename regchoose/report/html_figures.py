"""The figures of the report: each a plot and the table that says the same."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from markupsafe import Markup

from regchoose.records.answers import Result
from regchoose.report import numbers
from regchoose.report.data_figures import associations, match
from regchoose.report.figure import Figure, known, name_of
from regchoose.report.model_figures import fitted, learning, weights
from regchoose.report.plots import Frame, element, reach, t_density
from regchoose.report.strength_figures import strengths

DENSE = 121  # points of a density
ARMS = "How the arms compare"


def figures(result: Result) -> list[Figure]:
    """Return every figure that the result has the numbers for, in the order of the page."""
    return [
        *_arms(result),
        *_costs(result),
        *fitted(result),
        *strengths(result),
        *learning(result),
        *weights(result),
        *_posteriors(result),
        *match(result),
        *associations(result),
    ]


def _arms(result: Result) -> Iterator[Figure]:
    shown = [arm for arm in known(result.arms) if result.arms[arm]["loss"] is not None]
    if not shown:
        return
    bounds = {arm: result.arms[arm]["interval"] or [result.arms[arm]["loss"]] * 2 for arm in shown}
    trained = {arm: float(result.arms[arm].get("train_loss") or "nan") for arm in shown}
    ends = [value for arm in shown for value in (*bounds[arm], result.arms[arm]["loss"], trained[arm])]
    frame = Frame.of(reach(ends), (0.0, len(shown) + 0.2), names=("loss", ""))
    marks: list[Markup] = []
    for place, arm in enumerate(reversed(shown)):
        y, loss = place + 0.4, result.arms[arm]["loss"]
        low, high = bounds[arm]
        chosen = arm == result.recommendation["regularizer"]
        marks += [
            frame.line([(low, y), (high, y)], class_=f"arm-{arm} interval"),
            frame.dot(loss, y, r=7 if chosen else 5, class_=f"arm-{arm} mark"),
        ]
        if math.isfinite(trained[arm]):
            marks.append(frame.dot(trained[arm], y, r=4.5, class_=f"arm-{arm} ring"))
        label = f"{name_of(arm)} {numbers.loss(loss)}{' · recommended' if chosen else ''}"
        marks.append(
            element("text", label, x=frame.x.start + 6, y=f"{frame.y.place(y) - 11:.1f}", class_="label")
        )
    yield Figure(
        ARMS,
        "Loss of each arm",
        "Filled: test loss without the penalty, with its 95 % interval; left is better. Ring: training loss; "
        "the way from ring to dot is the overfitting. The arms share their splits, so a difference can be "
        "surer than the overlap suggests.",
        frame.draw(*marks, title="Test loss of each arm with its interval", key="arms"),
        ("arm", "test loss", "interval", "training loss"),
        [
            (
                name_of(arm),
                numbers.loss(result.arms[arm]["loss"]),
                " to ".join(map(numbers.loss, bounds[arm])),
                numbers.loss(result.arms[arm].get("train_loss")),
            )
            for arm in shown
        ],
    )


def _costs(result: Result) -> Iterator[Figure]:
    seconds = result.execution.get("arm_seconds", {})
    shown = [arm for arm in known(seconds) if arm in result.arms]
    if not shown:
        return
    frame = Frame.of(
        (0.0, 1.08 * max(seconds[arm] for arm in shown) or 1.0),
        (0.0, len(shown) + 0.2),
        names=("seconds", ""),
    )
    marks: list[Markup] = []
    for place, arm in enumerate(reversed(shown)):
        y = place + 0.4
        marks.append(frame.line([(0.0, y), (seconds[arm], y)], class_=f"arm-{arm} cost"))
        label = f"{name_of(arm)} {numbers.duration(seconds[arm])}"
        marks.append(
            element("text", label, x=frame.x.start + 6, y=f"{frame.y.place(y) - 11:.1f}", class_="label")
        )
    yield Figure(
        ARMS,
        "What each arm cost",
        "Wall-clock time to tune its strength and to retrain and judge it in every cell.",
        frame.draw(*marks, title="Seconds that each arm took", key="costs"),
        ("arm", "time", "models"),
        [
            (
                name_of(arm),
                numbers.duration(seconds[arm]),
                f"{result.arms[arm].get('trained', numbers.MISSING)}",
            )
            for arm in shown
        ],
    )


def _posteriors(result: Result) -> Iterator[Figure]:
    """Draw Student's t of each deciding difference, as the verdict's posterior has it."""
    posterior, design = result.curves.get("posterior"), result.design
    if not posterior or not design:
        return
    places = {arm: place for place, arm in enumerate(posterior["arms"])}
    for number, pair in enumerate(result.comparisons):
        if pair["a"] not in places or pair["b"] not in places:
            continue
        i, j = places[pair["a"]], places[pair["b"]]
        scale = posterior["scale"]
        spread = (scale[i][i] + scale[j][j] - 2 * scale[i][j]) ** 0.5
        if spread > 0:
            yield _difference(pair, spread=spread, df=posterior["df"], rope=design["rope"], key=number)


def _difference(pair: Mapping[str, Any], *, spread: float, df: float, rope: float, key: int) -> Figure:
    mean, first, second = pair["difference"], name_of(pair["a"]), name_of(pair["b"])
    low = min(mean - 4 * spread, -1.5 * rope)
    high = max(mean + 4 * spread, 1.5 * rope)
    xs = [low + (high - low) * place / (DENSE - 1) for place in range(DENSE)]
    ys = [t_density(x, mean=mean, scale=spread, df=df) for x in xs]
    frame = Frame.of((low, high), (0.0, max(ys) * 1.08), names=(f"loss of {first} minus {second}", ""))
    marks = [
        frame.band(-rope, rope, class_="rope"),
        frame.upright(0.0, class_="zero"),
        frame.line(list(zip(xs, ys, strict=True)), class_=f"arm-{pair['a']} curve"),
    ]
    title = f"{first} against {second}"
    sides = ("better", "equivalent", "worse")
    ends = f"{numbers.difference(pair['interval'][0])} to {numbers.difference(pair['interval'][1])}"
    return Figure(
        "How sure it is",
        title,
        f"Left of zero {first} is better. Shaded: no practical difference, up to {numbers.strength(rope)}.",
        frame.draw(*marks, title=f"Posterior of the difference, {title}", key=f"posterior-{key}"),
        ("difference", "interval", *(f"P({side})" for side in sides)),
        [(numbers.difference(mean), ends, *(numbers.probability(pair[side]) for side in sides))],
    )
