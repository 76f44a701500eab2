"""`regchoose.recommend`: walks the chart on a file, a DataFrame or arrays."""

import os
import time
import warnings
from collections.abc import Hashable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from os import PathLike
from pathlib import Path
from typing import Unpack

from numpy.typing import ArrayLike

from regchoose.cache.block_cache import Cache
from regchoose.cache.fingerprint import engine_fingerprint
from regchoose.cache.location import CACHE_FILE
from regchoose.errors import Interrupted, RegchooseError, UsageError, phrase_of, setting
from regchoose.library.arguments import Keywords, resolve_keywords
from regchoose.library.python_result import Result
from regchoose.records.listener import Listener, Silent
from regchoose.records.table import Table
from regchoose.report.progress import show_progress
from regchoose.result.document import RunResult
from regchoose.run import walk_chart
from regchoose.settings.options import Settings
from regchoose.table.in_memory import InMemory, name_to_text
from regchoose.table.load import load

File = str | PathLike[str]
TRAINING_QUESTIONS = ("subsample_possible", "resources", "validation")  # decide whether anything is trained


class RegchooseWarning(UserWarning):
    """Something to check before the answer is used."""


def recommend(
    data: File | InMemory,
    y: ArrayLike | None = None,
    *,
    target: Hashable | None = None,
    progress: bool = False,
    **settings: Unpack[Keywords],
) -> Result:
    """Recommend a weight regularizer for a neural network on a table, with its strength and certainty.

    Parameters
    ----------
    data : str, path, DataFrame, mapping of columns, or array-like of shape (n, p)
        The table: a file or several, as `regchoose recommend` takes them, or columns in memory, which keep
        their types.
    y : array-like of shape (n,), optional
        The target, if it is not a column of `data`: `recommend(X, y)`.
    target : hashable, optional
        The column of `data` to predict; by default the one called target, label, class, y or outcome, or
        by another usual name, else the last that can be predicted.
    progress : bool
        Whether progress is shown on stderr.
    **settings
        The options of the command line with underscores: `preset="quick"`, `network="linear"`,
        `hidden=(32,)`, `decide="best"`, `budget="1m"`, `seed=1`. The environment and `regchoose.toml` are
        not read. With `cache_dir="…"` trained models are kept there, and not trained again.

    Returns
    -------
    Result
        The same for the same data, settings and version.

    Raises
    ------
    RegchooseError
        If the data, a setting or the machine do not allow it; `fix` says what to do.

    Warns
    -----
    RegchooseWarning
        If a column seems to give the target away, or nothing could be trained.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"x": range(60), "z": [0, 1, 2] * 20, "y": [i % 2 for i in range(60)]})
    >>> recommend(table, target="y", resources="no").certainty
    'prior'
    """
    with translate_errors():
        table, resolved, given = _load_input(data, y, target=target, keywords=dict(settings))
        result = walk_unattended(table, resolved, given=given, progress=progress)
    for line in list_urgent_warnings(result):
        warnings.warn(line, RegchooseWarning, stacklevel=2)
    return Result(result)


@contextmanager
def translate_errors() -> Iterator[None]:
    """Word errors in keywords instead of flags; raise KeyboardInterrupt if somebody presses Ctrl-C."""
    try:
        yield
    except RegchooseError as error:
        raise error.in_python() from None
    except Interrupted as stop:
        raise KeyboardInterrupt from stop


def _load_input(
    data: File | InMemory, y: ArrayLike | None, *, target: Hashable | None, keywords: Mapping[str, object]
) -> tuple[str | Table, Settings, frozenset[str]]:
    """Return the file or the table, the settings, and which of them were given."""
    if isinstance(data, str | PathLike):
        if y is not None:
            said = "the target of a file is one of its columns, and y was given"
            raise UsageError("E204", said, fix=setting(target="NAME") + " in place of y")
        named = {} if target is None else {"target": str(target)}
        return os.fspath(data), *resolve_keywords({**keywords, **named}, in_memory=False)
    if y is not None and target is not None:
        raise UsageError("E204", "y and a target were both given", fix="one of the two")
    named = {} if target is None else {"target": name_to_text(target)}
    settings, given = resolve_keywords({**keywords, **named}, in_memory=True)
    return load(data, settings, y=y), settings, given


def walk_unattended(
    data: str | Table, settings: Settings, *, given: frozenset[str], progress: bool
) -> RunResult:
    """Walk the chart without asking anybody; trained models are cached if `cache_dir` is set."""
    cache = None
    if settings.cache_dir is not None:
        file = Path(settings.cache_dir) / CACHE_FILE
        cache = Cache(file, engine=engine_fingerprint(), fresh=settings.fresh, now=time.time)
    display: AbstractContextManager[Listener] = nullcontext(Silent())
    if progress:
        display = show_progress(quiet=False, json=False, environ=os.environ, clock=time.monotonic)
    try:
        with display as listener:
            return walk_chart.recommend_regularizer(
                data,
                settings,
                given=given,
                ask=lambda _: None,
                listener=listener,
                clock=time.monotonic,
                store=cache,
            )
    finally:
        if cache is not None:
            cache.close()


def list_urgent_warnings(result: RunResult) -> list[str]:
    """List what a person should check before the answer is used."""
    lines = [line for line in result.data.warnings if line.startswith("LEAKAGE?")]
    if result.recommendation.certainty == "prior":
        lines += [
            f"nothing was trained, and the answer is prior knowledge: {step.evidence}"
            for step in result.path
            if step.answered_by == "measured" and step.answer == "no" and step.key in TRAINING_QUESTIONS
        ]
    # The result of a file is in the words of the shell, as the command prints it. This is what it may name.
    columns = [setting(exclude=[column.name]) for column in result.data.columns]
    counts = [setting(rows=int(word)) for line in lines for word in line.split() if word.isdecimal()]
    return [phrase_of(line, setting("rows"), *counts, *columns).python for line in lines]
