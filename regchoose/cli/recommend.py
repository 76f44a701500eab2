"""`regchoose recommend`: asks, runs, shows."""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from rich.text import Text

from regchoose.cache.block_cache import Journal
from regchoose.cache.fingerprint import answer_key
from regchoose.cli import fail_if as gate
from regchoose.cli import mlflow, output
from regchoose.cli.cache import journal_of
from regchoose.cli.failures import guarded
from regchoose.cli.flags import command_line
from regchoose.cli.formats import FORMATS, format_for, format_of, show
from regchoose.cli.gather_settings import form_for, gathered
from regchoose.cli.prompts import asker, is_attended, nobody
from regchoose.cli.signals import status_of
from regchoose.errors import ExitCode, Interrupted, Terminated, UsageError, setting
from regchoose.records.answers import Ask, Gate
from regchoose.records.experiment import Kept
from regchoose.report.progress import Display, listening
from regchoose.report.safe_text import plain
from regchoose.result.document import RunResult
from regchoose.result.json_text import document, dumps
from regchoose.result.saved_result import restored
from regchoose.settings.options import Settings


class Switchboard(Protocol):
    """What is needed of `regchoose.run.walk_chart`."""

    def recommend(
        self,
        path: str,
        settings: Settings,
        *,
        given: frozenset[str],
        ask: Ask,
        listener: Display,
        clock: Callable[[], float],
        kept: Kept | None = None,
    ) -> RunResult:
        """Walk the chart on a table."""


class Planner(Protocol):
    """What is needed of `regchoose.run.dry_run`."""

    def plan(
        self, path: str, settings: Settings, *, ask: Ask, given: frozenset[str] = frozenset()
    ) -> dict[str, Any]:
        """Say what would be done."""


def recommend(data: str, flags: Mapping[str, Any]) -> int:
    """Recommend a regularizer for a table; return the exit status."""
    settings, given = gathered(flags)
    work = partial(_recommend, data, settings, flags=flags, given=given)
    return guarded(partial(mlflow.logged, work, data, settings), form_for(settings))


def _recommend(data: str, settings: Settings, *, flags: Mapping[str, Any], given: frozenset[str]) -> int:
    form, expression, began = format_of(settings), gate.on_result(settings.fail_if), time.time()
    if not settings.dry_run:
        _check_places(settings, data=Path(data))
    answers: dict[str, str] = {}
    attended = is_attended(no_input=settings.no_input, environ=os.environ)
    if settings.dry_run:
        with _listening(settings) as listener:
            ask: Ask = asker(answers, paused=listener.paused) if attended else nobody
            plan = _planner().plan(data, settings, ask=ask, given=given)
        return _show_plan(plan, json=form == "json")
    status: int = ExitCode.OK
    with journal_of(settings) as journal:
        try:
            result = _answered(
                data, settings, given=given, attended=attended, answers=answers, journal=journal
            )
        except Interrupted as stop:
            result, status = stop.known, stop.status
        except (KeyboardInterrupt, Terminated):
            _say_what_is_kept(journal, quiet=settings.quiet)
            raise
    asked = gate.gated(expression, json.loads(dumps(result)) if expression else {})
    status = _show(result, settings, asked) or status
    if settings.mlflow:
        mlflow.log(result, data, settings, began=began)
    if answers and not settings.quiet:
        output.say(f"\nThe same again, without questions:\n  {command_line(data, flags, answers=answers)}")
    if status:
        _say_what_is_kept(journal, quiet=settings.quiet)
        return status
    return gate.status(asked, quiet=settings.quiet)


def _say_what_is_kept(journal: Journal | None, *, quiet: bool) -> None:
    """Say that stopping has cost nothing."""
    if journal is not None and journal.found + journal.kept and not quiet:
        of = journal.found + journal.kept
        output.say(f"{of:,} blocks of models are kept: the same command goes on from there.")


def _switchboard() -> Switchboard:
    """Load the switchboard late: torch, pandas and scikit-learn come with it."""
    import regchoose.run.walk_chart

    return regchoose.run.walk_chart


def _answered(
    data: str,
    settings: Settings,
    *,
    given: frozenset[str],
    attended: bool,
    answers: dict[str, str],
    journal: Journal | None,
) -> RunResult:
    """Look the answer up before anything heavy is loaded, else find it; what a person answered is noted."""
    key = partial(answer_key, data, settings, given=given, attended=attended, environ=os.environ)
    before = None if journal is None else key()
    known = None if journal is None or before is None else journal.answer(before)
    if known is not None:
        if not settings.quiet:
            output.say("Answered from the journal; --fresh trains again.")
        return restored(known)
    with _listening(settings) as listener:
        ask: Ask = asker(answers, paused=listener.paused) if attended else nobody
        result = _switchboard().recommend(
            data, settings, given=given, ask=ask, listener=listener, clock=time.monotonic, kept=journal
        )
    if journal is not None and journal.found and not settings.quiet:
        of = journal.found + journal.kept
        output.say(
            f"{journal.found} of {of} blocks of models were in the journal; --fresh trains them again."
        )
    # What a person answered is not in the key; and the files may have changed meanwhile.
    if journal is not None and before is not None and not answers and not result.partial and key() == before:
        journal.keep_answer(before, dumps(result), {"path": data, "recommended": _in_short(result)})
    return result


def _in_short(result: RunResult) -> str:
    return f"{result.recommendation.regularizer}, {result.recommendation.certainty}"


def _listening(settings: Settings) -> AbstractContextManager[Display]:
    return listening(
        quiet=settings.quiet, json=format_of(settings) == "json", environ=os.environ, clock=time.monotonic
    )


def _planner() -> Planner:
    """Load the plan late: pandas and scikit-learn come with it, and no torch."""
    import regchoose.run.dry_run

    return regchoose.run.dry_run


def _check_places(settings: Settings, *, data: Path) -> None:
    """Refuse places that cannot be written before anything is read."""
    if settings.report:
        format_for(Path(settings.report))
    for option, name in (("-o", settings.output), ("--report", settings.report)):
        if name:
            output.check_output(Path(name), data=data, force=settings.force, option=option, needs=output.ROOM)
    if settings.output and settings.report and _are_one(settings.output, settings.report):
        message = "-o and " + setting("report") + " name the same file"
        fix = setting("report") + " with another name"
        raise UsageError("E202", message, where=settings.report, fix=fix)


def _are_one(one: str, other: str) -> bool:
    """Tell whether two names mean one file, be it there or not."""
    return Path(one).resolve() == Path(other).resolve()


def _show(result: RunResult, settings: Settings, asked: Gate | None) -> int:
    """Write the files and show the answer; return the status of whoever stopped the writing, else 0."""
    told: list[str] = []
    status: int = ExitCode.OK
    try:
        told.extend(_written(result, settings, asked))  # one by one: what was written before a stop is told
    except BaseException as error:
        stopped = status_of(error)
        if stopped is None:
            raise
        status = stopped
    saved = settings.output if told else None
    show(result, asked, form=format_of(settings), brief=settings.quiet, saved=saved)
    if status:
        told.append("The writing was stopped: no other file was made, and an older one is as it was.")
    if not settings.quiet:
        for line in told:
            output.say(line)
    return status


def _written(result: RunResult, settings: Settings, asked: Gate | None) -> Iterator[str]:
    """Write the files that were asked for; tell of each."""
    if settings.output:
        output.write_file(Path(settings.output), dumps(result))
        yield f"The result is in {plain(settings.output)}."
    if settings.report:
        path = Path(settings.report)
        output.write_file(path, FORMATS[format_for(path)](result, asked), option="--report")
        yield f"The report is in {plain(settings.report)}."


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
