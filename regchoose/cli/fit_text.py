"""What `regchoose fit` answers: as text, and as one JSON document."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.table import Table as Grid
from rich.text import Text

from regchoose.report import numbers
from regchoose.report.model_card import (
    describe_difference,
    describe_factor,
    describe_loss,
    describe_network,
    describe_regularizer,
    rows_or_images,
)
from regchoose.report.safe_text import plain

if TYPE_CHECKING:  # what trains is loaded late
    from regchoose.refit.final_fit import Outcome

MOST_NOTES = 20


def as_dict(found: "Outcome", *, path: str) -> dict[str, Any]:
    """Return the answer as a document."""
    target = found.encoder.target
    return {
        "ok": True,
        "path": path,
        "model": asdict(found.model),
        "target": target.name,
        "task": target.task,
        "inputs": len(found.encoder.input_names),
    }


def shown(found: "Outcome", *, path: str, brief: bool) -> RenderableType:
    """Return the answer as text.

    Parameters
    ----------
    brief : bool
        The first line alone.
    """
    model = found.model
    first = Text(f"{plain(describe_network(model))} with {describe_regularizer(model)}", style="bold")
    if brief:
        return first
    lines: list[RenderableType] = [first, Text(_trained(found))]
    if model.tried:
        lines += [
            "",
            Text(f"Strengths tried, judged on {model.held_out:,} rows held out:"),
            _tried(found),
            "",
        ]
    lines += [Text(f"note: {plain(note, longest=400)}") for note in model.notes[:MOST_NOTES]]
    lines.append(Text(f"The model is in {plain(path)}: regchoose predict {plain(path)} DATA -o OUT.csv"))
    return Group(*lines)


def _trained(found: "Outcome") -> str:
    model, encoder = found.model, found.encoder
    length, inputs, rows = model.length, len(encoder.input_names), rows_or_images(encoder)
    how = (
        "to its optimum" if length is None else f"for {length.stop_epoch} epochs of {length.schedule_epochs}"
    )
    return (
        f"trained {how} on {model.rows:,} {rows}, {inputs} input{'s' * (inputs > 1)}; "
        f"{describe_loss(encoder)} on these {rows} {numbers.loss(model.train_loss)}, "
        f"{numbers.percent(1 - model.nonzero_share)} of the weights are zero"
    )


def _tried(found: "Outcome") -> Grid:
    model = found.model
    grid = Grid(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for name in ("strength", "l1", "l2", "loss", "difference", ""):
        grid.add_column(name, justify="left" if name in ("strength", "") else "right")
    for one in model.tried:
        chosen = (one.l1, one.l2) == (model.l1, model.l2)
        cells = (
            describe_factor(one),
            numbers.strength(one.l1),
            numbers.strength(one.l2),
            numbers.loss(one.loss),
            describe_difference(model, one),
            "← chosen" if chosen else "",
        )
        grid.add_row(*map(Text, cells))
    return grid
