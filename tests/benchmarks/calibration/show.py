"""The study's tables at a terminal."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.benchmarks.calibration.verdicts import RULES

COLUMNS = ("tasks", "regret", "median", "within δ", "firm", "of them right", "leaning", "of them right")


def show(found: Mapping[str, Any], console: Console) -> None:
    """Print what the study found."""
    for failed in found["failed"]:
        console.print(f"{failed['table']}: {failed['why']}")
    for network, prior in found["prior"].items():
        if prior is not None:
            _show_prior(network, prior, console)
    for kind in ("real", "synthetic"):
        for name, own in found[kind].items():
            _show_group(f"{kind}, {name}", own, console)
        if found[kind]:
            _show_reliability(kind, found[kind]["all"]["with_prior"], console)


def _show_prior(network: str, prior: Mapping[str, Any], console: Console) -> None:
    """Print the t distributions of an arm's true loss less Elastic Net's."""
    grid = _grid(
        f"{network}, the prior (synthetic tasks at {prior['synthetic_weight']:g})",
        ("arm", "df", "rows", "location / δ", "scale / δ"),
    )
    for arm, curve in prior["arms"].items():
        for place, rows in enumerate(curve["knots"]):
            first = (arm, f"{curve['df']:.1f}") if place == 0 else ("", "")
            grid.add_row(
                *first, str(rows), f"{curve['location'][place]:+.2f}", f"{curve['scale'][place]:.2f}"
            )
    console.print(grid)


def _show_group(title: str, found: Mapping[str, Any], console: Console) -> None:
    title += (
        f": {found['tasks']} tasks of {found['tables']} tables, truth within {found['truth_error']:.2f} δ"
    )
    grid = _grid(title, ("prior", "rule", *COLUMNS))
    for arm, own in found["always"].items():
        grid.add_row("", f"always {arm}", *_figures(own), "", "", "", "")
    for label, judged in (
        ("none", found["without_prior"]),
        ("other tables'", found["with_prior"]),
        *((f"{rows} rows", own) for rows, own in found["by_rows"].items()),
    ):
        for rule in RULES:
            own = judged[rule]
            shares = (own[key] for key in ("firm", "firm_right", "leaning", "leaning_right"))
            grid.add_row(label if rule == RULES[0] else "", rule, *_figures(own), *map(_share, shares))
        worse = judged["worse_right"]
        grid.add_row("", "called worse", str(worse["of"]), "", "", "", "", _share(worse), "", "")
    console.print(grid)
    for goal in found["goals"]:
        reached = {True: "reached", False: "NOT reached", None: "not known"}[goal["reached"]]
        console.print(f"{goal['goal']}: {_percent(goal['found'])}, wanted {goal['wanted']:.0%}: {reached}")


def _show_reliability(title: str, judged: Mapping[str, Any], console: Console) -> None:
    grid = _grid(f"{title}: safe, stated and observed", ("of", "stated", "observed", "answers"))
    for rule in RULES:
        _add_bins(rule, judged[rule]["safe"], grid)
    _add_bins("every arm", judged["safe_of_all"], grid)
    console.print(grid)


def _add_bins(label: str, bins: list[dict[str, Any]], grid: Table) -> None:
    for place, row in enumerate(bins):
        observed = row["observed"]
        grid.add_row("" if place else label, f"{row['stated']:.2f}", _share(observed), str(observed["of"]))


def _grid(title: str, columns: tuple[str, ...]) -> Table:
    grid = Table(title=title)
    for place, column in enumerate(columns):
        grid.add_column(
            column, justify="left" if place < 2 and column in ("prior", "rule", "arm", "of") else "right"
        )
    return grid


def _figures(own: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """Return tasks, mean and median regret, and the share within δ."""
    return (
        str(own["right"]["of"]),
        f"{own['regret']['mean']:.4f}",
        f"{own['median_regret']:.4f}",
        _percent(own["right"]["mean"]),
    )


def _share(found: Mapping[str, Any]) -> str:
    """Return a share with its interval over tables."""
    if found["interval"] is None:
        return _percent(found["mean"])
    low, high = found["interval"]
    return f"{_percent(found['mean'])} [{100 * low:.0f}, {100 * high:.0f}]"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"
