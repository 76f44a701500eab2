"""Saved results that were damaged or edited: shown, or refused; whatever reads them."""

import json
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from tests.fuzz.conditions import DOCUMENT, JSON
from tests.fuzz.target import Target, empty_folder, run

KEPT = Path(__file__).parents[1] / "report" / "diabetes.json"
TEXT = KEPT.read_bytes()
COMMANDS = (
    "report r.json",
    "report r.json --format json",
    "report r.json --format markdown",
    "report r.json --format github",
    "report r.json --format junit",
    "export r.json --to pytorch",
    "export r.json --to keras",
    "export r.json --to sklearn",
    "compare r.json old.json",
    "compare old.json r.json --format json",
    "compare old.json r.json --format markdown",
)
DRAWN = "report r.json --format html"  # takes a second, as plots are drawn
ODD: list[Any] = [None, 0, -1, 1e308, 10**40, "", "x", "none", "l1", [], {}, [[]], True, [None], "\ud800"]
ODD += [0.5, 5e-324, float("nan"), float("inf"), "2020", "\x1b[31m<b>", [0, 1, 2], {"a": 1}]


def _inner(value: Any) -> list[tuple[Any, Any]]:
    if isinstance(value, dict):
        return list(value.items())
    return list(enumerate(value)) if isinstance(value, list) else []


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the places of a document, as keys from the top; of long lists the first."""
    few = _inner(value) if isinstance(value, dict) else _inner(value)[:6]
    return [path, *(place for key, item in few for place in _places(item, (*path, key)))]


PLACES = _places(DOCUMENT)[1:]
CHANGE = st.tuples(
    st.sampled_from(PLACES),
    st.sampled_from(["put", "put", "put", "take out", "double", "halve"]),
    st.one_of(st.sampled_from(ODD), JSON),
)


def _changed(changes: list[tuple[tuple[Any, ...], str, Any]]) -> bytes:
    document = json.loads(TEXT)
    for path, how, value in changes:
        inside = document
        try:
            for key in path[:-1]:
                inside = inside[key]
            own = inside[path[-1]]
        except (KeyError, IndexError, TypeError):
            continue
        if how == "take out":
            del inside[path[-1]]
        elif how == "put" or not isinstance(own, list):
            inside[path[-1]] = value
        else:
            inside[path[-1]] = own * 2 if how == "double" else own[: len(own) // 2]
    return json.dumps(document).encode("utf-8", "surrogatepass")


def _torn(given: tuple[int, int, bytes]) -> bytes:
    at, length, new = given
    return TEXT[:at] + new + TEXT[at + length :]


EDITED = st.lists(CHANGE, min_size=1, max_size=3).map(_changed)
TORN = st.tuples(st.integers(0, len(TEXT)), st.integers(0, len(TEXT)), st.binary(max_size=8)).map(_torn)


def _shown_or_refused(given: tuple[bytes, str]) -> None:
    content, command = given
    with empty_folder() as folder:
        (folder / "r.json").write_bytes(content)
        (folder / "old.json").write_bytes(TEXT)
        status, said = run(*command.split())
    assert status in (0, 2), said
    assert "Traceback" not in said


TARGETS = {
    "an edited result": Target(st.tuples(EDITED, st.sampled_from(COMMANDS)), _shown_or_refused, 100),
    "a torn result": Target(st.tuples(TORN, st.sampled_from(COMMANDS)), _shown_or_refused, 30),
    "an edited result as a page": Target(st.tuples(EDITED, st.just(DRAWN)), _shown_or_refused, 3),
}
