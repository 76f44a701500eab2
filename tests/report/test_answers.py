"""Each kind of answer says at three widths, word for word, what stands in `answers/`.

`python -m tests.report.test_answers` writes them anew; the difference then shows what changed for users.
"""

from pathlib import Path
from typing import Any

import pytest

from regchoose.report.terminal import render_as_text
from regchoose.result.document import RunResult
from tests.report.results import FIRM, PRIOR, UNDECIDED, altered

TEXTS = Path(__file__).with_name("answers")
WIDTHS = (40, 80, 120)


def of_set(regularizer: str, *safe: float, **further: Any) -> RunResult:
    """A result in which none, L1, L2 and Elastic Net are so safe."""
    by_arm = dict(zip(("none", "l1", "l2", "elastic_net"), safe, strict=True))
    good = [arm for arm, share in by_arm.items() if share >= 0.8]
    advice = {
        "regularizer": regularizer,
        "chart_outcome": f"start_{regularizer}",
        "as_good": good,
        "worse": [arm for arm, share in by_arm.items() if share <= 0.05],
        "safe": by_arm[regularizer],
        "l1": 0.0021 if regularizer in ("l1", "elastic_net") else 0.0,
        "l2": 0.0086 if regularizer in ("l2", "elastic_net") else 0.0,
        "rule": "",
    }
    arms = {arm: {"safe": share, "loss": 0.6 - 0.07 * share} for arm, share in by_arm.items()}
    advice |= further.pop("recommendation", {})
    return altered(FIRM, recommendation=advice, arms=arms, **further)


KINDS = {
    "a-penalty-is-needed": FIRM,
    "one-is-best": of_set("l2", 0.01, 0.3, 0.97, 0.5),
    "any-does": of_set("none", 0.9, 0.96, 0.93, 0.98, recommendation={"certainty": "leaning", "gain": None}),
    "penalties-hurt": of_set("none", 0.99, 0.01, 0.01, 0.01, recommendation={"gain": None}),
    "some-do-some-are-open": of_set("elastic_net", 0.3, 0.9, 0.9, 0.97),
    "undecided": UNDECIDED,
    "undecided-with-more-rows": altered(UNDECIDED, subsample={"rows": 208, "of": 53_940}),
    "others-are-surer": of_set(
        "elastic_net", 0.77, 0.77, 0.6, 0.54, recommendation={"certainty": "undecided"}
    ),
    "the-chart-is-not-followed": of_set(
        "l2", 0.01, 0.46, 0.97, 0.3, recommendation={"chart_outcome": "start_l1", "follows_chart": False}
    ),
    "the-chart-ends-elsewhere": of_set("elastic_net", 0.01, 0.98, 0.99, 0.97),
    "the-chart-by-its-letter": of_set("l1", 0.01, 0.02, 0.97, 0.3, recommendation={"certainty": "undecided"}),
    "nothing-predicts-it": altered(FIRM, recommendation={"caution": "nothing"}),
    "a-leak": altered(
        FIRM,
        recommendation={"caution": "leak", "certainty": "leaning"},
        data={"leaks": ["copy"], "warnings": ["LEAKAGE? column 'copy' equals the target"]},
    ),
    "uncalibrated": altered(FIRM, recommendation={"calibrated": False}),
    "partial": altered(
        FIRM,
        recommendation={"as_good": ["l1", "elastic_net"]},
        partial=True,
        arms={"l2": None},
        audit=None,
    ),
    "prior-knowledge": PRIOR,
}


def write_answer(result: RunResult) -> str:
    """Return an answer at each width; the last with all details."""
    return "\n".join(
        f"{'=' * width}\n{render_as_text(result, width=width, details=width == WIDTHS[-1])}"
        for width in WIDTHS
    )


def test_each_kind_has_its_text() -> None:
    assert {path.stem for path in TEXTS.glob("*.txt")} == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_is_word_for_word(kind: str) -> None:
    text = (TEXTS / f"{kind}.txt").read_text(encoding="utf-8")
    assert write_answer(KINDS[kind]) == text, "if this is meant: python -m tests.report.test_answers"


if __name__ == "__main__":
    TEXTS.mkdir(exist_ok=True)
    for path in TEXTS.glob("*.txt"):
        path.unlink()
    for kind, result in KINDS.items():
        (TEXTS / f"{kind}.txt").write_text(write_answer(result), encoding="utf-8")
