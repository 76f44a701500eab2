"""Each remedy that an error prints as a flag is applied, and then the table is read."""

import re
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from regchoose.errors import RegchooseError
from regchoose.settings.options import Settings
from regchoose.settings.values import FIELDS, shape_of
from regchoose.table.load import load
from tests.table.writing import csv_of, nobody, numbers, write

N = 60


def table(last: list[str], *, names: str = "x,z,t", n: int = N) -> str:
    rows = [[*row[:2], last[i % len(last)]] for i, row in enumerate(numbers(n)[1:])]
    return csv_of([names.split(","), *rows])


def among(cell: str, place: int) -> str:
    """Return a table of numbers with another cell in its first column."""
    lines = table(["1.5", "2.25", "7.5", "3"]).splitlines()
    lines[place] = cell + lines[place][lines[place].index(",") :]
    return "\n".join(lines) + "\n"


PLAIN = table(["1.5", "2.25", "7.5", "3"])
# What is refused, the settings, the code, and how many of its remedies are flags.
REFUSED: dict[str, tuple[str | bytes, Settings, str, int]] = {
    "a target that is not there": (PLAIN, Settings(target="tt"), "E204", 1),
    "several targets": (PLAIN, Settings(target="x,t"), "E204", 1),
    "an excluded column that is not there": (PLAIN, Settings(exclude=("zz",)), "E208", 1),
    "a group that is not there": (table(list("abcdefghijkl")), Settings(target="x", group="tt"), "E208", 1),
    "too few rows": (table(["1.5", "2.25", "7.5"], n=12), Settings(), "E303", 2),
    "cp1252": (PLAIN.replace("x,", "größe,").encode("cp1252"), Settings(), "E304", 1),
    "utf-16 without a mark": (PLAIN.encode("utf-16-le"), Settings(), "E305", 1),
    "all text": (
        "".join(f"{a},{b},{c}\n" for a in "abcdef" for b in "xyz" for c in "pq"),
        Settings(),
        "E309",
        2,
    ),
    "a longer row": (PLAIN + "1,2,3,4\n", Settings(), "E312", 1),
    "a shorter row": (PLAIN + "1,2\n", Settings(target="x"), "E312", 2),
    "a title": ("A title\n" + PLAIN, Settings(), "E312", 1),
    "a title in many fields": ("A title,,\n" + PLAIN, Settings(), "E314", 1),
    "a row of units": (PLAIN.replace("x,z,t\n", "x,z,t\ncm,kg,s\n"), Settings(), "E314", 2),
    "a decimal mark in doubt": (
        "a;b;t\n" + "".join(f"1.{i * 37 % 900 + 100};{i % 7};{i % 5}\n" for i in range(60)),
        Settings(),
        "E313",
        2,
    ),
    "a target that is missing": (table(["1.5", "", "7.5", "3"]), Settings(), "E322", 1),
    "a class called None": (table(["None", "much", "some"]), Settings(), "E322", 1),
    "an infinite target": (table(["1.5", "inf", "7.5", "3"]), Settings(), "E323", 1),
    "a small class": (table([*"ab" * 14, "c"]), Settings(), "E324", 1),
    "several small classes": (table([*"ab" * 9, *"cdefg"], n=90), Settings(), "E324", 2),
    "nothing to learn from": (
        "id,t\n" + "".join(f"{i},{i * 7 % 13 / 2}\n" for i in range(N)),
        Settings(),
        "E325",
        1,
    ),
    "a text among numbers": (among("oops", 30), Settings(), "E326", 3),
    "a strange text among numbers": (among("no data; see p. 4", 30), Settings(), "E326", 3),
    "a long text among numbers": (
        among("it isn't known; $ 7 \\" + 99 * "letters ", 30),
        Settings(),
        "E326",
        3,
    ),
    "a text among the numbers of the target": (
        PLAIN.replace("1.5\n", "n.d.\n", 1),
        Settings(target="t"),
        "E326",
        1,
    ),
    "a regression on text": (table(["a", "b"]), Settings(task="regression"), "E327", 1),
    "days or months": (
        table(["1/2/2021", "3/4/2021"], names="x,y,day").replace("x,y", "x,t"),
        Settings(target="x", time="day"),
        "E329",
        2,
    ),
}


def applied(settings: Settings, flags: str) -> Settings:
    """Return the settings with flags added, as the command line reads them."""
    words = re.split(r"[,:] | \(| or ", flags)[0]
    changes: dict[str, Any] = {}
    parts = shlex.split(words)
    while parts:
        name = parts.pop(0).removeprefix("--").replace("-", "_")
        name, negated = (name.removeprefix("no_"), True) if name.startswith("no_") else (name, False)
        shape = shape_of(FIELDS[name].type)
        if negated or name == "header":
            changes[name] = "no" if negated else "yes"
        elif shape.switch:
            changes[name] = True
        else:
            value: Any = parts.pop(0)
            value = int(value) if shape.number is int and value.isdigit() else value
            before = changes.get(name, getattr(settings, name)) if name != "exclude" else ()
            changes[name] = (*before, value) if shape.many else value
    return replace(settings, **changes)


@pytest.mark.parametrize("name", REFUSED)
def test_remedies_work(tmp_path: Path, name: str) -> None:
    content, settings, code, count = REFUSED[name]
    path = write(tmp_path, content)
    with pytest.raises(RegchooseError) as caught:
        load(path, settings, choose=nobody)
    assert caught.value.code == code
    remedies = [
        each for each in caught.value.fix.split("   or   ") if each.startswith("--") and ", if" not in each
    ]
    assert len(remedies) >= count, caught.value.fix
    for remedy in remedies:
        load(path, applied(settings, remedy), choose=nobody)
