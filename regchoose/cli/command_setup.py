"""What every command that reads a table starts with: its settings, its progress display and its prompts."""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from regchoose.cli.failures import Form
from regchoose.cli.prompts import asker, is_attended, nobody
from regchoose.records.answers import Ask
from regchoose.report.progress import Display, show_progress
from regchoose.settings.options import Settings
from regchoose.settings.sources import config_text, layered, preset_text


def settings_from(
    flags: Mapping[str, Any], *, recorded: tuple[str, Mapping[str, Any]] | None = None
) -> tuple[Settings, frozenset[str]]:
    """Return the settings of a run, and the names of those that do not come from the preset or a default.

    Flags come first, then the environment, then the configuration file.

    Parameters
    ----------
    recorded : (str, mapping), optional
        Name and settings of a result, or of a model, that the run goes on from.
    """
    config = config_text(flags, environ=os.environ, folder=Path.cwd())
    return layered(flags, environ=os.environ, config=config, preset_text=preset_text, recorded=recorded)


def error_form(settings: Settings) -> Form:
    """Return how errors are shown once the settings are known."""
    return Form(json=settings.json or settings.format == "json", debug=settings.debug, format=settings.format)


@contextmanager
def interaction(
    settings: Settings, *, json: bool, answers: dict[str, str] | None = None
) -> Iterator[tuple[Display, Ask]]:
    """Give what shows the progress of a run, and what asks the person at the terminal, if there is one.

    Parameters
    ----------
    json : bool
        Whether the answer is a JSON document, beside which no progress is drawn.
    answers : dict of str to str, optional
        Setting → answer; filled while the run asks.
    """
    attended = is_attended(no_input=settings.no_input, environ=os.environ)
    with show_progress(quiet=settings.quiet, json=json, environ=os.environ, clock=time.monotonic) as listener:
        noted = {} if answers is None else answers
        yield listener, asker(noted, paused=listener.paused) if attended else nobody
