"""The arms side by side."""

from collections.abc import Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from regchoose.records.answers import Result
from regchoose.records.words import ARM_NAMES, Arm
from regchoose.report import numbers

WIDE, MIDDLE, NARROW = 72, 58, 30  # columns from which the bar, the strengths, and the zeros have room
BAR, LEAST_BAR = 24, 9
GAP = 2


def arms_table(result: Result, *, width: int) -> Table:
    """Return one row an arm: loss with its interval, strengths, zeros, seconds.

    Under `WIDE` columns the bars go, under `MIDDLE` the strengths move below the arm's name, under `NARROW`
    the zeros go.
    """
    shown = {arm: name for arm, name in ARM_NAMES.items() if arm in result.arms}
    rows = {arm: _cells(result, arm=arm, width=width) for arm in shown}
    table = _empty(rows, width=width)
    for arm, name in shown.items():
        chosen = arm == result.recommendation["regularizer"]
        cells = [*rows[arm].values()]
        if "its interval" in rows[arm]:
            cells[1] = _bar(result.arms[arm], arms=result.arms, size=_room_for_bar(rows, width=width))
        table.add_row("→" if chosen else " ", name, *cells, style="bold" if chosen else "")
        if width < MIDDLE and (amounts := _amounts(result.arms[arm])):
            table.add_row("", Text(amounts, style="dim"))
    return table


def _empty(rows: Mapping[Arm, Mapping[str, str]], *, width: int) -> Table:
    gap = GAP if width >= NARROW else 1
    table = Table(box=None, padding=(0, gap, 0, 0), pad_edge=False, show_edge=False, header_style="dim")
    table.add_column("", no_wrap=True)
    table.add_column("arm", overflow="fold")
    for name in next(iter(rows.values()), {}):
        table.add_column(name, justify="left" if name == "its interval" else "right", no_wrap=True)
    return table


def _cells(result: Result, *, arm: Arm, width: int) -> dict[str, str]:
    """Return what stands under each heading; the bar is drawn when its room is known."""
    figures = result.arms[arm]
    share = figures["nonzero_share"]
    seconds = result.execution.get("arm_seconds", {}).get(arm)
    return {
        "loss": numbers.loss(figures["loss"]),
        **({"its interval": ""} if width >= WIDE else {}),
        **({key: numbers.strength(figures[key]) for key in ("l1", "l2")} if width >= MIDDLE else {}),
        **({"zeros": numbers.percent(None if share is None else 1 - share)} if width >= NARROW else {}),
        **({"time": numbers.duration(seconds)} if width >= MIDDLE else {}),
    }


def _room_for_bar(rows: Mapping[Arm, Mapping[str, str]], *, width: int) -> int:
    """Return the columns that are left when everything else has its own."""
    names = max(len(ARM_NAMES[arm]) for arm in rows)
    headings = next(iter(rows.values()))
    others = [max(len(head), *(len(row[head]) for row in rows.values())) for head in headings]
    taken = 1 + names + sum(others) - len("its interval") + GAP * (len(others) + 1)
    return max(LEAST_BAR, min(BAR, width - taken))


def _amounts(figures: Mapping[str, Any]) -> str:
    return "\n".join(f"{key} {numbers.strength(figures[key])}" for key in ("l1", "l2") if figures[key])


def _bar(figures: Mapping[str, Any], *, arms: Mapping[str, Mapping[str, Any]], size: int) -> str:
    """Draw the interval of an arm's loss on the scale that all arms share."""
    ends = [
        end for arm in arms.values() for end in (*(arm["interval"] or ()), arm["loss"]) if end is not None
    ]
    if figures["loss"] is None or not ends or min(ends) == max(ends):
        return ""
    scale = (size - 1) / (max(ends) - min(ends))
    bounds = figures["interval"] or (figures["loss"], figures["loss"])
    places: list[int] = [round((end - min(ends)) * scale) for end in (bounds[0], figures["loss"], bounds[1])]
    start, dot, stop = places
    return " " * start + "".join("●" if at == dot else "─" for at in range(start, stop + 1))
