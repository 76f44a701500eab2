"""The three-way score of the reader: loaded exactly, refused with a remedy, or silently wrong.

`python -m tests.table.pollution.score` prints it and writes `score.json` beside this file; a test compares.
Silently wrong must be 0.
"""

import csv
import json
import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.table import Table

from regchoose.errors import RegchooseError
from regchoose.library.draw_rows import draw_rows
from regchoose.library.extract import classify, extract
from regchoose.settings.options import Settings
from regchoose.table.file_set import ignore_progress
from regchoose.table.load import load
from tests.table.pollution.clean import Rows
from tests.table.pollution.families import Polluted, every_file
from tests.table.writing import nobody

KEPT = Path(__file__).parent / "score.json"
Outcome = Literal["exact", "refused", "wrong"]


@dataclass(frozen=True)
class Scored:
    """What the reader made of a file, without hints and with the right flags."""

    file: Polluted
    outcome: Outcome
    flagged: Outcome | None
    said: str

    @property
    def owed(self) -> bool:
        """Whether something is owed: an exact reading that the file or the flags allow."""
        missed = self.file.must and self.outcome != "exact"
        return missed or (self.flagged is not None and self.flagged != "exact")


def outcome_of(path: str, settings: Settings, truth: Rows | None) -> tuple[Outcome, str]:
    """Write all rows of a file as `regchoose sample --rows all` does, and compare what is written.

    A refusal counts only with a place or a remedy. What is read as another table may still be refused where
    the columns get their roles.
    """
    target = Path(path).with_name("sample.csv")
    try:
        _, _, protected = extract(
            classify(path),
            settings,
            everything=True,
            target=target,
            form="csv",
            ask=nobody,
            advanced=ignore_progress,
            draw=draw_rows,
        )
        with target.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file, strict=True))
        if truth is not None and [*map(_unprotected, rows)] == [*map(_unprotected, truth)]:
            return "exact", f"{protected} cells are protected against spreadsheets"
        load(path, settings, choose=nobody)
    except RegchooseError as error:
        helps = bool(error.where or error.fix)
        return ("refused" if helps else "wrong"), f"{error.code}: {error.message}"
    return "wrong", f"{len(rows) - 1} rows, {len(rows[0])} columns"


def _unprotected(row: list[str]) -> list[str]:
    """Return a row without the apostrophes that are put before what a spreadsheet would run."""
    return [cell[1:] if re.match(r"'[=+@\t\r-]", cell) else cell for cell in row]


def scored(files: Iterable[Polluted]) -> list[Scored]:
    """Read every file."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.csv"
        for file in files:
            path.write_bytes(file.content)
            outcome, said = outcome_of(str(path), Settings(), file.truth)
            flagged = None
            if file.flags is not None:
                flagged, said_too = outcome_of(str(path), file.flags, file.flagged)
                said = f"{said}; with flags {said_too}"
            found.append(Scored(file, outcome, flagged, said))
    return found


def counts(found: Iterable[Scored]) -> dict[str, dict[str, int]]:
    """Count the outcomes of each family, without hints and with flags."""
    table: dict[str, dict[str, int]] = {}
    for one in found:
        row = table.setdefault(
            one.file.family,
            dict.fromkeys(("files", "exact", "refused", "wrong", "flagged", "exact with flags"), 0),
        )
        row["files"] += 1
        row[one.outcome] += 1
        row["flagged"] += one.flagged is not None
        row["exact with flags"] += one.flagged == "exact"
    return table


def thinned(files: Iterable[Polluted]) -> list[Polluted]:
    """Return every eleventh file of the large families, and all of the others: what each test run reads."""
    families: dict[str, list[Polluted]] = {}
    for file in files:
        families.setdefault(file.family, []).append(file)
    return [file for own in families.values() for file in own[:: 11 if len(own) > 200 else 1]]


def main() -> None:
    """Score the corpus, print and keep the result."""
    console = Console()
    found = scored(every_file())
    table = Table("family", "files", "exact", "refused", "silently wrong", "with flags", "exact")
    kept = counts(found)
    for family, row in kept.items():
        table.add_row(family, *(str(value) for value in row.values()))
    console.print(table)
    for one in found:
        if one.outcome == "wrong" or one.flagged == "wrong" or one.owed:
            console.print(
                f"{one.file.family} · {one.file.name}: {one.outcome}, {one.flagged} · {one.said}",
                markup=False,
            )
    both = {"all": kept, "thinned": counts(scored(thinned(every_file())))}
    KEPT.write_text(json.dumps(both, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
