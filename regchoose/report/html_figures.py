"""The figures of the report: each a plot and the table that says the same."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from regchoose.records import Result
from regchoose.report import numbers
from regchoose.report.figure import Figure, known, name_of
from regchoose.report.model_figures import fitted, learning, weights
from regchoose.report.plots import Frame, element, reach, t_density

DENSE = 121  # points of a density


def figures(result: Result) -> list[Figure]:
    """Return every figure that the result has the numbers for, in the order of the page."""
    return [
        *_arms(result),
        *fitted(result),
        *_strengths(result),
        *learning(result),
        *weights(result),
        *_posteriors(result),
    ]


def _arms(result: Result) -> Iterator[Figure]:
    shown = [arm for arm in known(result.arms) if result.arms[arm]["loss"] is not None]
    if not shown:
        return
    bounds = {arm: result.arms[arm]["interval"] or [result.arms[arm]["loss"]] * 2 for arm in shown}
    ends = [value for arm in shown for value in (*bounds[arm], result.arms[arm]["loss"])]
    frame = Frame.of(reach(ends), (0.0, len(shown) + 0.2), names=("test loss", ""))
    marks: list[Markup] = []
    for place, arm in enumerate(reversed(shown)):
        y, loss = place + 0.4, result.arms[arm]["loss"]
        low, high = bounds[arm]
        chosen = arm == result.recommendation["regularizer"]
        marks += [
            frame.line([(low, y), (high, y)], class_=f"arm-{arm} interval"),
            frame.dot(loss, y, r=7 if chosen else 5, class_=f"arm-{arm} mark"),
        ]
        label = f"{name_of(arm)} {numbers.loss(loss)}{' · recommended' if chosen else ''}"
        marks.append(
            element("text", label, x=frame.x.start + 6, y=f"{frame.y.place(y) - 11:.1f}", class_="label")
        )
    yield Figure(
        "How the arms compare",
        "Loss of each arm",
        "Test loss without the penalty; left is better. The line is its 95 % interval. The arms share their "
        "splits, so a difference can be surer than the overlap suggests.",
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


def _strengths(result: Result) -> Iterator[Figure]:
    curves = result.curves.get("loss_by_strength", {})
    shown = [arm for arm in known(curves) if len(curves[arm]["inner_loss"]) > 1]
    totals = {
        arm: [a + b for a, b in zip(curves[arm]["l1"], curves[arm]["l2"], strict=True)] for arm in shown
    }
    if not shown or min(min(total) for total in totals.values()) <= 0:
        return
    section, name = "What the strength does", "strength, l1 + l2"
    for what, key, axis in (
        ("Loss", "inner_loss", "inner loss"),
        ("Zeros", "nonzero_share", "share of zeros"),
    ):
        lines = {arm: _by_strength(totals[arm], curves[arm][key], zeros=what == "Zeros") for arm in shown}
        places = [x for line in lines.values() for x, _ in line]
        ends_x = (min(places) / 1.3, max(places) * 1.3)
        ends_y = (0.0, 1.05) if what == "Zeros" else reach([y for line in lines.values() for _, y in line])
        frame = Frame.of(ends_x, ends_y, names=(name, axis), log=True)
        marks = [frame.line(lines[arm], class_=f"arm-{arm} curve") for arm in shown]
        marks += [
            frame.dot(*_chosen(curves[arm], totals[arm], key), class_=f"arm-{arm} mark") for arm in shown
        ]
        yield Figure(
            section,
            f"{what} against strength",
            "The dot is the strength chosen in most cells. "
            + (
                "Elastic Net is drawn at the best of its mixes."
                if what == "Loss"
                else "L2 leaves no weight at zero."
            ),
            frame.draw(*marks, title=f"{what} against strength for each arm", key=key),
            ("arm", name, axis),
            [
                (name_of(arm), numbers.strength(x), numbers.loss(y) if what == "Loss" else numbers.percent(y))
                for arm in shown
                for x, y in lines[arm]
            ],
            shown,
        )


def _by_strength(totals: Sequence[float], values: Sequence[Any], *, zeros: bool) -> list[tuple[float, float]]:
    """Return a point a strength: the lowest loss of the mixes, or their mean share of zeros."""
    found: dict[float, list[float]] = {}
    for total, value in zip(totals, values, strict=True):
        if value is not None:
            found.setdefault(float(f"{total:.6g}"), []).append(1 - value if zeros else value)
    return [(x, sum(ys) / len(ys) if zeros else min(ys)) for x, ys in sorted(found.items())]


def _chosen(curve: Mapping[str, Any], totals: Sequence[float], key: str) -> tuple[float, float]:
    place = curve["chosen"]
    value = curve[key][place]
    height = float("inf") if value is None else value
    return totals[place], (1 - height if key == "nonzero_share" else height)


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
