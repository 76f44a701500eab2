"""`regchoose recommend`: asks, runs, shows."""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from rich.text import Text

from regchoose.cache.block_cache import Cache
from regchoose.cache.fingerprint import answer_key
from regchoose.cli import fail_if as gate
from regchoose.cli import mlflow, output
from regchoose.cli.cache import journal_of
from regchoose.cli.command_setup import error_form, interaction, settings_from
from regchoose.cli.failures import guarded
from regchoose.cli.formats import FORMATS, format_for, format_of, show
from regchoose.cli.prompts import is_attended
from regchoose.cli.signals import status_of
from regchoose.errors import ExitCode, Interrupted, Terminated, UsageError, setting
from regchoose.records.answers import Ask, Gate
from regchoose.records.experiment import BlockStore
from regchoose.report.command import write_command_line
from regchoose.report.progress import Display
from regchoose.report.safe_text import plain
from regchoose.result.document import RunResult
from regchoose.result.json_text import dump_document, dump_model
from regchoose.result.saved_result import restore_result
from regchoose.settings.options import Settings


class Recommender(Protocol):
    """What this command needs of `regchoose.run.walk_chart`, which is imported late."""

    def recommend(
        self,
        path: str,
        settings: Settings,
        *,
        given: frozenset[str],
        ask: Ask,
        listener: Display,
        clock: Callable[[], float],
        kept: BlockStore | None = None,
    ) -> RunResult:
        """Walk the chart on a table."""


class Planner(Protocol):
    """What this command needs of `regchoose.run.dry_run`, which is imported late."""

    def plan(
        self, path: str, settings: Settings, *, ask: Ask, given: frozenset[str] = frozenset()
    ) -> dict[str, Any]:
        """Say what would be done."""


def recommend(data: str, flags: Mapping[str, Any]) -> int:
    """Recommend a regularizer for a table; return the exit status."""
    settings, given = settings_from(flags)
    work = partial(_recommend, data, settings, flags=flags, given=given)
    return guarded(partial(mlflow.logged, work, data, settings), error_form(settings))


def _recommend(data: str, settings: Settings, *, flags: Mapping[str, Any], given: frozenset[str]) -> int:
    form, expression, began = format_of(settings), gate.on_result(settings.fail_if), time.time()
    if not settings.dry_run:
        _check_outputs(settings, data=Path(data))
    answers: dict[str, str] = {}
    attended = is_attended(no_input=settings.no_input, environ=os.environ)
    if settings.dry_run:
        with interaction(settings, json=form == "json", answers=answers) as (_, ask):
            plan = _planner().plan(data, settings, ask=ask, given=given)
        return _show_plan(plan, json=form == "json")
    status: int = ExitCode.OK
    with journal_of(settings) as journal:
        try:
            result = _find_answer(
                data, settings, given=given, attended=attended, answers=answers, journal=journal
            )
        except Interrupted as stop:
            result, status = stop.known, stop.status
        except (KeyboardInterrupt, Terminated):
            _say_what_is_kept(journal, quiet=settings.quiet)
            raise
    asked = gate.gated(expression, json.loads(dump_model(result)) if expression else {})
    status = _show(result, settings, asked) or status
    if settings.mlflow:
        mlflow.log(result, data, settings, began=began)
    if answers and not settings.quiet:
        output.say(
            f"\nThe same again, without questions:\n  {write_command_line(data, flags, answers=answers)}"
        )
    if status:
        _say_what_is_kept(journal, quiet=settings.quiet)
        return status
    return gate.status(asked, quiet=settings.quiet)


def _say_what_is_kept(journal: Cache | None, *, quiet: bool) -> None:
    """Say that what was trained before the stop is not lost."""
    if journal is not None and journal.found + journal.kept and not quiet:
        of = journal.found + journal.kept
        output.say(f"{of:,} blocks of models are kept: the same command goes on from there.")


def _recommender() -> Recommender:
    """Import late what trains: torch, pandas and scikit-learn come with it."""
    import regchoose.run.walk_chart

    return regchoose.run.walk_chart


def _find_answer(
    data: str,
    settings: Settings,
    *,
    given: frozenset[str],
    attended: bool,
    answers: dict[str, str],
    journal: Cache | None,
) -> RunResult:
    """Look the answer up in the cache before anything heavy is imported; else train for it."""
    key = partial(answer_key, data, settings, given=given, attended=attended, environ=os.environ)
    before = None if journal is None else key()
    known = None if journal is None or before is None else journal.answer(before)
    if known is not None:
        if not settings.quiet:
            output.say("Answered from the journal; --fresh trains again.")
        return restore_result(known)
    with interaction(settings, json=format_of(settings) == "json", answers=answers) as (listener, ask):
        result = _recommender().recommend(
            data, settings, given=given, ask=ask, listener=listener, clock=time.monotonic, kept=journal
        )
    if journal is not None and journal.found and not settings.quiet:
        of = journal.found + journal.kept
        output.say(
            f"{journal.found} of {of} blocks of models were in the journal; --fresh trains them again."
        )
    # What a person answered is not in the key; and the files may have changed meanwhile.
    if journal is not None and before is not None and not answers and not result.partial and key() == before:
        journal.keep_answer(before, dump_model(result), {"path": data, "recommended": _in_short(result)})
    return result


def _in_short(result: RunResult) -> str:
    return f"{result.recommendation.regularizer}, {result.recommendation.certainty}"


def _planner() -> Planner:
    """Import late what plans: pandas and scikit-learn come with it, and no torch."""
    import regchoose.run.dry_run

    return regchoose.run.dry_run


def _check_outputs(settings: Settings, *, data: Path) -> None:
    """Refuse outputs that cannot be written, before anything is read."""
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
    """Tell whether two names mean the same file, whether or not it exists."""
    return Path(one).resolve() == Path(other).resolve()


def _show(result: RunResult, settings: Settings, asked: Gate | None) -> int:
    """Write the files and show the answer; return the exit status of a signal that stopped it, else 0."""
    lines: list[str] = []
    status: int = ExitCode.OK
    try:
        lines.extend(_write_files(result, settings, asked))  # one by one: a stop hides no file before it
    except BaseException as error:
        stopped = status_of(error)
        if stopped is None:
            raise
        status = stopped
    saved = settings.output if lines else None
    show(result, asked, form=format_of(settings), brief=settings.quiet, saved=saved)
    if status:
        lines.append("The writing was stopped: no other file was made, and an older one is as it was.")
    if not settings.quiet:
        for line in lines:
            output.say(line)
    return status


def _write_files(result: RunResult, settings: Settings, asked: Gate | None) -> Iterator[str]:
    """Write the files that were asked for; yield a sentence on each."""
    if settings.output:
        output.write_file(Path(settings.output), dump_model(result))
        yield f"The result is in {plain(settings.output)}."
    if settings.report:
        path = Path(settings.report)
        output.write_file(path, FORMATS[format_for(path)](result, asked), option="--report")
        yield f"The report is in {plain(settings.report)}."


def _show_plan(plan: Mapping[str, Any], *, json: bool) -> int:
    if json:
        output.write(dump_document(plan))
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
