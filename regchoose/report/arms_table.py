"""The arms side by side: the cells that every format shows, and the table of the terminal."""

import math

from rich.table import Table
from rich.text import Text

from regchoose.records.words import ARM_NAMES, Arm
from regchoose.report import numbers
from regchoose.result.document import Arms, RunResult
from regchoose.result.experiment_sections import ArmFigures

WIDE, MIDDLE, NARROW = 72, 58, 30  # columns from which the bar, the strengths, and the zeros have room
BAR, LEAST_BAR = 24, 9
GAP = 2
INTERVAL = "its interval"


def arm_cells(result: RunResult) -> dict[Arm, dict[str, str]]:
    """Return what a table of the arms may show: arm → heading → cell."""
    return {
        arm: {
            "loss": numbers.loss(figures.loss),
            INTERVAL: numbers.interval(figures.interval),
            "training loss": numbers.loss(figures.train_loss),
            "l1": numbers.strength(figures.l1),
            "l2": numbers.strength(figures.l2),
            "zeros": numbers.zeros(figures.nonzero_share),
            "epochs": f"{figures.epochs}",
            "safe": numbers.probability(result.safe_of.get(arm)),
            "time": numbers.duration(result.execution.arm_seconds.get(arm)),
        }
        for arm, figures in result.arms.items()
    }


def arms_table(result: RunResult, *, width: int) -> Table:
    """Return one row an arm: loss with its interval, strengths, zeros, seconds.

    Under `WIDE` columns the bars go, under `MIDDLE` the strengths move below the arm's name, under `NARROW`
    the zeros go.
    """
    least_width = {"loss": 0, INTERVAL: WIDE, "l1": MIDDLE, "l2": MIDDLE, "zeros": NARROW, "time": MIDDLE}
    headings = [heading for heading, least in least_width.items() if width >= least]
    cells = arm_cells(result)
    columns = {heading: [cells[arm][heading] for arm in cells] for heading in headings}
    if INTERVAL in columns:
        size = _width_for_bar(columns, names=[ARM_NAMES[arm] for arm in cells], width=width)
        columns[INTERVAL] = [_draw_bar(own, arms=result.arms, size=size) for _, own in result.arms.items()]
    table = _empty_table(headings, width=width)
    for (arm, figures), *row in zip(result.arms.items(), *columns.values(), strict=True):
        chosen = arm == result.recommendation.regularizer
        table.add_row("→" if chosen else " ", ARM_NAMES[arm], *row, style="bold" if chosen else "")
        if width < MIDDLE and (amounts := numbers.strengths(figures.l1, figures.l2, sign=" ")):
            table.add_row("", Text("\n".join(amounts), style="dim"))
    return table


def _empty_table(headings: list[str], *, width: int) -> Table:
    gap = GAP if width >= NARROW else 1
    table = Table(box=None, padding=(0, gap, 0, 0), pad_edge=False, show_edge=False, header_style="dim")
    table.add_column("", no_wrap=True)
    table.add_column("arm", overflow="fold")
    for heading in headings:
        table.add_column(heading, justify="left" if heading == INTERVAL else "right", no_wrap=True)
    return table


def _width_for_bar(columns: dict[str, list[str]], *, names: list[str], width: int) -> int:
    """Return the columns of the terminal that are left when everything but the bar has its own."""
    others = [max(map(len, [head, *cells])) for head, cells in columns.items() if head != INTERVAL]
    taken = 1 + max(map(len, names)) + sum(others) + GAP * (len(columns) + 1)
    return max(LEAST_BAR, min(BAR, width - taken))


def _draw_bar(figures: ArmFigures, *, arms: Arms, size: int) -> str:
    """Draw the interval of an arm's loss on the scale that all arms share."""
    ends = [end for _, arm in arms.items() for end in (*arm.interval, arm.loss) if math.isfinite(end)]
    if not math.isfinite(figures.loss) or min(ends) == max(ends):
        return ""
    scale = (size - 1) / (max(ends) - min(ends))
    low, high = figures.interval
    start, dot, stop = (round((end - min(ends)) * scale) for end in (low, figures.loss, high))
    return " " * start + "".join("●" if at == dot else "─" for at in range(start, stop + 1))
