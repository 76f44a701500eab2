"""Sentences about losses, also where one of them is zero."""

import pytest

from regchoose.records.numbers import BOUNDS, probability
from regchoose.result.headline import write_sentence
from regchoose.run.wording import describe_audit
from regchoose.statistics import decide
from tests.report.results import FIRM, altered


@pytest.mark.parametrize(
    ("lowest", "lower", "gained"),
    [(0.4, "loss 20 % lower", "33 % under that of none"), (0.0, "100 % lower", "100 % under that")],
)
def test_how_much_lower_a_loss_is_counts_by_the_higher_one(lowest: float, lower: str, gained: str) -> None:
    losses = {"none": 0.6, "l1": 0.5, "l2": lowest}
    said = describe_audit(
        arm="l1",
        best="l2",
        losses=losses,
        losses_at_end=losses,
        epochs=20,
        simpler=None,
        firmly=False,
        alike=False,
    )
    assert lower in said[0]
    assert gained in said[1]


@pytest.mark.parametrize(
    ("safe", "certainty", "said"),
    [
        (0.9499, "leaning", "94 %"),
        (0.95, "firm", "95 %"),
        (0.7951, "undecided", "79 %"),
        (0.9451, "leaning", "94 %"),
        (0.8651, "leaning", "87 %"),
        (0.9987, "firm", "over 99 %"),
    ],
)
def test_no_probability_is_rounded_up_to_a_bound_of_certainty(safe: float, certainty: str, said: str) -> None:
    sentence = write_sentence(altered(FIRM, recommendation={"certainty": certainty, "safe": safe}))
    assert sentence.endswith(f"({certainty}: {said} sure this is as good as any).")
    assert probability(safe) == said
    (beyond,) = describe_audit(
        arm="l1",
        best="l1",
        losses={},
        losses_at_end={},
        epochs=1,
        simpler=("none", safe),
        firmly=False,
        alike=False,
    )
    assert beyond.endswith(f"({said} sure).")
    assert [bound / 100 for bound in BOUNDS] == [decide.LEANING, decide.FIRM]
