"""Real results keep to the schema that is printed, by a validator that is not ours."""

import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from regchoose.cli.app import main
from regchoose.result.json_schema import ANSWERS, json_schema
from regchoose.result.json_text import dump_model
from regchoose.result.saved_result import restore_result
from regchoose.settings.options import Settings
from tests.run.test_walk_chart import QUICK, run, write

TINY = replace(QUICK, repeats=1, epochs=3, steps=5, hidden=(4,))
RUNS: dict[str, tuple[str, Settings, frozenset[str]]] = {
    "regression": ("regression", TINY, frozenset()),
    "binary": ("binary", TINY, frozenset()),
    "multiclass": ("multiclass", TINY, frozenset()),
    "linear": ("regression", replace(TINY, network="linear"), frozenset()),
    "no audit": ("binary", replace(TINY, audit=False), frozenset()),
    "prior knowledge": ("binary", replace(TINY, resources="no"), frozenset({"resources"})),
    "three questions": ("binary", replace(TINY, chart="three-questions"), frozenset()),
    "forward in time": ("regression", replace(TINY, time="a"), frozenset()),
    "a subsample": ("regression", replace(TINY, rows=60, subsample="yes"), frozenset({"subsample"})),
}


@pytest.fixture(scope="module", params=RUNS)
def printed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    task, settings, given = RUNS[request.param]
    path = write(tmp_path_factory.mktemp("table"), task)
    return json.loads(dump_model(run(path, settings, given=given)))


def complaints(document: Any, name: str = "result") -> list[str]:
    """What the validator says, the deepest places first: an answer is no error, which says little."""
    errors = Draft202012Validator(json_schema(name)).iter_errors(document)
    inner = [found for error in errors for found in error.context or [error]]
    return [f"{error.json_path}: {error.message}" for error in sorted(inner, key=lambda e: -len(e.path))]


def test_a_result_keeps_to_the_schema(printed: Any) -> None:
    assert complaints(printed) == [], "a key of the result is added in regchoose/schema too"
    assert json.loads(dump_model(restore_result(printed))) == printed


def test_the_schema_lets_no_key_through_that_it_does_not_name() -> None:
    schema = json_schema("result")
    free = [name for name, part in schema["$defs"].items() if part.get("additionalProperties") is not False]
    assert free == ["JsonValue"]  # the arguments of a network of the user's own


CORRUPTIONS: dict[str, Callable[[Any], object]] = {
    "a key too many": lambda document: document.update(extra=1),
    "a key too few": lambda document: document["data"].pop("rows"),
    "a text for a number": lambda document: document.update(seconds="3"),
    "a number for a text": lambda document: document["recommendation"].update(sentence=3),
    "a word that is none": lambda document: document["recommendation"].update(certainty="sure"),
    "a third end": lambda document: document["arms"]["l1"]["interval"].append(1.0),
    "yes for true": lambda document: document.update(partial="yes"),
}


@pytest.mark.parametrize("kind", CORRUPTIONS)
def test_what_is_no_result_is_refused(kind: str) -> None:
    document = kept()
    assert complaints(document) == []
    CORRUPTIONS[kind](document)
    assert complaints(document)
    # A later version may add keys; that alone makes no file unreadable.
    with nullcontext() if kind == "a key too many" else pytest.raises(ValidationError):
        restore_result(document)


def kept() -> Any:
    return json.loads((Path(__file__).parents[1] / "report" / "diabetes.json").read_text(encoding="utf-8"))


def test_an_error_keeps_to_the_schema_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recommend", "no-such-file.csv", "--json"]) == 2
    assert complaints(json.loads(capsys.readouterr().out)) == []


@pytest.mark.parametrize("name", ANSWERS)
def test_the_schema_is_printed(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", name]) == 0
    schema = json.loads(capsys.readouterr().out)
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    assert schema == json_schema(name)


def test_a_document_that_there_is_not_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "results"]) == 2
    assert "fix:   regchoose schema result" in capsys.readouterr().err
