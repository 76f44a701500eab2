"""Settings from flags, environment and files: taken, or refused with the remedy."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from regchoose.errors import UsageError, flag_of
from regchoose.settings.options import Settings
from regchoose.settings.sources import layered, preset_text
from regchoose.settings.values import FIELDS, shape_of
from tests.fuzz.target import Target, empty_folder, helps, run

NAMES = st.one_of(
    st.sampled_from(list(FIELDS)),
    st.sampled_from(["epoch", "rows_", "Target", "", "x.y"]),
    st.text(max_size=6),
)
NUMBERS = ["0", "1", "-1", "0.5", "1e9", "1e400", "nan", "inf", "1_000", "0x10", "٣", "64,64", ",", "1e-320"]
NAMED = [
    "yes",
    "no",
    "auto",
    "true",
    "5m",
    "cuda:99",
    "mlp",
    "a.py:N",
    "a=1",
    "a=",
    "=1",
    "l1",
    "\0",
    "a\0.csv",
]
WORDS = st.sampled_from(NUMBERS + NAMED)
TEXTS = st.one_of(WORDS, st.text(max_size=12))
VALUES = st.one_of(TEXTS, st.booleans(), st.lists(TEXTS, max_size=3))


def _quoted(text: str) -> str:
    body = "".join(c if c.isalnum() or c in " .,:=-_" else f"\\U{ord(c):08x}" for c in text)
    return f'"{body}"'


TOML_VALUES = st.one_of(
    TEXTS.map(_quoted),
    st.integers().map(str),
    st.floats().map(str),
    st.sampled_from(["true", "false", "[]", "{}", "1979-05-27", "07:32:00"]),
    st.sampled_from(["[1, 'x']", "{ a = 1 }", "[[1]]", "[nan]", "{ a = nan }", "{ a.b = 1979-05-27 }"]),
)
LINES = st.tuples(NAMES, TOML_VALUES).map(lambda pair: f"{pair[0]} = {pair[1]}")
TOML = st.one_of(st.lists(LINES, max_size=4).map("\n".join), st.text(max_size=60))


@dataclass(frozen=True)
class Places:
    """What each place says."""

    flags: Mapping[str, Any]
    environ: Mapping[str, str]
    toml: str


PLACES = st.builds(
    Places,
    st.dictionaries(st.sampled_from(list(FIELDS)), VALUES, max_size=3),
    st.dictionaries(NAMES.map(lambda name: f"REGCHOOSE_{name.upper()}"), TEXTS, max_size=3),
    TOML,
)


def _taken_or_refused(places: Places) -> None:
    try:
        settings, given = layered(
            places.flags, environ=places.environ, config=("x.toml", places.toml), preset_text=preset_text
        )
    except UsageError as error:
        helps(error)
        return
    assert given <= set(FIELDS)
    for name, field in FIELDS.items():
        value, number = getattr(settings, name), shape_of(field.type).number
        for one in value if isinstance(value, tuple) else (value,):
            if number is not None and one is not None and not isinstance(one, str):
                assert isinstance(one, number | int), (name, value)
                assert math.isfinite(one)
    assert isinstance(settings, Settings)


ARGUMENT = st.one_of(
    st.sampled_from([flag_of(name) for name in FIELDS]),
    st.tuples(st.sampled_from([flag_of(name) for name in FIELDS]), TEXTS).map("=".join),
    st.sampled_from(["--no-header", "-q", "-o", "-x", "--", "-", "--no-audit", "--preset", "quick", "ci"]),
    TEXTS,
)


def _ends_in_order(given: tuple[list[str], str]) -> None:
    """No table is there, so whatever the command line says, nothing may be answered."""
    arguments, toml = given
    with empty_folder() as folder:
        (folder / "regchoose.toml").write_text(toml, encoding="utf-8", errors="replace")
        status, said = run("recommend", "nowhere.csv", *arguments)
    assert status in (0, 2, 4), said
    assert status != 0 or "Usage: " in said, said
    assert "Traceback" not in said


TARGETS = {
    "settings of all places": Target(PLACES, _taken_or_refused, 250),
    "any command line": Target(st.tuples(st.lists(ARGUMENT, max_size=5), TOML), _ends_in_order, 40),
}
