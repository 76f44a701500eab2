"""The arms side by side."""

from collections.abc import Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from regchoose.records import ARM_NAMES, Result
from regchoose.report import numbers

WIDE, MIDDLE, NARROW = 76, 58, 30  # columns from which the bar, the strengths, and the zeros have room
BAR = 24


def arms_table(result: Result, *, width: int) -> Table:
    """Return one row an arm: loss with its interval, strengths, zeros, seconds.

    Under `WIDE` columns the bars go, under `MIDDLE` the strengths move below the arm's name, under `NARROW`
    the zeros go.
    """
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, show_edge=False, header_style="dim")
    table.add_column("")
    table.add_column("arm", overflow="fold")
    table.add_column("loss", justify="right", overflow="fold")
    if width >= WIDE:
        table.add_column("its interval", no_wrap=True)
    if width >= MIDDLE:
        table.add_column("l1", justify="right")
        table.add_column("l2", justify="right")
    if width >= NARROW:
        table.add_column("zeros", justify="right")
    if width >= MIDDLE:
        table.add_column("time", justify="right")
    seconds = result.execution.get("arm_seconds", {})
    for arm, name in ARM_NAMES.items():
        if arm in result.arms:
            chosen = arm == result.recommendation["regularizer"]
            cells = _cells(result, arm=arm, seconds=seconds.get(arm), width=width)
            table.add_row("→" if chosen else " ", name, *cells, style="bold" if chosen else "")
            if width < MIDDLE and (amounts := _amounts(result.arms[arm])):
                table.add_row("", Text(amounts, style="dim"))
    return table


def _cells(result: Result, *, arm: str, seconds: float | None, width: int) -> list[str]:
    figures = result.arms[arm]
    bars = [_bar(figures, arms=result.arms)] if width >= WIDE else []
    strengths = [numbers.strength(figures["l1"]), numbers.strength(figures["l2"])] if width >= MIDDLE else []
    share = figures["nonzero_share"]
    zeros = [numbers.percent(None if share is None else 1 - share)] if width >= NARROW else []
    times = [numbers.duration(seconds)] if width >= MIDDLE else []
    return [numbers.loss(figures["loss"]), *bars, *strengths, *zeros, *times]


def _amounts(figures: Mapping[str, Any]) -> str:
    return "  ".join(f"{key} {numbers.strength(figures[key])}" for key in ("l1", "l2") if figures[key])


def _bar(figures: Mapping[str, Any], *, arms: Mapping[str, Mapping[str, Any]]) -> str:
    """Draw the interval of an arm's loss on the scale that all arms share."""
    ends = [
        end for arm in arms.values() for end in (*(arm["interval"] or ()), arm["loss"]) if end is not None
    ]
    if figures["loss"] is None or not ends or min(ends) == max(ends):
        return ""
    scale = (BAR - 1) / (max(ends) - min(ends))
    bounds = figures["interval"] or (figures["loss"], figures["loss"])
    places: list[int] = [round((end - min(ends)) * scale) for end in (bounds[0], figures["loss"], bounds[1])]
    start, dot, stop = places
    return " " * start + "".join("●" if at == dot else "─" for at in range(start, stop + 1))
