"""What changed between two results, and how it is said."""

from typing import Any

import pytest

from regchoose.report.changes_text import changes_as_markdown, render_changes, write_changes_headline
from regchoose.report.terminal import capture_text
from regchoose.result.comparison import Change, compare_results
from regchoose.result.document import RunResult
from tests.report.hostile import NAMES
from tests.report.results import FIRM, PRIOR, altered
from tests.report.test_as_markdown import flat


def column(name: str, role: str = "numeric") -> dict[str, Any]:
    return {"name": name, "role": role, "type": "number", "why": "", "missing": 0}


OLD = altered(FIRM, data={"columns": [column("age"), column("bmi"), column("s6")]})
CHANGED = altered(
    FIRM,
    regchoose_version="0.2.0",
    fingerprint={"data": "d2"},
    settings={"seed": 1, "hidden": [32]},
    recommendation={
        "regularizer": "l1",
        "chart_outcome": "start_l1",
        "as_good": ["l1"],
        "certainty": "leaning",
        "safe": 0.85,
        "l1": 0.003,
        "l2": 0.0,
        "nonzero_share": 0.56,
    },
    data={
        "rows": 500,
        "columns": [column("age", "id"), column("bmi"), column("new|one")],
        "warnings": ["3 rows are duplicates"],
    },
)


def test_the_same_result_has_not_changed() -> None:
    found = compare_results(FIRM, FIRM)
    assert found.changed is False
    assert (found.l1_factor, found.loss_increase, found.intervals_overlap) == (1.0, 0.0, True)
    # Another run takes another time.
    later = altered(FIRM, seconds=99.0, execution={"device": "cuda"})
    assert compare_results(FIRM, later).changed is False


FOUND: dict[str, object] = {
    "ok": True,
    "schema_version": "1",
    "changed": True,
    "regularizer_changed": True,
    "outcome_changed": True,
    "certainty_changed": True,
    "certainty_lower": True,
    "safe_increase": pytest.approx(-0.12),
    "loss_increase": pytest.approx(0.002),
    "loss_increase_share": pytest.approx(0.002 / 0.527),
    "intervals_overlap": True,
    "gain_increase": 0.0,
    "zeros_increase": pytest.approx(0.13),
    "l1_factor": pytest.approx(0.003 / 0.0021),
    "l2_factor": None,
    "data_changed": True,
    "rows_increase": 58,
    "columns_added": ["new|one"],
    "columns_removed": ["s6"],
    "roles_changed": [{"name": "age", "old": "numeric", "new": "id"}],
    "target_changed": False,
    "task_changed": False,
    "warnings_added": ["3 rows are duplicates"],
    "warnings_removed": ["2 rows are duplicates"],
    "network_changed": False,
    "version_changed": True,
    "arms": [],
}


def test_each_change_is_named() -> None:
    comparison = compare_results(OLD, CHANGED)
    found = comparison.model_dump()
    assert {name: found[name] for name in FOUND} == FOUND
    assert set(found) - set(FOUND) == {"figures", "settings_changed"}
    assert [change.name for change in comparison.figures] == [
        "regularizer",
        "chart_outcome",
        "certainty",
        "safe",
        "l1",
        "l2",
        "nonzero_share",
    ]
    assert found["settings_changed"] == [
        {"name": "hidden", "old": None, "new": [32]},
        {"name": "seed", "old": 0, "new": 1},
    ]


def test_the_other_way_round_the_signs_turn() -> None:
    there, back = compare_results(OLD, CHANGED), compare_results(CHANGED, OLD)
    for name in ("safe_increase", "loss_increase", "zeros_increase", "rows_increase"):
        assert getattr(back, name) == pytest.approx(-getattr(there, name))
    assert back.columns_added == there.columns_removed
    assert back.certainty_lower is False


def test_losses_of_another_kind_are_not_compared() -> None:
    other = altered(FIRM, data={"task": "binary"})
    assert compare_results(FIRM, other).loss_increase is None
    assert compare_results(FIRM, other).task_changed is True


def test_an_answer_from_prior_knowledge_has_nothing_to_compare() -> None:
    found = compare_results(FIRM, PRIOR)
    assert found.certainty_lower is True
    for name in ("safe_increase", "loss_increase", "intervals_overlap", "gain_increase", "zeros_increase"):
        assert getattr(found, name) is None
    assert Change(name="l2", old=0.534, new=None) in found.arms


def test_what_no_digit_shows_is_left_to_the_document() -> None:
    drifted = altered(FIRM, recommendation={"l1": 0.0021000001})
    found = compare_results(FIRM, drifted)
    assert found.figures == [Change(name="l1", old=0.0021, new=0.0021000001)]
    assert "l1" not in capture_text(render_changes(found, FIRM, drifted), width=80)


def test_losses_apart_are_told_from_noise() -> None:
    best = {"loss": 0.6, "interval": [0.58, 0.62]}
    worse = altered(FIRM, arms={"elastic_net": best})
    assert compare_results(FIRM, worse).intervals_overlap is False
    assert "noise" not in capture_text(render_changes(compare_results(FIRM, worse), FIRM, worse), width=80)


def test_a_comparison_in_whole() -> None:
    assert capture_text(render_changes(compare_results(OLD, CHANGED), OLD, CHANGED), width=80) == TEXT


def test_what_made_the_difference_is_said() -> None:
    def why(new: RunResult) -> str:
        return capture_text(render_changes(compare_results(FIRM, new), FIRM, new), width=200).splitlines()[1]

    assert why(FIRM) == "Data, settings and version are the same, and so is all that came out."
    drifted = altered(FIRM, recommendation={"safe": 0.96})
    assert "the kind of machine, or --budget, made the difference" in why(drifted)
    assert why(altered(FIRM, settings={})) == "What went in differs: the settings."


def headline(old: RunResult, new: RunResult) -> str:
    return write_changes_headline(compare_results(old, new), old, new)


def test_two_tables_are_not_taken_for_one() -> None:
    other = altered(FIRM, data={"target": "price"}, recommendation={"regularizer": "l1"})
    assert headline(FIRM, other) == "These are two tables: Elastic Net for progression, L1 for price."
    apart = [altered(FIRM, data={"columns": [column(name)]}) for name in ("a", "b")]
    assert headline(*apart).startswith("These are two tables: Elastic Net for progression, Elastic Net")


def test_another_name_among_equals_is_no_other_answer() -> None:
    other = altered(FIRM, recommendation={"regularizer": "l1"})
    same = "Another name, the same answer: Elastic Net → L1, and each result calls both as good as any."
    assert headline(FIRM, other) == same
    sure = altered(FIRM, recommendation={"regularizer": "l1", "as_good": ["l1"]})
    assert headline(FIRM, sure) == "The recommendation changed: Elastic Net → L1."


@pytest.mark.parametrize("kind", NAMES)
def test_a_hostile_name_stays_a_name(kind: str) -> None:
    name = NAMES[kind]
    data = {"columns": [column(name)], "warnings": [name], "target": name, "path": name}
    wild = altered(FIRM, data=data)
    found = compare_results(FIRM, wild)
    shown = capture_text(render_changes(found, FIRM, wild), width=80)
    assert not set(shown) & {"\x1b", "\x07", "\u202e", "\r"}
    assert not any(line.lstrip().startswith("::") for line in shown.splitlines())
    written = changes_as_markdown(found, FIRM, wild)
    tokens = flat(written)
    assert {token.content for token in tokens if token.type.startswith("html")} <= {"<!-- -->"}
    cells, rows = (sum(token.type == f"{kind}_open" for token in tokens) for kind in ("td", "tr"))
    tables = sum(token.type == "table_open" for token in tokens)
    assert cells == 4 * (rows - tables)
    assert "{{" not in written


TEXT = """\
The recommendation changed: Elastic Net → L1.
What went in differs: the data, the settings, the version.

Recommendation
  regularizer  Elastic Net → L1
  certainty    firm → leaning
  safe         97 % → 85 %
  loss         0.527 → 0.529   +0.0020, 0.4 % more; the intervals overlap: it
               may be noise
  l1           0.0021 → 0.0030   × 1.4
  l2           0.0086 → –
  zeros        31 % → 44 %

Table
  rows             442 → 500
  columns added    new|one
  columns removed  s6
  age              numeric → id
  new warning      3 rows are duplicates
  warning gone     2 rows are duplicates

Settings
  --hidden  – → 32
  --seed    0 → 1

Version
  regchoose  0.1.0 → 0.2.0
"""
