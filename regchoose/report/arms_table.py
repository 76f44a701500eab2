"""The arms side by side."""

import math
from collections.abc import Mapping

from rich.table import Table
from rich.text import Text

from regchoose.records.words import ARM_NAMES, Arm
from regchoose.report import numbers
from regchoose.result.document import Arms, RunResult
from regchoose.result.experiment_sections import ArmFigures

WIDE, MIDDLE, NARROW = 72, 58, 30  # columns from which the bar, the strengths, and the zeros have room
BAR, LEAST_BAR = 24, 9
GAP = 2


def arms_table(result: RunResult, *, width: int) -> Table:
    """Return one row an arm: loss with its interval, strengths, zeros, seconds.

    Under `WIDE` columns the bars go, under `MIDDLE` the strengths move below the arm's name, under `NARROW`
    the zeros go.
    """
    rows = {arm: _cells(result, arm, figures, width=width) for arm, figures in result.arms.items()}
    table = _empty(rows, width=width)
    for arm, figures in result.arms.items():
        chosen = arm == result.recommendation.regularizer
        cells = [*rows[arm].values()]
        if "its interval" in rows[arm]:
            cells[1] = _bar(figures, arms=result.arms, size=_room_for_bar(rows, width=width))
        table.add_row("→" if chosen else " ", ARM_NAMES[arm], *cells, style="bold" if chosen else "")
        if width < MIDDLE and (amounts := numbers.strengths(figures.l1, figures.l2, sign=" ")):
            table.add_row("", Text("\n".join(amounts), style="dim"))
    return table


def _empty(rows: Mapping[Arm, Mapping[str, str]], *, width: int) -> Table:
    gap = GAP if width >= NARROW else 1
    table = Table(box=None, padding=(0, gap, 0, 0), pad_edge=False, show_edge=False, header_style="dim")
    table.add_column("", no_wrap=True)
    table.add_column("arm", overflow="fold")
    for name in next(iter(rows.values()), {}):
        table.add_column(name, justify="left" if name == "its interval" else "right", no_wrap=True)
    return table


def _cells(result: RunResult, arm: Arm, figures: ArmFigures, *, width: int) -> dict[str, str]:
    """Return what stands under each heading; the bar is drawn when its room is known."""
    share, seconds = figures.nonzero_share, result.execution.arm_seconds.get(arm)
    strengths = {"l1": numbers.strength(figures.l1), "l2": numbers.strength(figures.l2)}
    return {
        "loss": numbers.loss(figures.loss),
        **({"its interval": ""} if width >= WIDE else {}),
        **(strengths if width >= MIDDLE else {}),
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


def _bar(figures: ArmFigures, *, arms: Arms, size: int) -> str:
    """Draw the interval of an arm's loss on the scale that all arms share."""
    ends = [end for _, arm in arms.items() for end in (*arm.interval, arm.loss) if math.isfinite(end)]
    if not math.isfinite(figures.loss) or min(ends) == max(ends):
        return ""
    scale = (size - 1) / (max(ends) - min(ends))
    low, high = figures.interval
    start, dot, stop = (round((end - min(ends)) * scale) for end in (low, figures.loss, high))
    return " " * start + "".join("●" if at == dot else "─" for at in range(start, stop + 1))
