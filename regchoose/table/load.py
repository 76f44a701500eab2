"""From a path, a data frame or arrays to a table that is ready for an experiment.

::

    path: file_set says, once, which it is
          ├─ images ───────────── images/load_images ──── Table
          ├─ one small file ───── csv/read, large/parquet ─┐
          ├─ large, or several ── large/load_large ────────┤ RawTable: cells of each column
          ├─ .npz of numbers ──── images/npz ──────────────┤
    a DataFrame or arrays ─────── in_memory ───────────────┤
                                                           │
                                make_table:  columns/facts         what the cells of a column say
                                             columns/target        what is predicted, as classes or numbers
                                             columns/features      what each other column is for
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from numpy.typing import ArrayLike

from regchoose.records.answers import Ask, Prompt
from regchoose.records.listener import Listener
from regchoose.records.table import Table
from regchoose.records.words import OnProgress
from regchoose.settings.options import Settings
from regchoose.table.columns.duplicates import warn_of_duplicates
from regchoose.table.csv.read import read
from regchoose.table.file_set import FileSet, classify, ignore_progress
from regchoose.table.images.image_folder import open_folder
from regchoose.table.images.image_set import ImageSet
from regchoose.table.images.load_images import load_images
from regchoose.table.images.npz import open_arrays
from regchoose.table.in_memory import InMemory, raw_from_memory
from regchoose.table.large.distributed_scan import why_not_shared
from regchoose.table.large.load_large import load_large
from regchoose.table.large.parquet import read_parquet
from regchoose.table.make_table import OnUnusable, make_table
from regchoose.table.raw_table import RawTable
from regchoose.workers.tasks import Workers


def ask_nobody(_prompt: Prompt) -> None:
    """Answer no question: what the file does not tell is then an error."""


def load(
    data: str | FileSet | InMemory,
    settings: Settings,
    *,
    y: ArrayLike | None = None,
    choose: Ask = ask_nobody,
    advanced: OnProgress = ignore_progress,
    workers: Workers | None = None,
    on_unusable: OnUnusable = "refuse",
) -> Table:
    """Read a table, give its columns their roles, and find the target and the task.

    Parameters
    ----------
    data : str, FileSet, DataFrame, mapping, or array-like (n, p)
        The path of a .csv, .tsv or .txt file, also compressed by gzip or zstandard, of a .parquet file, or
        of a folder or pattern of such files. What is larger than 64 MB or several files is streamed: some
        of its rows, drawn evenly, are held. Or of images: an .npz file with X and y, or a folder with a
        subfolder for each class. Or a table in memory, whose columns keep their types.
    settings : Settings
        Those of the group "Data" matter, and `folds`, `resources` and `subsample` for the fewest rows.
    y : array-like (n,), optional
        Of a table in memory: the target; else it is a column, found as that of a file is.
    choose : callable
        Asks a person where the file does not tell; returns None where no prompt is possible.
    advanced : callable
        Is told how many bytes the present pass over a large table has read.
    workers : Workers, optional
        Workers that can see the files of the table too, and share them.
    on_unusable : str
        What becomes of a target that cannot be predicted; see `regchoose.table.make_table`.

    Returns
    -------
    Table
        Features (n, p), target (n,), and what was found on the way.

    Raises
    ------
    UsageError
        E201 to E209: the path, an option, or a column that an option names.
    DataError
        E301 to E332: the data cannot be read exactly, or not be learned from.
    """
    return load_with_text(
        data, settings, y=y, choose=choose, advanced=advanced, workers=workers, on_unusable=on_unusable
    )[0]


def load_with_text(
    data: str | FileSet | InMemory | RawTable | ImageSet,
    settings: Settings,
    *,
    y: ArrayLike | None = None,
    choose: Ask = ask_nobody,
    advanced: OnProgress = ignore_progress,
    workers: Workers | None = None,
    on_unusable: OnUnusable = "refuse",
) -> tuple[Table, RawTable]:
    """Do what `load` does, or with what `read_held` returned; return the text of the same rows too.

    Of images it is that of the target.
    """
    if isinstance(data, str):
        data = classify(data)
    if isinstance(data, FileSet):
        if data.is_large:
            return load_large(
                data, settings, choose=choose, advanced=advanced, workers=workers, on_unusable=on_unusable
            )
        data = read_held(data, settings, choose=choose)
    if isinstance(data, ImageSet):
        return load_images(data, settings, advanced=advanced)
    if not isinstance(data, RawTable):
        data, choose = raw_from_memory(data, y), ask_nobody
    table, raw = make_table(data, settings, choose=choose, on_unusable=on_unusable)
    return replace(table, warnings=(*table.warnings, *warn_of_duplicates(table))), raw


def read_held(
    files: FileSet, settings: Settings, *, choose: Ask, target_optional: bool = False
) -> RawTable | ImageSet:
    """Read a table that is held, as text; or open images, whose pixels are read one after the other.

    Parameters
    ----------
    target_optional : bool
        Whether arrays may lack their target, as where a model is to predict it.

    Raises
    ------
    UsageError, DataError
        As `open_arrays`, `open_folder`, `read_parquet` and `read`.
    """
    if files.kind == "arrays":
        return open_arrays(files.path, settings, target_optional=target_optional)
    if files.kind == "images":
        return open_folder(files.path, settings)
    return read_parquet(files.path) if files.kind == "parquet" else read(files.path, settings, choose=choose)


class PassProgress:
    """Adds up the bytes that the passes over a large table read: two, or three where workers share it."""

    def __init__(self, n_bytes: int, told: Callable[[int], None], *, count: int = 2) -> None:
        self._bytes, self._told, self.total = n_bytes, told, count * n_bytes
        self._before = self._last = 0

    def advanced(self, done: int) -> None:
        """Hear the bytes that the present pass has read; where they fall, another pass has begun."""
        if done < self._last / 2:
            self._before = min(self._before + self._bytes, self.total - self._bytes)
        self._last = done
        self._told(self._before + done)


def load_with_progress(
    data: str | Table,
    settings: Settings,
    *,
    choose: Ask,
    listener: Listener,
    workers: Workers | None = None,
) -> Table:
    """Do what `load` does, and say how far the reading is; a table is returned as it is."""
    if isinstance(data, Table):
        return data
    files, n_bytes = classify(data), 0
    advanced: OnProgress = partial(listener.advanced, "read")
    shared = workers if workers is not None and _is_shared(workers, files, listener) else None
    if files.is_large:
        passes = PassProgress(files.n_bytes, advanced, count=2 if shared is None else 3)
        advanced, n_bytes = passes.advanced, passes.total
    listener.started("read", "read the images" if files.are_images else "read", n_bytes)
    table = load(files, settings, choose=choose, advanced=advanced, workers=shared)
    held = f", of which {table.n_rows:,} are held" if files.is_large else ""
    listener.finished("read", f"{table.n_all:,} {'images' if table.image else 'rows'}{held}")
    return table


def _is_shared(workers: Workers, table: FileSet, listener: Listener) -> bool:
    """Tell whether the files of a table are shared out among workers; say so, or why not."""
    if not workers.is_remote or len(table.files) == 1:
        return False
    why = why_not_shared(workers, table)
    files = f"The {len(table.files)} files are read"
    listener.noted(f"{files} here: {why}." if why else f"{files} by the workers.")
    return not why
