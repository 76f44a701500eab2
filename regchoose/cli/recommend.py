"""`regchoose recommend`: walks the chart on a table, or finds the answer in the cache, and shows it."""

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text

from regchoose.cache.block_cache import Cache
from regchoose.cache.fingerprint import answer_key
from regchoose.cli import mlflow, output
from regchoose.cli.cache import open_cache
from regchoose.cli.command_setup import interaction, loading, run_with_settings
from regchoose.cli.fail_if import decide, read_condition, report_gate
from regchoose.cli.formats import FORMATS, format_for, format_of, print_result
from regchoose.cli.prompts import GoBack, is_attended
from regchoose.cli.signals import stop_status
from regchoose.errors import DataError, ExitCode, Interrupted, TrainingError, UsageError, setting
from regchoose.records.answers import Gate
from regchoose.report.safe_text import plain
from regchoose.result.json_text import dump_document, dump_model
from regchoose.settings.options import Settings
from regchoose.settings.values import FIELDS

if TYPE_CHECKING:
    from regchoose.result.document import RunResult


def recommend(data: str, flags: Mapping[str, Any]) -> int:
    """Recommend a regularizer for a table; return the exit status."""

    def work(settings: Settings, given: frozenset[str]) -> int:
        run = partial(_recommend, data, settings, flags=flags, given=given)
        return mlflow.log_failures(run, data, settings)

    return run_with_settings(work, flags, takes=FIELDS)


def _recommend(data: str, settings: Settings, *, flags: Mapping[str, Any], given: frozenset[str]) -> int:
    if settings.output == output.STDOUT:  # what -o writes is JSON
        settings = replace(settings, output=None, json=True)
    format_name, condition, began = format_of(settings), read_condition(settings.fail_if), time.time()
    if settings.dry_run:
        return _dry_run(data, settings, given=given, json=format_name == "json")
    _check_outputs(settings, data=Path(data))
    answers: dict[str, str] = {}
    status: int = ExitCode.OK
    with open_cache(settings) as cache:
        try:
            result = _find_answer(data, settings, given=given, answers=answers, cache=cache)
        except Interrupted as stop:
            result, status = stop.result, stop.status
        except (DataError, UsageError, TrainingError):
            raise  # the same command would come to the same
        except BaseException:
            _say_what_is_stored(cache, quiet=settings.quiet)
            raise
    gate = decide(condition, json.loads(dump_model(result)) if condition else {})
    status = _write_and_show(result, settings, gate) or status
    if settings.mlflow:
        mlflow.log_run(result, data, settings, began=began)
    if answers and not settings.quiet:
        from regchoose.report.command import write_command_line  # late: the documents come with it

        output.say(
            f"\nThe same again, without questions:\n  {write_command_line(data, flags, answers=answers)}"
        )
    if status:
        _say_what_is_stored(cache, quiet=settings.quiet)
        return status
    return report_gate(gate, quiet=settings.quiet)


def _say_what_is_stored(cache: Cache | None, *, quiet: bool) -> None:
    """Say that what was trained before a stop or a fault is not lost."""
    n_blocks = 0 if cache is None else cache.n_found + cache.n_stored
    if n_blocks and not quiet:
        output.say(f"{n_blocks:,} blocks of models are kept: the same command goes on from there.")


def _find_answer(
    data: str,
    settings: Settings,
    *,
    given: frozenset[str],
    answers: dict[str, str],
    cache: Cache | None,
) -> "RunResult":
    """Look the answer up in the cache before anything heavy is imported; else train for it."""
    attended = is_attended(no_input=settings.no_input, environ=os.environ)
    key = partial(answer_key, data, settings, given=given, attended=attended, environ=os.environ)
    before = None if cache is None else key()
    stored = None if cache is None or before is None else cache.answer(before)
    if stored is not None:
        if not settings.quiet:
            output.say("Answered from the cache; --fresh trains again.")
        from regchoose.result.saved_result import restore_result  # late: the documents come with it

        return restore_result(stored)
    result = None
    while result is None:
        in_json = format_of(settings) == "json"
        with (
            suppress(GoBack),  # to the question before: all begins anew, and answers up to there are known
            interaction(settings, json=in_json, answers=answers, may_go_back=True) as (listener, ask),
        ):
            listener.started("read", f"read {plain('standard input' if data == '-' else Path(data).name)}", 0)
            with loading():  # late, as torch, pandas and scikit-learn come with it
                from regchoose.run.walk_chart import recommend_regularizer

            result = recommend_regularizer(
                data, settings, given=given, ask=ask, listener=listener, clock=time.monotonic, store=cache
            )
    if cache is not None and cache.n_found and not settings.quiet:
        blocks = f"{cache.n_found} of {cache.n_found + cache.n_stored} blocks of models"
        whole = "" if cache.n_stored else ", so nothing had to be trained"
        output.say(f"{blocks} were in the cache{whole}; --fresh trains them again.")
    # What a person answered is not in the key; and the files may have changed meanwhile.
    if cache is not None and before is not None and not answers and not result.partial and key() == before:
        recommended = f"{result.recommendation.regularizer}, {result.recommendation.certainty}"
        cache.keep_answer(before, dump_model(result), {"path": data, "recommended": recommended})
    return result


def _check_outputs(settings: Settings, *, data: Path) -> None:
    """Refuse outputs that cannot be written, before anything is read."""
    if settings.report:
        format_for(Path(settings.report))
    for option, name in (("-o", settings.output), ("--report", settings.report)):
        if name:
            output.check_output(
                Path(name), data=data, force=settings.force, option=option, needs=output.USUAL_BYTES
            )
    if (
        settings.output
        and settings.report
        and Path(settings.output).resolve() == Path(settings.report).resolve()
    ):
        message = "-o and " + setting("report") + " name the same file"
        fix = setting("report") + " with another name"
        raise UsageError("E202", message, where=settings.report, fix=fix)


def _write_and_show(result: "RunResult", settings: Settings, gate: Gate | None) -> int:
    """Write the files and show the answer; return the exit status of a signal that stopped it, else 0."""
    lines: list[str] = []
    status: int = ExitCode.OK
    fault: BaseException | None = None
    try:
        lines.extend(_write_files(result, settings, gate))  # one by one: a stop hides no file before it
    except BaseException as error:  # noqa: BLE001 - raised below, when the answer has been shown
        stop = stop_status(error)
        if stop is None:
            fault = error
        else:
            status = stop
    saved = settings.output if lines else None
    if fault is None or format_of(settings) == "text":  # a format for programs holds the answer or the error
        print_result(
            result,
            gate,
            format_name=format_of(settings),
            brief=settings.quiet,
            details=settings.details,
            saved=saved,
            no_input=settings.no_input,
        )
    if fault is not None:
        raise fault
    if status:
        lines.append("The writing was stopped: no other file was made, and an older one is as it was.")
    if not settings.quiet:
        for line in lines:
            output.say(line)
    return status


def _write_files(result: "RunResult", settings: Settings, gate: Gate | None) -> Iterator[str]:
    """Write the files that were asked for; yield a sentence on each."""
    if settings.output:
        output.write_file(Path(settings.output), dump_model(result))
        yield f"The result is in {plain(settings.output)}."
    if settings.report:
        path = Path(settings.report)
        output.write_file(path, FORMATS[format_for(path)](result, gate), option="--report")
        yield f"The report is in {plain(settings.report)}."


def _dry_run(data: str, settings: Settings, *, given: frozenset[str], json: bool) -> int:
    """Print what would be done; return the exit status."""
    from regchoose.run.dry_run import plan_run  # late: pandas and scikit-learn come with it

    with interaction(settings, json=json) as (_, ask):
        plan = plan_run(data, settings, ask=ask, given=given)
    if json:
        output.write(dump_document(plan))
    else:
        output.show(Text("\n".join(_to_lines(plan))))
    return 0


def _to_lines(value: Any, *, indent: str = "") -> list[str]:
    """Write nested mappings and lists as indented lines."""
    pairs = value.items() if isinstance(value, Mapping) else enumerate(value, start=1)
    lines: list[str] = []
    for name, inner in pairs:
        label = f"{indent}{plain(name).replace('_', ' ')}"
        if isinstance(inner, Mapping | list | tuple) and inner:
            lines += [label, *_to_lines(inner, indent=f"{indent}  ")]
        else:
            lines.append(f"{label}: {'–' if inner in (None, [], {}, ()) else plain(inner, longest=400)}")
    return lines
