"""Figures of what was trained: losses along the training, weights, fitted curves."""

from collections.abc import Iterator, Mapping
from typing import Any

from regchoose.records.answers import Result
from regchoose.report import numbers
from regchoose.report.figure import Figure, known, name_of
from regchoose.report.plots import Frame, element, reach, steps


def fitted(result: Result) -> Iterator[Figure]:
    """Draw the curves of a table with one feature: without regularization and recommended."""
    found = result.curves.get("fitted")
    best = result.recommendation["regularizer"]
    other = best if best != "none" else _foremost(result)
    for number, panel in enumerate(found["panels"] if found else ()):
        x, data = found["x"], panel["data"]  # type: ignore[index]  # without it there are no panels
        curves = {arm: panel["arms"][arm] for arm in known(panel["arms"]) if arm in ("none", other)}
        heights = [*data["y"], *(y for curve in curves.values() for y in curve)]
        frame = Frame.of(reach([*x, *data["x"]]), reach(heights), names=(found["input"], panel["output"]))  # type: ignore[index]
        dots = [frame.dot(a, b, r=2.5, class_="datum") for a, b in zip(data["x"], data["y"], strict=True)]
        lines = [
            frame.line(
                list(zip(x, curve, strict=True)), class_=f"arm-{arm} {'under' if arm == 'none' else 'curve'}"
            )
            for arm, curve in curves.items()
        ]
        yield Figure(
            "What was fitted",
            panel["output"],
            f"The table has one feature, so the networks themselves can be drawn: means over the models of "
            f"all cells, and {len(data['x'])} rows as dots.",
            frame.draw(*dots, *lines, title=f"Fitted curves of {panel['output']}", key=f"fitted-{number}"),
            (found["input"], *map(name_of, curves)),  # type: ignore[index]
            [
                (f"{at:.3g}", *(f"{curve[place]:.3g}" for curve in curves.values()))
                for place, at in enumerate(x)
            ],
            list(curves),
        )


def _foremost(result: Result) -> str:
    """Return the regularized arm with the least loss."""
    losses = {arm: result.arms[arm]["loss"] for arm in known(result.arms) if arm != "none"}
    return min((arm for arm in losses if losses[arm] is not None), key=losses.__getitem__, default="none")


def learning(result: Result) -> Iterator[Figure]:
    """Draw training and test loss of each arm by epoch, and where it was stopped."""
    curves = result.curves.get("loss_by_epoch", {})
    shown = known(curves)
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
            frame.line(pairs["test"], class_=f"arm-{arm} curve whole"),
            *([frame.upright(stop, class_="stop")] if stop else []),
        ]
        yield Figure(
            "How training went",
            name_of(arm),
            f"Test loss solid, training loss dashed. {_gaps(curve, stop)}",
            frame.draw(*marks, title=f"{name_of(arm)}: loss by epoch", key=f"epochs-{arm}"),
            ("epoch", "training loss", "test loss"),
            [
                (str(epoch), numbers.loss(train), numbers.loss(test))
                for epoch, train, test in zip(curve["epochs"], curve["train"], curve["test"], strict=True)
            ],
        )


def _gaps(curve: Mapping[str, Any], stop: int | None) -> str:
    """Say how far test and training loss are apart where training stops and at the end."""
    gaps = {
        epoch: test - train
        for epoch, train, test in zip(curve["epochs"], curve["train"], curve["test"], strict=True)
        if train is not None and test is not None
    }
    last = curve["epochs"][-1]
    said = [f"At the stop, epoch {stop} (upright), the test loss is {_above(gaps[stop])}"] * (stop in gaps)
    if last in gaps and last != stop:
        said.append(f"at the end, epoch {last}, {_above(gaps[last])}")
    return f"{'; '.join(said)}." if said else ""


def _above(gap: float) -> str:
    return f"{numbers.loss(abs(gap))} {'above' if gap >= 0 else 'below'} the training loss"


def weights(result: Result) -> Iterator[Figure]:
    """Draw the distribution of each arm's weights; exact zeros are told apart."""
    found = result.curves.get("weights")
    if not found:
        return
    edges = found["edges"]
    for arm in known(found["arms"]):
        counted = found["arms"][arm]
        of = counted["of"] or 1
        shares = [100 * count / of for count in counted["counts"]]
        top = 1.18 * (max(shares) or 1)
        frame = Frame.of((edges[0], edges[-1]), (0.0, top), names=("weight", "per cent"))
        zeros = f"exactly zero: {numbers.percent(counted['zeros'] / of) if counted['zeros'] else 'none'}"
        marks = [
            frame.line(steps(edges, shares), class_=f"arm-{arm} filled"),
            element("text", zeros, x=frame.x.start + 8, y=frame.y.stop + 14, class_="label"),
        ]
        beyond = f"; {numbers.percent(counted['beyond'] / of)} lie outside" if counted["beyond"] else ""
        yield Figure(
            "Where the weights lie",
            name_of(arm),
            f"Of {of:,} weights; those that are exactly zero are not drawn{beyond}.",
            frame.draw(*marks, title=f"{name_of(arm)}: distribution of the weights", key=f"weights-{arm}"),
            ("from", "to", "weights"),
            [
                ("0", "0", f"{counted['zeros']:,}"),
                *(
                    (f"{low:.3g}", f"{high:.3g}", f"{count:,}")
                    for low, high, count in zip(edges[:-1], edges[1:], counted["counts"], strict=True)
                ),
                ("outside", "", f"{counted['beyond']:,}"),
            ],
        )
