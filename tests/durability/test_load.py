"""A few of the random runs, and what counts as an orderly ending."""

import json
from pathlib import Path

import numpy as np
import pytest

from regchoose.result.json_text import dump_model
from tests.cli.test_shell import ERROR
from tests.durability import growth, load
from tests.durability.ending import Ending, code_of, fault
from tests.durability.tables import DAMAGES, make_sheet
from tests.report.results import FIRM

pytestmark = pytest.mark.slow

FAILURE = json.dumps({"ok": False, "error": {"code": "E312", "message": "m", "hint": "h", "where": ""}})
INTERNAL = "error[internal]: ValueError: no\n  fix:   --debug shows the traceback; please report it\n"
ENDINGS: list[tuple[Ending, list[str], str]] = [
    (Ending(0, "L2\n", "note\n"), [], ""),
    (Ending(0, dump_model(FIRM), ""), ["--json"], ""),
    (Ending(1, "L2\n", "fails: safe < 1\n"), ["--fail-if", "safe < 1"], ""),
    (Ending(3, "", ERROR), [], ""),
    (Ending(3, FAILURE, ""), ["--json"], ""),
    (Ending(None, "", ""), [], "no end in time"),
    (Ending(-1, "", "", "SystemExit(3)"), [], "raised SystemExit(3)"),
    (Ending(0, "L2\n", "Traceback (most recent call last):\n"), [], "a traceback"),
    (Ending(0, "L2\n", "/a/b.py:3: RuntimeWarning: divide\n"), [], "noise"),
    (Ending(0, "", ""), [], "no answer"),
    (Ending(0, "{} {}", ""), ["--json"], "not one JSON document"),
    (Ending(0, "{}", ""), ["--json"], "ok: field required"),
    (Ending(1, "L2\n", ""), [], "status 1 without"),
    (Ending(70, "", INTERNAL), [], "status 70: ValueError: no"),
    (Ending(-9, "", ""), [], "status -9"),
    (Ending(2, "", ERROR), [], "status 2 with the code 'E312'"),
    (Ending(3, "", "a line\n"), [], "status 3 with the code ''"),
    (Ending(3, "", ERROR.replace("  fix: ", "  try: ")), [], "an error of"),
    (Ending(3, FAILURE.replace('"h"', '""'), ""), ["--json"], "with a hint"),
]


@pytest.mark.parametrize(
    ("ending", "arguments", "said"), ENDINGS, ids=[case[2] or "in order" for case in ENDINGS]
)
def test_an_ending_is_in_order_or_not(ending: Ending, arguments: list[str], said: str) -> None:
    found = fault(ending, arguments)
    assert said in found
    assert bool(said) == bool(found)
    if ending.status == 3 and not said:
        assert code_of(ending) == "E312"


def test_tables_follow_their_seed_and_are_of_many_kinds() -> None:
    sheets = [make_sheet(np.random.default_rng([5, number])) for number in range(300)]
    again = make_sheet(np.random.default_rng([5, 17]))
    assert again == sheets[17]
    kinds = {sheet.kind.partition(",")[0] for sheet in sheets}
    assert len(kinds) >= 12
    assert 0.4 < np.mean([sheet.sound for sheet in sheets]) < 0.9
    assert len({sheet.name for sheet in sheets}) >= 4
    assert {sheet.kind.partition(", ")[2] for sheet in sheets} - {""} <= set(DAMAGES)


def test_some_runs_end_in_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The tenth is a process of its own. Started again, it repeats none that are known."""
    log = tmp_path / "log"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(load, "APART", 10)
        assert load.main(["--runs", "6", "--seed", "3", "--log", str(log)]) == 0
        assert load.main(["--runs", "10", "--seed", "3", "--log", str(log)]) == 0
    records = [json.loads(line) for line in log.read_text().splitlines()]
    assert [record["run"] for record in records] == list(range(10))
    assert [record["apart"] for record in records] == [False] * 9 + [True]
    assert {record["status"] for record in records} >= {0, 3}
    assert "10 runs, 1 of them in processes of their own" in capsys.readouterr().out


def test_a_fault_is_told_and_the_run_can_be_repeated(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_arguments: object) -> int:
        raise SystemExit(9)

    monkeypatch.setattr(load, "regchoose", broken)
    assert load.main(["--runs", "2"]) == 1
    assert "run 1: raised SystemExit(9)" in capsys.readouterr().out
    monkeypatch.setattr(load, "regchoose", lambda _arguments: 3)
    assert load.main(["--only", "1"]) == 0
    assert "status 3" in capsys.readouterr().out


def test_turns_over_the_same_tables_are_measured(tmp_path: Path) -> None:
    paths = growth.answered_tables(tmp_path, count=1)
    held = growth.turns(paths, count=3)
    assert len(held) == 3
    assert min(held) > 10
