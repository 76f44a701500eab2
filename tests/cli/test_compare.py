"""`regchoose compare`: what changed between two saved results."""

import json
from pathlib import Path

import pytest

from regchoose.result.json_text import dump_model
from tests.cli.conftest import Shell
from tests.report.results import FIRM
from tests.result.test_changes import CHANGED, OLD
from tests.result.test_json_schema import complaints


@pytest.fixture
def both(tmp_path: Path) -> tuple[str, str]:
    for name, result in (("old.json", OLD), ("new.json", CHANGED)):
        (tmp_path / name).write_text(dump_model(result), encoding="utf-8")
    return "old.json", "new.json"


def test_what_changed_is_said(shell: Shell, both: tuple[str, str]) -> None:
    done = shell("compare", *both)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("The recommendation changed: Elastic Net → L1.\n")
    assert shell("compare", *both, "-q").stdout == "The recommendation changed: Elastic Net → L1.\n"
    assert shell("compare", *both, "--format", "markdown").stdout.startswith("## The recommendation changed")


def test_the_document_keeps_to_its_schema(shell: Shell, both: tuple[str, str]) -> None:
    for order in (both, both[::-1], (both[0], both[0])):
        found = json.loads(shell("compare", *order, "--json").stdout)
        assert complaints(found, "comparison") == []
        assert found["changed"] == (order[0] != order[1])
    failed = json.loads(shell("compare", both[0], "none.json", "--json").stdout)
    assert complaints(failed, "comparison") == []


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ("regularizer_changed", 1),
        ("certainty_lower", 1),
        ("loss_increase > 0.02", 0),
        ("loss_increase > 0.01 and not intervals_overlap", 0),
        ("len(columns_removed) > 0 or target_changed", 1),
        ('"s6" in columns_removed', 1),
        ("l1_factor > 2 or l2_factor > 2", 1),  # no l2 is left, so the second cannot be told
        ("l1_factor > 2", 0),
        ('new.certainty != "firm" and old.certainty == "firm"', 1),
        ("new.arms.l1.loss > old.arms.l1.loss * 1.1", 0),
        ("len(new.data.warnings) > len(old.data.warnings)", 0),
    ],
)
def test_a_gate_on_what_changed(shell: Shell, both: tuple[str, str], condition: str, status: int) -> None:
    done = shell("compare", *both, "--fail-if", condition)
    assert done.returncode == status
    assert f"--fail-if {condition} " in done.stderr


@pytest.mark.parametrize(
    ("condition", "remedy"),
    [
        ("regulariser_changed", "regularizer_changed"),
        ('certainty == "firm"', "new.certainty"),
        ("loss_increase", "loss_increase == …"),
        ('regularizer_changed == "l1"', "numbers with numbers"),
        ("new.loss > 1", "new.design.loss"),
    ],
)
def test_a_condition_is_checked_before_the_files(shell: Shell, condition: str, remedy: str) -> None:
    done = shell("compare", "no-such.json", "no-such.json", "--fail-if", condition)
    assert done.returncode == 2
    assert "error[E202]" in done.stderr
    assert remedy in done.stderr


def test_a_format_that_there_is_not_is_said(shell: Shell, both: tuple[str, str]) -> None:
    done = shell("compare", *both, "--format", "html")
    assert done.returncode == 2
    assert "wanted text, markdown or json" in done.stderr


FOREIGN = {
    "no JSON": "{",
    "another document": '{"name": "package", "version": "1"}',
    "a list": "[]",
    "deep": "[" * 100_000,
    "an error": '{"ok": false, "error": {"code": "E201", "message": "", "hint": "", "where": ""}}',
    "a newer one": dump_model(FIRM).replace('"schema_version": "2"', '"schema_version": "3"'),
    "a damaged one": dump_model(FIRM).replace('"loss": 0.561', '"loss": "much"'),
    "a cut one": json.dumps({**json.loads(dump_model(FIRM)), "arms": {"none": {}}}),
    "no text": "\x00\xff",
}


@pytest.mark.parametrize("kind", FOREIGN)
@pytest.mark.parametrize("side", [0, 1])
def test_what_is_no_result_is_said(
    shell: Shell, both: tuple[str, str], tmp_path: Path, kind: str, side: int
) -> None:
    (tmp_path / both[side]).write_bytes(FOREIGN[kind].encode("latin-1", "replace"))
    done = shell("compare", *both)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "error[E214]" in done.stderr
    assert both[side] in done.stderr


def test_a_newer_result_names_who_can_read_it(shell: Shell, both: tuple[str, str], tmp_path: Path) -> None:
    newer = json.dumps({**json.loads(dump_model(FIRM)), "schema_version": "3", "regchoose_version": "3.1"})
    (tmp_path / both[1]).write_text(newer, encoding="utf-8")
    done = shell("compare", *both)
    assert "its schema_version is 3, wanted 1 or 2" in done.stderr
    assert "fix:   regchoose 3.1, which wrote it, or regchoose recommend DATA -o result.json" in done.stderr


def test_a_damaged_result_is_said_at_its_first_wrong_key(
    shell: Shell, both: tuple[str, str], tmp_path: Path
) -> None:
    (tmp_path / both[0]).write_text(FOREIGN["a damaged one"], encoding="utf-8")
    assert "arms.none.loss: input should be a valid number" in shell("compare", *both).stderr
