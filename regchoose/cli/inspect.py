"""`regchoose inspect`: what the table is taken for, and what it says about the chart's questions."""

import os
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from regchoose.cli import output
from regchoose.cli.command_setup import print_answer, run_with_settings
from regchoose.cli.flags import INSPECT
from regchoose.cli.prompts import Asker, is_attended, never_ask
from regchoose.records.answers import Ask
from regchoose.records.subsample import Finding, Profile
from regchoose.records.table import Column, Table
from regchoose.report.command import write_command_line
from regchoose.report.safe_text import plain
from regchoose.run.memory_estimate import describe_memory, first_layout
from regchoose.settings.options import Settings

MOST_COLUMNS = 100  # that are shown
MOST_CLASSES = 30
WIDE = 60  # columns of a terminal that also shows the reasons
QUESTIONS = {
    "correlated": "Are the features correlated?",
    "somewhat_correlated": "Do features correlate at all?",
    "entire_picture": "Is the entire picture needed?",
    "sparse": "Is the data set very sparse?",
}


def inspect(data: str, flags: Mapping[str, Any]) -> int:
    """Look at a table; return the exit status."""
    return run_with_settings(
        lambda settings, _given: _inspect(data, settings, flags=flags), flags, takes=INSPECT
    )


def _inspect(data: str, settings: Settings, *, flags: Mapping[str, Any]) -> int:
    answers: dict[str, str] = {}
    attended = is_attended(no_input=settings.no_input, environ=os.environ)
    ask: Ask = Asker(answers, paused=nullcontext) if attended else never_ask
    from regchoose.library.inspect_table import inspect_table  # late: pandas and duckdb come with it

    table, profile = inspect_table(data, settings, ask=ask)
    print_answer(
        settings,
        values=lambda: _as_dict(table, profile),
        drawing=lambda: _draw(table, profile, width=output.width()),
    )
    if answers and not settings.quiet:
        command = write_command_line(data, flags, answers=answers, command="inspect")
        output.say(f"\nThe same again, without questions:\n  {command}")
    return 0


def _as_dict(table: Table, profile: Profile) -> dict[str, Any]:
    return {
        "ok": True,
        "path": table.path,
        "dialect": _without("escape", asdict(table.dialect)),
        "rows": table.n_all,
        "image": None if table.image is None else asdict(table.image),
        "columns": [_without("date", asdict(column)) for column in table.display_columns],
        "target": table.target_name,
        "target_why": table.target_why,
        "target_unusable": table.unusable or None,
        "task": None if table.unusable else table.task,
        "task_why": table.task_why,
        "classes": () if table.unusable else table.classes,
        "warnings": [*table.warnings, *profile.warnings],
        "profile": {name: asdict(getattr(profile, name)) for name in QUESTIONS},
    }


def _without(name: str, values: dict[str, Any]) -> dict[str, Any]:
    """Leave out what only a reader of the same file needs."""
    return {key: value for key, value in values.items() if key != name}


def _draw(table: Table, profile: Profile, *, width: int) -> RenderableType:
    what = "images" if table.image else f"rows, {len(table.columns)} columns"
    facts = {
        "file": f"{table.path}: {table.n_all:,} {what}",
        "written as": table.dialect.found,
        "target": f"{table.target_name}: {table.target_why}",
        "task": f"none: {table.unusable}" if table.unusable else f"{table.task}: {table.task_why}",
    }
    if table.image:
        settings = Settings()
        facts["memory"] = describe_memory(table, first_layout(table, settings), settings)
    if table.classes and not table.unusable:
        facts["classes"] = _list_classes(table.classes)
    warnings = [
        Text(f"warning: {plain(line, longest=400)}", style="yellow")
        for line in (*table.warnings, *profile.warnings)
    ]
    findings = [_draw_finding(name, getattr(profile, name)) for name in QUESTIONS]
    answers = Padding(Group(*findings), (0, 0, 0, 2))
    heading = Text("What the data say about the chart's questions", style="bold")
    columns = _draw_columns(table.display_columns, width=width)
    rest = len(table.display_columns) - MOST_COLUMNS
    more = [Text(f"… and {rest:,} more; --json lists all")] if rest > 0 else []
    return Group(_draw_facts(facts), *warnings, "", columns, *more, "", heading, answers)


def _list_classes(classes: Sequence[str]) -> str:
    listed = ", ".join(plain(label, longest=40) for label in classes[:MOST_CLASSES])
    rest = len(classes) - MOST_CLASSES
    return f"{listed} … and {rest:,} more; --json lists all" if rest > 0 else listed


def _draw_facts(facts: Mapping[str, str]) -> Grid:
    grid = Grid.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, fact in facts.items():
        grid.add_row(name, Text(plain(fact, longest=400)))
    return grid


def _draw_finding(name: str, finding: Finding) -> Text:
    return Text.assemble(
        f"{QUESTIONS[name]}  ", (finding.answer, "bold"), f"  {plain(finding.evidence, longest=400)}"
    )


def _draw_columns(columns: tuple[Column, ...], *, width: int) -> Grid:
    """Draw the columns of the table; a narrow terminal has no space for the reasons."""
    grid = Grid(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for name in ("column", "taken for", *(["missing", "why"] if width >= WIDE else [])):
        grid.add_column(name, overflow="fold", justify="right" if name == "missing" else "left")
    for column in columns if len(columns) <= MOST_COLUMNS else _choose_columns(columns):
        kind = column.role if column.role == column.type else f"{column.role} ({column.type})"
        wide: list[RenderableType] = []
        if width >= WIDE:
            why = "as said above" if column.role == "target" else plain(column.why)
            wide = [str(column.missing), Text(why)]
        style = "" if column.used or column.role == "target" else "dim"
        grid.add_row(Text(plain(column.name, longest=60)), Text(plain(kind)), *wide, style=style)
    return grid


def _choose_columns(columns: tuple[Column, ...]) -> list[Column]:
    """Choose the columns of a wide table to show: first those not used, which may be a mistake."""
    ranked = sorted(range(len(columns)), key=lambda j: (columns[j].used, j))
    return [columns[j] for j in sorted(ranked[:MOST_COLUMNS])]
