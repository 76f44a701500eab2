"""The arms side by side: the cells that every format shows, and the two tables of the terminal."""

import math
from collections.abc import Mapping

from rich.table import Table
from rich.text import Text

from regchoose.records import numbers
from regchoose.records.words import ARM_NAMES, Arm, Task
from regchoose.result.document import Arms, RunResult
from regchoose.result.experiment_sections import ArmFigures

WIDE, MIDDLE, NARROW = 76, 58, 34  # columns from which bars, all figures, and the metric have room
LONGEST_BAR, LEAST_BAR = 18, 9
GAP = 2
AS_GOOD, INTERVAL = "as good as any", "95 % interval"
ZEROS = "weights at 0"
COMPANIONS: dict[Task, tuple[str, str]] = {  # of the loss: the metric that a reader knows, and its name
    "regression": ("R2", "R²"),
    "binary": ("accuracy", "accuracy"),
    "multiclass": ("accuracy", "accuracy"),
}


def sort_arms(result: RunResult) -> list[tuple[Arm, ArmFigures]]:
    """Return the arms that were trained, that of the lowest loss first."""
    return sorted(result.arms.items(), key=lambda item: (not math.isfinite(item[1].loss), item[1].loss))


def name_loss(result: RunResult) -> str:
    """Return what the loss is, in two words."""
    return "loss" if result.design is None else result.design.loss.partition(" of ")[0]


def arm_cells(result: RunResult) -> dict[Arm, dict[str, str]]:
    """Return what a table of the arms may show, by arm and heading; that of the lowest loss comes first."""
    metric, companion = COMPANIONS[result.data.task]
    return {
        arm: {
            AS_GOOD: numbers.probability(figures.safe),
            name_loss(result): numbers.loss(figures.loss),
            INTERVAL: numbers.interval(figures.interval),
            companion: _write_metric(figures.metrics, metric),
            ZEROS: numbers.zeros(figures.nonzero_share),
            "training loss": numbers.loss(figures.train_loss),
            "l1": numbers.strength(figures.l1),
            "l2": numbers.strength(figures.l2),
            "epochs": numbers.MISSING if figures.epochs is None else f"{figures.epochs}",
            "time": "cached"
            if arm in result.execution.cached
            else numbers.duration(result.execution.arm_seconds.get(arm)),
        }
        for arm, figures in sort_arms(result)
    }


def list_first_headings(result: RunResult) -> list[str]:
    """Return the headings of the cells that stand beside the bars, in their order."""
    return [AS_GOOD, name_loss(result), COMPANIONS[result.data.task][1], ZEROS]


def _write_metric(metrics: Mapping[str, float | None], name: str) -> str:
    value = metrics.get(name)
    if value is None:
        return numbers.MISSING
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "−") if name == "R2" else numbers.percent(value)


def arms_table(result: RunResult, *, width: int) -> Table:
    """Return a row an arm: how sure it is as good as any, its loss and metric, and its zeros.

    Under `WIDE` columns the bars go, under `MIDDLE` the zeros, under `NARROW` the metric.
    """
    cells = arm_cells(result)
    least_width = dict(zip(list_first_headings(result), (0, 0, NARROW, MIDDLE), strict=True))
    headings = [heading for heading, least in least_width.items() if width >= least]
    columns = {heading: [cells[arm][heading] for arm in cells] for heading in headings}
    if width >= WIDE:
        places = max(map(len, columns[AS_GOOD]))
        taken = places + 1 + len("Elastic Net") + sum(len(name) + GAP for name in headings[1:]) + 3 * GAP + 1
        bar = max(LEAST_BAR, min(LONGEST_BAR, width - taken))
        columns[AS_GOOD] = [
            f"{'█' * round(bar * (figures.safe or 0.0)):{bar}} {cell:>{places}}"
            for (_, figures), cell in zip(sort_arms(result), columns[AS_GOOD], strict=True)
        ]
    table = _empty_table(width=width)
    table.add_column("penalty", overflow="fold")
    for heading in headings:
        left = heading == AS_GOOD and width >= WIDE
        table.add_column(heading, justify="left" if left else "right", no_wrap=width >= MIDDLE)
    return _fill_rows(table, result, columns)


def details_table(result: RunResult, *, width: int) -> Table:
    """Return a row an arm: its loss with the interval, the strengths as trained, and the time.

    Under `WIDE` columns the bars go, under `MIDDLE` the strengths and the time.
    """
    cells = arm_cells(result)
    loss = name_loss(result)
    least_width = {loss: 0, INTERVAL: WIDE, "l1": MIDDLE, "l2": MIDDLE, "epochs": 0, "time": MIDDLE}
    headings = [heading for heading, least in least_width.items() if width >= least]
    columns = {heading: [cells[arm][heading] for arm in cells] for heading in headings}
    if INTERVAL in columns:
        size = _width_for_bar(columns, names=[ARM_NAMES[arm] for arm in cells], width=width)
        columns[INTERVAL] = [_draw_interval(own, arms=result.arms, size=size) for _, own in sort_arms(result)]
    table = _empty_table(width=width)
    table.add_column("penalty", overflow="fold")
    for heading in headings:
        table.add_column(heading, justify="left" if heading == INTERVAL else "right", no_wrap=True)
    return _fill_rows(table, result, columns)


def _fill_rows(table: Table, result: RunResult, columns: Mapping[str, list[str]]) -> Table:
    best = result.recommendation.regularizer
    for (arm, _), *row in zip(sort_arms(result), *columns.values(), strict=True):
        chosen = arm == best
        table.add_row("→" if chosen else " ", ARM_NAMES[arm], *map(Text, row), style="bold" if chosen else "")
    return table


def _empty_table(*, width: int) -> Table:
    gap = GAP if width >= NARROW else 1
    table = Table(box=None, padding=(0, gap, 0, 0), pad_edge=False, show_edge=False, header_style="dim")
    table.add_column("", no_wrap=True)
    return table


def _width_for_bar(columns: dict[str, list[str]], *, names: list[str], width: int) -> int:
    """Return the columns of the terminal that are left when everything but the bar has its own."""
    others = [max(map(len, [head, *cells])) for head, cells in columns.items() if head != INTERVAL]
    taken = 1 + max(map(len, ["penalty", *names])) + sum(others) + GAP * (len(columns) + 1)
    return max(LEAST_BAR, min(LONGEST_BAR + 6, width - taken))


def _draw_interval(figures: ArmFigures, *, arms: Arms, size: int) -> str:
    """Draw the interval of an arm's loss on the scale that all arms share."""
    ends = [end for _, arm in arms.items() for end in (*arm.interval, arm.loss) if math.isfinite(end)]
    if not math.isfinite(figures.loss) or min(ends) == max(ends):
        return ""
    scale = (size - 1) / (max(ends) - min(ends))
    low, high = figures.interval
    start, dot, stop = (round((end - min(ends)) * scale) for end in (low, figures.loss, high))
    return " " * start + "".join("●" if at == dot else "─" for at in range(start, stop + 1))
