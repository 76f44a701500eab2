"""The figures of the report: each a plot and the table that says the same."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from regchoose.records import ARM_NAMES, Result
from regchoose.report import numbers
from regchoose.report.plots import Frame, element, reach, steps, t_density

DENSE = 121  # points of a density


@dataclass(frozen=True)
class Figure:
    """A plot, what it shows, and its figures.

    Parameters
    ----------
    section : str
        Heading it stands under.
    note : str
        What is to be seen, in a sentence.
    """

    section: str
    title: str
    note: str
    svg: Markup
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    arms: Sequence[str] = ()  # for the key


def figures(result: Result) -> list[Figure]:
    """Return every figure that the result has the numbers for, in the order of the page."""
    return [
        *_arms(result),
        *_fitted(result),
        *_strengths(result),
        *_learning(result),
        *_weights(result),
        *_posteriors(result),
    ]


def _name(arm: str) -> str:
    return str(dict(ARM_NAMES).get(arm, arm))  # type: ignore[call-overload]  # keys of a file are any text


def _known(arms: Mapping[str, Any]) -> list[str]:
    return [arm for arm in ARM_NAMES if arm in arms]


def _arms(result: Result) -> Iterator[Figure]:
    shown = [arm for arm in _known(result.arms) if result.arms[arm]["loss"] is not None]
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
        label = f"{_name(arm)} {numbers.loss(loss)}{' · recommended' if chosen else ''}"
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
                _name(arm),
                numbers.loss(result.arms[arm]["loss"]),
                " to ".join(map(numbers.loss, bounds[arm])),
                numbers.loss(result.arms[arm].get("train_loss")),
            )
            for arm in shown
        ],
    )


def _strengths(result: Result) -> Iterator[Figure]:
    curves = result.curves.get("loss_by_strength", {})
    shown = [arm for arm in _known(curves) if len(curves[arm]["inner_loss"]) > 1]
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
                (_name(arm), numbers.strength(x), numbers.loss(y) if what == "Loss" else numbers.percent(y))
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


def _learning(result: Result) -> Iterator[Figure]:
    curves = result.curves.get("loss_by_epoch", {})
    shown = _known(curves)
    ends = [y for arm in shown for kind in ("test", "train") for y in curves[arm][kind] if y is not None]
    last = [curves[arm]["epochs"][-1] for arm in shown]
    for arm in shown:
        curve = curves[arm]
        frame = Frame.of((1.0, max(*last, 2.0)), reach(ends), names=("epoch", "loss"), log=True)
        pairs = {
            kind: [(x, y) for x, y in zip(curve["epochs"], curve[kind], strict=True) if y is not None]
            for kind in ("train", "test")
        }
        stop = result.arms.get(arm, {}).get("epochs")
        marks = [
            frame.line(pairs["train"], class_=f"arm-{arm} curve thin", stroke_dasharray="5 4"),
            frame.line(pairs["test"], class_=f"arm-{arm} curve"),
        ]
        if stop:
            marks.append(frame.upright(stop, class_="stop"))
        gap = pairs["test"][-1][1] - pairs["train"][-1][1] if all(pairs.values()) else None
        note = f"Test solid, training dashed; upright: stopped at epoch {stop}." if stop else ""
        yield Figure(
            "How training went",
            _name(arm),
            f"{note} Gap at the end: {numbers.loss(gap)}.",
            frame.draw(*marks, title=f"{_name(arm)}: loss by epoch", key=f"epochs-{arm}"),
            ("epoch", "training loss", "test loss"),
            [
                (str(epoch), numbers.loss(train), numbers.loss(test))
                for epoch, train, test in zip(curve["epochs"], curve["train"], curve["test"], strict=True)
            ],
        )


def _weights(result: Result) -> Iterator[Figure]:
    weights = result.curves.get("weights")
    shown = _known(weights["arms"]) if weights else []
    for arm in shown:
        edges, counts = weights["edges"], weights["arms"][arm]["counts"]  # type: ignore[index]  # shown is empty without
        zeros = weights["arms"][arm]["zeros"]  # type: ignore[index]
        frame = Frame.of((edges[0], edges[-1]), (0.0, max(*counts, 1) * 1.06), names=("weight", "count"))
        outline = frame.line(steps(edges, counts), class_=f"arm-{arm} curve")
        yield Figure(
            "Where the weights lie",
            _name(arm),
            f"Exactly zero, and left out of the drawing: {numbers.percent(zeros) if zeros <= 1 else zeros}.",
            frame.draw(outline, title=f"{_name(arm)}: distribution of the weights", key=f"weights-{arm}"),
            ("from", "to", "count"),
            [
                (f"{low:.3g}", f"{high:.3g}", f"{count:g}")
                for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True)
            ],
        )


def _fitted(result: Result) -> Iterator[Figure]:
    fitted = result.curves.get("fitted")
    if not fitted:
        return
    x, data = fitted["x"], fitted["data"]
    best = result.recommendation["regularizer"]
    shown = [arm for arm in _known(fitted["arms"]) if arm in ("none", best)]
    heights = [*data["y"], *(y for arm in shown for y in fitted["arms"][arm])]
    frame = Frame.of(reach([*x, *data["x"]]), reach(heights), names=(fitted["input"], "target"))
    dots = [frame.dot(a, b, r=2, class_="datum") for a, b in zip(data["x"], data["y"], strict=True)]
    lines = [
        frame.line(list(zip(x, fitted["arms"][arm], strict=True)), class_=f"arm-{arm} curve") for arm in shown
    ]
    yield Figure(
        "What was fitted",
        "The fitted curves",
        "The table has one feature, so the networks themselves can be drawn.",
        frame.draw(*dots, *lines, title="Fitted curves", key="fitted"),
        (fitted["input"], *map(_name, shown)),
        [
            (f"{at:.3g}", *(f"{fitted['arms'][arm][place]:.3g}" for arm in shown))
            for place, at in enumerate(x)
        ],
        shown,
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
    mean, first, second = pair["difference"], _name(pair["a"]), _name(pair["b"])
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
