"""The study's tables at a terminal."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.benchmarks.regret.summary import HALVES

COLUMNS = ("method", "regret", "more than ours", "within δ", "seconds", "times ours")


def show(found: Mapping[str, Any], console: Console) -> None:
    """Print what the study found."""
    for network, panels in found.items():
        for name, panel in panels.items():
            for half in HALVES:
                if half in panel:
                    console.print(_grid(f"{network}, {name}, {half} half", panel[half]))


def _grid(title: str, half: Mapping[str, Any]) -> Table:
    grid = Table(title=f"{title}: {half['splits']} splits of {half['tables']} tables")
    for column in COLUMNS:
        grid.add_column(column, justify="left" if column == "method" else "right")
    for method, own in half["methods"].items():
        error = "" if own["standard_error"] is None else f" ± {own['standard_error']:.4f}"
        grid.add_row(
            method,
            f"{own['regret']:.4f}",
            f"{own['more_than_ours']:+.4f}{error}",
            f"{own['within']:.0%}",
            f"{own['seconds']:.2f}",
            f"{own['times_ours']:.2g}",
        )
    return grid
