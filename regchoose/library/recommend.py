"""`regchoose.recommend`: the chart, walked on a file, a DataFrame or arrays."""

import os
import time
import warnings
from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from os import PathLike
from pathlib import Path
from typing import Unpack

from numpy.typing import ArrayLike

from regchoose.cache.block_cache import Cache
from regchoose.cache.fingerprint import engine_fingerprint
from regchoose.cache.location import CACHE_FILE
from regchoose.errors import Interrupted, RegchooseError, UsageError, phrase_of, setting
from regchoose.library.arguments import Keywords, settled
from regchoose.library.python_result import Result
from regchoose.records.table import Table
from regchoose.report.progress import SilentDisplay, show_progress
from regchoose.result.document import RunResult
from regchoose.run import walk_chart
from regchoose.settings.options import Settings
from regchoose.table.in_memory import InMemory, label
from regchoose.table.load import load

File = str | PathLike[str]
ON_TRAINING = ("subsample_possible", "resources", "validation")  # questions that decide whether there is one


class RegchooseWarning(UserWarning):
    """Something that should be looked at before the answer is used."""


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
        The target, where it is apart from `data`: `recommend(X, y)`.
    target : hashable, optional
        The column of `data` to predict; by default the one called target, label, class, y or outcome, else
        the last.
    progress : bool
        Whether stderr shows how far it is.
    **settings
        The options of the command line with underscores: `preset="quick"`, `network="linear"`,
        `hidden=(32,)`, `decide="best"`, `budget="1m"`, `seed=1`. The environment and `regchoose.toml` are
        not read. With `cache_dir="…"` what was trained is kept there, and not trained again.

    Returns
    -------
    Result
        The same for the same data, settings and version.

    Raises
    ------
    RegchooseError
        Where the data, a setting or the machine do not allow it; `fix` says what to do.

    Warns
    -----
    RegchooseWarning
        Where a column seems to give the target away, or where nothing could be trained.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"x": range(60), "z": [0, 1, 2] * 20, "y": [i % 2 for i in range(60)]})
    >>> recommend(table, target="y", resources="no").certainty
    'prior'
    """
    with speaking_python():
        found, chosen, given = _table(data, y, target=target, keywords=dict(settings))
        result = walked(found, chosen, given=given, progress=progress)
    for line in to_act_on(result):
        warnings.warn(line, RegchooseWarning, stacklevel=2)
    return Result(result)


@contextmanager
def speaking_python() -> Iterator[None]:
    """Let errors speak of keywords; stop as Python stops where somebody presses Ctrl-C."""
    try:
        yield
    except RegchooseError as error:
        raise error.in_python() from None
    except Interrupted as stop:
        raise KeyboardInterrupt from stop


def _table(
    data: File | InMemory, y: ArrayLike | None, *, target: Hashable | None, keywords: Mapping[str, object]
) -> tuple[str | Table, Settings, frozenset[str]]:
    """Return the file or the table, the settings, and which of them were given."""
    if isinstance(data, str | PathLike):
        if y is not None:
            said = "the target of a file is one of its columns, and y was given"
            raise UsageError("E204", said, fix=setting(target="NAME") + " in place of y")
        named = {} if target is None else {"target": str(target)}
        return os.fspath(data), *settled({**keywords, **named}, in_memory=False)
    if y is not None and target is not None:
        raise UsageError("E204", "y and a target were both given", fix="one of the two")
    named = {} if target is None else {"target": label(target)}
    chosen, given = settled({**keywords, **named}, in_memory=True)
    return load(data, chosen, y=y), chosen, given


def walked(data: str | Table, settings: Settings, *, given: frozenset[str], progress: bool) -> RunResult:
    """Walk the chart. Nobody is asked; what was trained is kept where a folder is named for it."""
    journal = None if settings.cache_dir is None else _journal(Path(settings.cache_dir), fresh=settings.fresh)
    hearing = (
        show_progress(quiet=False, json=False, environ=os.environ, clock=time.monotonic)
        if progress
        else nullcontext(SilentDisplay())
    )
    try:
        with hearing as listener:
            return walk_chart.recommend(
                data,
                settings,
                given=given,
                ask=lambda _: None,
                listener=listener,
                clock=time.monotonic,
                kept=journal,
            )
    finally:
        if journal is not None:
            journal.close()


def _journal(folder: Path, *, fresh: bool) -> Cache:
    return Cache(folder / CACHE_FILE, engine=engine_fingerprint(), fresh=fresh, now=time.time)


def to_act_on(result: RunResult) -> list[str]:
    """Return what a person should look at before the answer is used."""
    lines = [line for line in result.data.warnings if line.startswith("LEAKAGE?")]
    if result.recommendation.certainty == "prior":
        lines += [
            f"nothing was trained, and the answer is prior knowledge: {step.evidence}"
            for step in result.path
            if step.answered_by == "measured" and step.answer == "no" and step.key in ON_TRAINING
        ]
    # The result of a file is in the words of the shell, as the command prints it. This is what it may name.
    columns = [setting(exclude=[column.name]) for column in result.data.columns]
    counts = [setting(rows=int(word)) for line in lines for word in line.split() if word.isdecimal()]
    return [phrase_of(line, setting("rows"), *counts, *columns).python for line in lines]
