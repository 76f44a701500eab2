"""`regchoose sample`: rows that match the whole table, written, with the proof."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table as Grid
from rich.text import Text

from regchoose.cli import output
from regchoose.cli.command_setup import interaction, print_answer, run_with_settings
from regchoose.cli.flags import SAMPLE
from regchoose.errors import ResourceError, UsageError
from regchoose.records.subsample import Subsample
from regchoose.records.table import Table
from regchoose.report.safe_text import plain
from regchoose.settings.options import Settings

DRAWING = "regchoose.library.draw_rows"  # is loaded while the table is read


def sample(data: str, flags: Mapping[str, Any]) -> int:
    """Write a subsample; return the exit status."""
    everything = flags.get("rows") == "all"
    flags = {name: value for name, value in flags.items() if not (everything and name == "rows")}
    return run_with_settings(
        lambda settings, _given: _sample(data, settings, everything=everything), flags, takes=SAMPLE
    )


def _sample(data: str, settings: Settings, *, everything: bool) -> int:
    if settings.output is None:
        raise UsageError("E207", "sample writes a file, and none is named", fix="-o sample.csv")
    from regchoose.library.extract import (  # late: pandas and duckdb come with it
        PassProgress,
        classify,
        extract,
        output_form,
    )

    path = settings.output
    form, target = output_form(path), Path(path)
    output.check_output(target, data=Path(data), force=settings.force)
    with interaction(settings, json=settings.json) as (listener, ask), ThreadPoolExecutor(1) as ahead:
        loading = ahead.submit(import_module, DRAWING)

        def draw(table: Table, settings: Settings) -> Subsample:
            drawn: Subsample = loading.result().draw_rows(table, settings)
            return drawn

        files = classify(data)
        passes = PassProgress(files.n_bytes if files.is_large else 0, partial(listener.advanced, "read"))
        listener.started("read", "read", passes.total)
        with _name_output(target, data, everything=everything), output.replacing(target) as temporary:
            drawn, warnings, protected = extract(
                files,
                settings,
                everything=everything,
                target=temporary,
                form=form,
                ask=ask,
                advanced=passes.advanced,
                draw=draw,
            )
        listener.finished("read", f"{drawn.of:,} rows")
        for warning in warnings:
            listener.noted(warning)
    print_answer(
        settings,
        values=lambda: _as_dict(drawn, path, protected),
        drawing=lambda: _draw(drawn, path, protected),
    )
    return 0


@contextmanager
def _name_output(target: Path, data: str, *, everything: bool) -> Iterator[None]:
    """Put the output's name into an error of writing, which knows only the temporary file, and its size."""
    try:
        yield
    except ResourceError as error:
        if error.code == "E402" and not error.where:
            error.where = str(target)
            if everything and Path(data).is_file():
                error.detail = (f"it takes about {Path(data).stat().st_size:,} bytes, as the table does",)
        raise


def _as_dict(drawn: Subsample, path: str, protected: int) -> dict[str, Any]:
    return {
        "ok": True,
        "path": path,
        "subsample": {
            "rows": len(drawn.rows) if drawn.method != "all rows" else drawn.of,
            "of": drawn.of,
            "method": drawn.method,
            "matched": drawn.matched,
            "reason": drawn.reason,
            "worst": {name: asdict(check) for name, check in drawn.worst.items()},
            "checks": [asdict(check) for check in drawn.checks],
            "order": None if drawn.order is None else asdict(drawn.order),
        },
        "protected_cells": protected,
    }


def _draw(drawn: Subsample, path: str, protected: int) -> RenderableType:
    answer = "yes" if drawn.matched else "NO"
    lines: list[RenderableType] = [
        Text.assemble("Does it match the whole table?  ", (answer, "bold"), f"  {plain(drawn.reason)}"),
        Text(f"written to {plain(path)}; {plain(drawn.method)}"),
    ]
    if protected:
        lines.append(Text(f"{protected:,} cells that a spreadsheet would run now begin with an apostrophe"))
    if drawn.remark:
        lines.append(Text(f"warning: {plain(drawn.remark, longest=400)}", style="yellow"))
    if drawn.checks:
        lines += ["", _draw_checks(drawn)]
    return Group(*lines)


def _draw_checks(drawn: Subsample) -> Grid:
    """Draw the largest value of each check, and the checks that fail."""
    grid = Grid(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for name in ("check", "largest at", "value", "limit", ""):
        grid.add_column(name, overflow="fold", justify="right" if name in ("value", "limit") else "left")
    worst = list(drawn.worst.values())
    failed = [check for check in drawn.checks if not check.ok and check not in worst]
    for check in [*worst, *failed[:20]]:
        name, column = plain(check.check), plain(check.column, longest=40)
        verdict = "ok" if check.ok else "FAILS"
        cells = (name, column, f"{check.value:.3g}", f"{check.limit:.3g}", verdict)
        grid.add_row(*map(Text, cells))
    return grid
