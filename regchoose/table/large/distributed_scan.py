"""A large table scanned by workers, a file each, and their counts merged.

The outcome is the same to the last digit as that of one reader of all files: rows are numbered through all
files, and counts and sums are of integers, which have one sum in any order.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import numpy as np

from regchoose.errors import ResourceError
from regchoose.records.table import Dialect
from regchoose.records.words import OnProgress
from regchoose.table.csv.grammar import CsvLayout
from regchoose.table.file_set import FileSet
from regchoose.table.large.byte_scan import ByteCounts, scan_bytes
from regchoose.table.large.duckdb_session import connect_on_disk, duckdb_error
from regchoose.table.large.row_sampling import PRIME, RowSample
from regchoose.table.large.text_file import FileHead
from regchoose.table.raw_table import RawTable
from regchoose.workers.tasks import WITHOUT_CLUSTER, TaskKind, Workers
from regchoose.workers.wire_format import pack, unpack

Message = Mapping[str, Any]
Answer = tuple[Any, dict[str, Any]]
SURE = 12  # standard deviations by which the bound of the hashes is set higher than needed on average
REJECTS = (
    "SELECT s.file_path, e.line, any_value(e.error_type), any_value(e.csv_line)"
    " FROM reject_errors e JOIN reject_scans s USING (scan_id, file_id) GROUP BY ALL ORDER BY 1, 2"
)


# ---- who sees the files ----------------------------------------------------------------------------


def file_sizes(data: bytes) -> bytes:
    """Return the bytes of each file on the disk; −1 for one that is not there."""
    files, _ = unpack(data)
    return pack([os.stat(file).st_size if os.path.isfile(file) else -1 for file in files])


def why_not_shared(workers: Workers, parts: FileSet) -> str:
    """Return why the files of a table cannot be shared out among workers; nothing where they can."""
    paths = [os.path.abspath(file) for file in parts.files]
    for worker, answer in workers.ask_machines(f"{__name__}:{file_sizes.__name__}", pack(paths)).items():
        for file, here, there in zip(parts.files, parts.sizes, unpack(answer)[0], strict=True):
            if here != there:
                what = "does not see" if there < 0 else f"sees {there:,} bytes, not {here:,}, of"
                return f"the worker {worker} {what} {file}"
    return ""


def _guard(file: str) -> None:
    if not os.path.isfile(file):  # a worker that came later
        raise ResourceError(
            "E405",
            f"a worker does not see {file}",
            fix="start workers only where the files of the table are, or " + WITHOUT_CLUSTER,
        )


# ---- in a worker: one file -------------------------------------------------------------------------


def describe_file(file: str, head: FileHead, *, name: str, compression: str | None) -> Message:
    """Describe a text file in plain values: where it is, and how it is written."""
    return {
        "path": os.path.abspath(file),
        "name": name,
        "compression": compression,
        "skip": head.skip,
        "layout": asdict(head.layout),
        "dialect": asdict(head.raw.dialect),
        "names": list(head.raw.names),
        "numbers": list(head.numbers),
    }


def _head(task: Message) -> FileHead:
    first = np.array([task["skip"] + 1])
    raw = RawTable(task["name"], Dialect(**task["dialect"]), tuple(task["names"]), (), first, ())
    return FileHead(raw, CsvLayout(**task["layout"]), tuple(task["numbers"]))


def _scan_file(task: Message, sample: RowSample) -> ByteCounts:
    _guard(task["path"])
    return scan_bytes(
        task["path"],
        _head(task),
        compression=task["compression"],
        on_block=sample.offer,
        shown_name=task["name"],
        advanced=lambda _: None,
    )


def count_records(data: bytes) -> bytes:
    """Scan the bytes of a text file; no row is sampled, since the rows before it are not counted yet."""
    task, _ = unpack(data)
    seen = _scan_file(task, RowSample(task["seed"], 0, bound=0))
    return pack(asdict(seen) | {"end": seen.end.decode()})


def sample_records(data: bytes) -> bytes:
    """Sample the rows of a text file whose hashes are below a bound, at most as many as are wanted."""
    task, _ = unpack(data)
    sample = RowSample(task["seed"], task["wanted"], offered=task["before"], bound=task["bound"])
    _scan_file(task, sample)
    sample.finish()
    return pack(
        None,
        {
            "rows": sample.rows,
            "lines": sample.lines,
            "hashes": sample.hashes,
            "lengths": np.array([len(text) for text in sample.texts], dtype=np.int64),
            "texts": np.frombuffer(b"".join(sample.texts), dtype=np.uint8),
        },
    )


@contextmanager
def _opened(task: Message) -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    """Open a database and a folder for a query on a file; what DuckDB cannot read is an error of ours."""
    _guard(task["path"])
    with TemporaryDirectory(prefix="regchoose-") as folder, connect_on_disk(folder, threads=1) as connection:
        try:
            yield connection, Path(folder)
        except duckdb.Error as error:
            raise duckdb_error(error, kind=task["kind"], where=task["name"]) from None


def run_query(data: bytes) -> bytes:
    """Run a query of one row on a file, and list the rows that DuckDB could not read."""
    task, _ = unpack(data)
    with _opened(task) as (connection, _):
        (row,) = connection.execute(task["query"]).fetchall()
        rejected = connection.execute(REJECTS).fetchall() if task["kind"] == "csv" else []
    return pack({"row": row, "rejected": rejected})


def select_rows(data: bytes) -> bytes:
    """Return the rows that a query gives on a typed file, as a Parquet file."""
    task, _ = unpack(data)
    with _opened(task) as (connection, folder):
        file = folder / "drawn.parquet"
        connection.execute(f"COPY ({task['query']}) TO '{file}' (FORMAT parquet)")
        return pack(None, {"file": np.frombuffer(file.read_bytes(), dtype=np.uint8)})


def _work(function: Callable[[bytes], bytes]) -> TaskKind[Message, Answer]:
    """Return a function of this module as a kind of task, from and to plain values."""

    def here(task: Message, _: Callable[[], bool]) -> Answer:
        return unpack(function(pack(task)))

    return TaskKind(here, f"{__name__}:{function.__name__}", pack, unpack)


COUNT, SAMPLE, QUERY, SELECT = map(_work, (count_records, sample_records, run_query, select_rows))


# ---- where the run is: all of them -----------------------------------------------------------------


def run_on_files(
    workers: Workers,
    work: TaskKind[Message, Answer],
    orders: Sequence[Message],
    *,
    parts: FileSet,
    advanced: OnProgress,
) -> list[Answer]:
    """Have the workers do some work on each file; return the answers in the order of the files."""
    answers: dict[int, Answer] = {}
    advanced(0)  # another pass begins
    for place, answer in workers.run_all(work, orders):
        answers[place] = answer
        advanced(sum(parts.sizes[done] for done in answers))
    return [answers[place] for place in range(len(orders))]


def sample_by_workers(
    workers: Workers,
    descriptions: Sequence[Message],
    *,
    parts: FileSet,
    seed: int,
    wanted: int,
    advanced: OnProgress,
) -> tuple[RowSample, list[ByteCounts]]:
    """Sample the rows with the smallest hashes of all files; return the counts of each file, too.

    First the rows of each file are counted, since the hash of a row depends on its number in the whole
    table; then the rows are sampled.
    """
    orders = [{**description, "seed": seed} for description in descriptions]
    counted = run_on_files(workers, COUNT, orders, parts=parts, advanced=advanced)
    seen = [ByteCounts(**{**found, "end": found["end"].encode()}) for found, _ in counted]
    starts = np.cumsum([0, *(counts.records for counts in seen)]).tolist()
    for bound in (_bound(wanted, starts[-1]), PRIME + 1):
        own = [
            {**order, "before": before, "wanted": wanted, "bound": bound}
            for order, before in zip(orders, starts, strict=False)
        ]
        sample = _merge_samples(
            [arrays for _, arrays in run_on_files(workers, SAMPLE, own, parts=parts, advanced=advanced)],
            RowSample(seed, wanted, offered=starts[-1]),
        )
        if len(sample.rows) >= min(wanted, starts[-1]):
            break
    sample.finish()
    return sample, seen


def _bound(wanted: int, rows: int) -> int:
    """Return a bound below which there are almost surely as many hashes as rows wanted, and few more."""
    share = (wanted + SURE * wanted**0.5) / max(rows, 1)
    return PRIME + 1 if share >= 1 else int(share * PRIME)


def _merge_samples(parts: Sequence[Mapping[str, Any]], sample: RowSample) -> RowSample:
    for name in ("rows", "lines", "hashes"):
        setattr(sample, name, np.concatenate([part[name] for part in parts]))
    for part in parts:
        ends = np.cumsum(part["lengths"]).tolist()
        text = part["texts"].tobytes()
        sample.texts += [text[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    return sample


def _histogram(parts: Sequence[Mapping[str, int]]) -> dict[str, int]:
    total = Counter[str]()
    for part in parts:
        total.update(part)
    return dict(sorted(total.items()))


def _extremes(parts: Sequence[Sequence[str | None]]) -> list[str | None]:
    texts = [text for part in parts for text in part if text is not None]
    return [min(texts, default=None), max(texts, default=None)]


# How the values of a term in several files become that of all, by the term's name without its number.
MERGES: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("n", "last", "present", "cast", "known", "padded", "sum", "square"), sum),
    "texts": _histogram,
    "same": _extremes,
}


def merge_counts(found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Merge the terms of each file into those of all; a term that has no value in any file has none."""
    total: dict[str, Any] = {}
    for name in found[0]:
        parts = [counts[name] for counts in found if counts[name] is not None]
        total[name] = MERGES[name.rstrip("0123456789")](parts) if parts else None
    return total
