"""The command that repeats a run, or goes on from it."""

from typing import Any

import pytest

from regchoose.report.as_markdown import as_markdown
from regchoose.report.command import write_command, write_repetition
from regchoose.report.html import as_html
from regchoose.result.document import RunResult
from regchoose.settings.options import Settings
from regchoose.settings.values import FIELDS, option_of
from tests.report.results import FIRM, altered

QUICK = {"preset": "quick", "strengths": 5, "alphas": [0.5], "repeats": 2} | {
    "epochs": 40,
    "steps": 100,
}


def with_settings(**changed: Any) -> RunResult:
    """A result of the default settings but for these."""
    usual = {name: getattr(Settings, name, {}) for name in FIELDS if option_of(name).result}
    return altered(FIRM, settings={**usual, **changed})


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        ({}, "regchoose recommend data/diabetes.csv"),
        ({"target": "a b"}, "regchoose recommend '--target=a b' data/diabetes.csv"),
        ({"hidden": [8, 4], "seed": 3}, "regchoose recommend --hidden=8,4 --seed=3 data/diabetes.csv"),
        ({"audit": False, "header": "no"}, "regchoose recommend --no-header --no-audit data/diabetes.csv"),
        (QUICK, "regchoose recommend --preset=quick data/diabetes.csv"),
        ({**QUICK, "epochs": 60}, "regchoose recommend --preset=quick --epochs=60 data/diabetes.csv"),
        ({"exclude": ["-a", "b"]}, "regchoose recommend --exclude=-a --exclude=b data/diabetes.csv"),
    ],
)
def test_the_command_repeats_what_differs(changed: dict[str, Any], wanted: str) -> None:
    assert write_command(with_settings(**changed)) == wanted


@pytest.mark.parametrize("changed", [{}, QUICK], ids=["default", "quick"])
def test_another_preset_takes_what_the_old_one_set_with_it(changed: dict[str, Any]) -> None:
    result = with_settings(**changed, network="linear")
    more = write_command(result, also={"preset": "thorough"})
    assert more == "regchoose recommend --preset=thorough --network=linear data/diabetes.csv"


def test_a_repetition_asks_nothing() -> None:
    wanted = "regchoose recommend --no-input '--target=a b' data/diabetes.csv"
    assert sorted(write_repetition(with_settings(target="a b")).split()) == sorted(wanted.split())
    for page in (as_html(with_settings()), as_markdown(with_settings())):
        assert "regchoose recommend --no-input data/diabetes.csv" in page
    in_memory = altered(FIRM, data={"dialect": {"format": "memory"}})
    assert "input" not in write_repetition(in_memory)


def test_inspect_takes_what_concerns_the_table() -> None:
    result = with_settings(target="a b", network="linear", decimal=",")
    assert (
        write_command(result, name="inspect")
        == "regchoose inspect '--target=a b' --decimal=, data/diabetes.csv"
    )


def test_what_a_file_may_hold_is_only_words() -> None:
    result = altered(FIRM, settings={"target": "; rm -rf /"}, data={"path": "-x"})
    assert write_command(result) == "regchoose recommend '--target=; rm -rf /' -- -x"
