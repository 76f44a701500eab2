"""`regchoose recommend`: asks, runs, shows."""

import json
import os
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from rich.text import Text

from regchoose.cli import gate, output
from regchoose.cli.ask import Ask, asker, is_attended, nobody
from regchoose.cli.failures import guarded
from regchoose.cli.formats import FORMATS, format_for, format_of, show
from regchoose.cli.gather import form_for, gathered
from regchoose.cli.options import command_line
from regchoose.cli.progress import Listener, listening
from regchoose.records import Gate, Result
from regchoose.report.as_json import document, dumps
from regchoose.report.safe_text import plain
from regchoose.settings import Settings


class Switchboard(Protocol):
    """What is needed of `regchoose.run`."""

    def recommend(
        self,
        path: str,
        settings: Settings,
        *,
        given: frozenset[str],
        ask: Ask,
        listener: Listener,
        clock: Callable[[], float],
    ) -> Result:
        """Walk the chart on a table."""


class Planner(Protocol):
    """What is needed of `regchoose.outlook`."""

    def plan(self, path: str, settings: Settings, *, ask: Ask) -> dict[str, Any]:
        """Say what would be done."""


def recommend(data: str, flags: Mapping[str, Any]) -> int:
    """Recommend a regularizer for a table; return the exit status."""
    settings, given = gathered(flags)
    return guarded(partial(_recommend, data, settings, flags=flags, given=given), form_for(settings))


def _recommend(data: str, settings: Settings, *, flags: Mapping[str, Any], given: frozenset[str]) -> int:
    form, expression = format_of(settings), gate.on_result(settings.fail_if)
    if settings.output and not settings.dry_run:
        output.check_output(Path(settings.output), data=Path(data), force=settings.force)
    if settings.report and not settings.dry_run:
        format_for(Path(settings.report))
        output.check_output(Path(settings.report), data=Path(data), force=settings.force)
    answers: dict[str, str] = {}
    attended = is_attended(no_input=settings.no_input, environ=os.environ)
    with listening(
        quiet=settings.quiet, json=form == "json", environ=os.environ, clock=time.monotonic
    ) as listener:
        ask: Ask = asker(answers, paused=listener.paused) if attended else nobody
        if settings.dry_run:
            plan = _planner().plan(data, settings, ask=ask)
            return _show_plan(plan, json=form == "json")
        result = _switchboard().recommend(
            data, settings, given=given, ask=ask, listener=listener, clock=time.monotonic
        )
    asked = gate.gated(expression, json.loads(dumps(result)) if expression else {})
    _show(result, settings, asked)
    if answers and not settings.quiet:
        output.say(f"\nThe same again, without questions:\n  {command_line(data, flags, answers=answers)}")
    return gate.status(asked, quiet=settings.quiet)


def _switchboard() -> Switchboard:
    """Load the switchboard late: torch, pandas and scikit-learn come with it."""
    import regchoose.run

    return regchoose.run


def _planner() -> Planner:
    """Load the plan late: pandas and scikit-learn come with it, and no torch."""
    import regchoose.outlook

    return regchoose.outlook


def _show(result: Result, settings: Settings, asked: Gate | None) -> None:
    if settings.output:
        output.write_file(Path(settings.output), dumps(result))
    show(result, asked, form=format_of(settings), brief=settings.quiet, saved=settings.output)
    if settings.output and not settings.quiet:
        output.say(f"The result is in {plain(settings.output)}.")
    if settings.report:
        path = Path(settings.report)
        output.write_file(path, FORMATS[format_for(path)](result, asked))
        if not settings.quiet:
            output.say(f"The report is in {plain(settings.report)}.")


def _show_plan(plan: Mapping[str, Any], *, json: bool) -> int:
    if json:
        output.write(document(plan))
    else:
        output.show(Text("\n".join(_as_lines(plan))))
    return 0


def _as_lines(value: Any, *, indent: str = "") -> list[str]:
    """Write nested mappings and lists as indented lines."""
    pairs = value.items() if isinstance(value, Mapping) else enumerate(value, start=1)
    lines: list[str] = []
    for name, inner in pairs:
        label = f"{indent}{plain(name).replace('_', ' ')}"
        if isinstance(inner, Mapping | list | tuple) and inner:
            lines += [label, *_as_lines(inner, indent=f"{indent}  ")]
        else:
            lines.append(f"{label}: {'–' if inner in (None, [], {}, ()) else plain(inner, longest=400)}")
    return lines
