"""The study's tables at a terminal."""

from collections.abc import Mapping
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

COLUMNS = ("method", "regret", "median", "within δ", "more than ours", "seconds", "times ours", "failed")
WIDTH = 7  # of a number with its sign


def show(found: Mapping[str, Any], console: Console) -> None:
    """Print what the study found."""
    for network, own in found.items():
        left = own["not_compared"]
        more = f"; {left} tasks left out, where some method has not run" if left else ""
        console.print(_grid(f"{network}: all", own["all"], more))
        for rows, group in own["by_rows"].items():
            console.print(_grid(f"{network}: {rows} rows", group))


def _grid(title: str, group: Mapping[str, Any], more: str = "") -> Table:
    grid = Table(
        title=f"{title}, {group['tasks']} tasks of {group['tables']} tables{more}", box=SIMPLE, padding=0
    )
    for column in COLUMNS:
        is_name = column == "method"
        grid.add_column(column, justify="left" if is_name else "right", no_wrap=is_name, min_width=WIDTH)
    for method, own in group["methods"].items():
        grid.add_row(
            method,
            f"{own['regret']:.4f}{_error(own['standard_error'])}",
            f"{own['median']:.4f}",
            f"{own['within']:.0%}",
            f"{own['more_than_ours']:+.4f}{_error(own['standard_error_of_more'])}",
            f"{own['seconds']:.2f}",
            f"{own['times_ours']:.2g}",
            str(own["failed"] or ""),
        )
    return grid


def _error(error: float | None) -> str:
    return "" if error is None else f" ± {error:.4f}"
