"""Real tables: where they are, how they are read, and which of their rows are drawn."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from sklearn.model_selection import train_test_split

from regchoose.records.table import Table
from regchoose.records.words import Int
from regchoose.settings.sources import resolve_settings
from regchoose.table.columns.duplicates import group_copies
from regchoose.table.load import load

KNOWN = Path(__file__).parents[1] / "real_tables.toml"
FACTS = "tables.toml"  # the same, of a folder
ENDINGS = (".csv", ".tsv", ".txt", ".parquet", ".csv.gz", ".tsv.gz", ".txt.gz", ".csv.zst")
MOST_JUDGED, FEWEST_JUDGED = 8_000, 300
FEWEST_OF_CLASS = 10  # rows of a class without which the program gives no answer in five folds


@dataclass(frozen=True)
class RealTable:
    """A file with a table.

    Parameters
    ----------
    data : str
        What the data are called; files with the same data count as one table.
    options : tuple of (str, value)
        How the file is read, as `resolve_settings` takes it.
    """

    data: str
    path: str
    options: tuple[tuple[str, object], ...] = ()

    def load(self) -> Table:
        """Read the table."""
        settings, _ = resolve_settings(dict(self.options), environ={}, config=None)
        return load(self.path, settings)


def find_tables(places: Sequence[Path]) -> list[RealTable]:
    """Return the tables of files and folders; of several files with the same data, the first.

    Raises
    ------
    ValueError
        If there is nothing to read.
    """
    known = _read_facts(KNOWN)
    found: dict[str, RealTable] = {}
    for place in places:
        files = (
            sorted(file for file in place.iterdir() if file.name.endswith(ENDINGS))
            if place.is_dir()
            else [place]
        )
        if not files or not place.exists():
            raise ValueError(f"{place} has no tables; wanted files that end in {', '.join(ENDINGS)}")
        folder = place if place.is_dir() else place.parent
        facts = {**known, **_read_facts(folder / FACTS)}
        for file in files:
            table = _describe(file, facts)
            found.setdefault(table.data, table)
    return list(found.values())


def draw_rows(table: Table, data: str, *, n: int, draw: int) -> tuple[Int, Int] | None:
    """Draw n rows at random, classes in their shares; return them and up to 8,000 others, which judge.

    None judges that is a copy of a drawn row, just as the folds of the experiment never part copies. There is
    no task where fewer than 300 or n/2 are left, or where a class is so rare that the program would refuse.
    """
    count = table.n_rows
    if count - n < max(FEWEST_JUDGED, n / 2):
        return None
    rng = np.random.default_rng((crc32(data.encode()), n, draw))
    classes = None if table.task == "regression" else table.target
    drawn, others = train_test_split(
        np.arange(count), train_size=n, stratify=classes, random_state=int(rng.integers(2**31))
    )
    if classes is not None and np.bincount(table.target[drawn].astype(int)).min() < FEWEST_OF_CLASS:
        return None
    groups = group_copies(table, np.arange(count))
    judged = rng.permutation(others[~np.isin(groups[others], groups[drawn])])[:MOST_JUDGED]
    if len(judged) < FEWEST_JUDGED:
        return None
    return np.sort(drawn), np.sort(judged)


def _read_facts(path: Path) -> dict[str, dict[str, Any]]:
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _describe(file: Path, facts: Mapping[str, Mapping[str, Any]]) -> RealTable:
    name = file.name.split(".")[0]
    own = dict(facts.get(name, {}))
    data = str(own.pop("data", name))
    return RealTable(data, str(file), tuple((key.replace("-", "_"), value) for key, value in own.items()))
