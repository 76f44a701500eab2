"""What the commands that read a table share: their settings, their progress display and their prompts."""

import gc
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import RenderableType

from regchoose.cli import output
from regchoose.cli.failures import ErrorFormat, run_reporting_errors
from regchoose.cli.prompts import Asker, is_attended, never_ask
from regchoose.errors import flag_of
from regchoose.records.answers import Ask
from regchoose.report.progress import Display, show_progress
from regchoose.result.json_text import dump_document
from regchoose.settings.options import Settings
from regchoose.settings.sources import read_config, resolve_settings


def run_with_settings(
    work: Callable[[Settings, frozenset[str]], int],
    flags: Mapping[str, Any],
    *,
    takes: Iterable[str],
    recorded: tuple[str, Mapping[str, Any]] | None = None,
) -> int:
    """Do the work of a command, report its errors as its settings ask, and return the exit status.

    Parameters
    ----------
    work : callable
        Takes the settings, and the names of those that do not come from the preset or a default.
    flags : mapping of str to object
        What the command line gave; then comes the environment, then the configuration file.
    takes : iterable of str
        Names of the settings that the command takes as flags: errors offer no others.
    recorded : (str, mapping), optional
        Name and settings of a result, or of a model, that the run goes on from.
    """
    config = read_config(flags, environ=os.environ, folder=Path.cwd())
    settings, given = resolve_settings(flags, environ=os.environ, config=config, recorded=recorded)
    in_json = settings.json or settings.format == "json"
    known = frozenset(flag for name in takes for flag in (flag_of(name), flag_of(f"no_{name}")))
    form = ErrorFormat(json=in_json, debug=settings.debug, format=settings.format, takes=known)
    return run_reporting_errors(partial(work, settings, given), form)


def print_answer(
    settings: Settings, *, values: Callable[[], dict[str, Any]], drawing: Callable[[], RenderableType]
) -> None:
    """Print the answer of a command: as one JSON document if that is asked for, else as text."""
    if settings.json:
        output.write(dump_document(values()))
    else:
        output.show(drawing())


@contextmanager
def interaction(
    settings: Settings, *, json: bool, answers: dict[str, str] | None = None, may_go_back: bool = False
) -> Iterator[tuple[Display, Ask]]:
    """Give what shows the progress of a run, and what asks the person at the terminal, if there is one.

    Parameters
    ----------
    json : bool
        Whether the answer is a JSON document, beside which no progress is drawn.
    answers : dict of str to str, optional
        Setting → answer; filled while the run asks. What it holds is not asked for again.
    may_go_back : bool
        Whether the caller begins anew where `GoBack` is raised.
    """
    attended = is_attended(no_input=settings.no_input, environ=os.environ)
    answers = {} if answers is None else answers
    with show_progress(quiet=settings.quiet, json=json, environ=os.environ, clock=time.monotonic) as listener:
        asker = Asker(answers, paused=listener.paused, may_go_back=may_go_back)
        yield listener, asker if attended else never_ask


@contextmanager
def loading() -> Iterator[None]:
    """Load libraries a sixth faster: of the half a million objects that these make, none is garbage."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
