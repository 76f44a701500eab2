"""The study's tables at a terminal."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table


def show(found: Mapping[str, Any], console: Console) -> None:
    """Print what the study found."""
    for name in ("networks", "linear"):
        if name in found:
            _model(name, found[name], console)
            _reliability(name, found[name]["with_prior_of_other_half"], console)
    if "both" in found:
        grid = _grid("both, each task with the prior of the other half")
        _rules("", found["both"], grid)
        console.print(grid)
        _reliability("both", found["both"], console)


def _model(name: str, found: Mapping[str, Any], console: Console) -> None:
    grid = _grid(f"{name}: {found['tasks']} tasks, {found['near_ties']} of them near-ties")
    for arm, own in found["always"].items():
        grid.add_row("", f"always {arm}", f"{own['regret']:.4f}", _percent(own["within"]), "", "", "", "")
    for factor, own in found["without_prior"].items():
        _rules(f"{factor}, no prior", own, grid)
    _rules("0.290, other half's", found["with_prior_of_other_half"], grid)
    if "with_prior_of_other_models" in found:
        _rules("0.290, other models'", found["with_prior_of_other_models"], grid)
    _rules("the same, ten cells", found["with_it_and_fewer_cells"], grid)
    console.print(grid)


def _grid(title: str) -> Table:
    grid = Table(title=title)
    for column in (
        "variance factor",
        "rule",
        "regret",
        "within δ",
        "firm",
        "of them right",
        "clear",
        "type I",
    ):
        grid.add_column(column, justify="left" if column == "rule" else "right")
    return grid


def _rules(label: str, own: Mapping[str, Any], grid: Table) -> None:
    for rule in ("best", "chart"):
        row = own[rule]
        grid.add_row(
            label if rule == "best" else "",
            rule,
            f"{row['regret']:.4f}",
            _percent(row["within"]),
            _share(row["firm"]),
            _share(row["firm_right"], interval=True),
            _share(row["clear"]),
            _percent(own["type_1"]["share"]) if rule == "best" else "",
        )


def _reliability(name: str, own: Mapping[str, Any], console: Console) -> None:
    grid = Table(title=f"{name}: stated and observed")
    for column in ("rule", "what", "stated", "observed", "answers"):
        grid.add_column(column, justify="left" if column in ("rule", "what") else "right")
    for rule in ("best", "chart"):
        for what in ("safe", "probability"):
            for row in own[rule][what]:
                observed = row["observed"]
                grid.add_row(
                    rule, what, f"{row['stated']:.2f}", _share(observed, interval=True), str(observed["of"])
                )
    console.print(grid)


def _share(found: Mapping[str, Any], *, interval: bool = False) -> str:
    if found["share"] is None:
        return "–"
    low, high = found["interval"]
    return _percent(found["share"]) + (f" [{100 * low:.0f}, {100 * high:.0f}]" if interval else "")


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"


def show_ways(found: Mapping[str, Any], console: Console) -> None:
    """Print what each way to choose the strength would have said."""
    for name in ("networks", "linear"):
        if name not in found:
            continue
        grid = Table(title=f"{name}: ways to choose the strength")
        for column in (
            "way",
            "factor",
            "rule",
            "regret",
            "within δ",
            "firm",
            "of them right",
            "optimism / δ",
        ):
            grid.add_column(column, justify="left" if column in ("way", "rule") else "right")
        for way, own in found[name].items():
            for factor, rules in own["factors"].items():
                for rule, row in rules.items():
                    grid.add_row(
                        way,
                        factor,
                        rule,
                        f"{row['regret']:.4f}",
                        _percent(row["within"]),
                        _share(row["firm"]),
                        _share(row["firm_right"], interval=True),
                        f"{own['optimism']['median']:+.2f}",
                    )
        console.print(grid)
