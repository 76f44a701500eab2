"""Sentences about losses, also where one of them is zero."""

import pytest

from regchoose.report.numbers import BOUNDS, probability
from regchoose.run.wording import advise, describe_audit
from regchoose.statistics.decide import FIRM, LEANING


@pytest.mark.parametrize(
    ("lowest", "lower", "gained"),
    [(0.4, "loss 20.0 % lower", "33.3 % under that of none"), (0.0, "100.0 % lower", "100.0 % under that")],
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
    ("safe", "certainty", "said", "short"),
    [
        (0.9499, "leaning", "0.94", "94 %"),
        (0.95, "firm", "0.95", "95 %"),
        (0.7951, "undecided", "0.79", "79 %"),
        (0.9451, "leaning", "0.94", "94 %"),
        (0.8651, "leaning", "0.87", "87 %"),
        (0.9987, "firm", "over 0.99", "over 99 %"),
    ],
)
def test_no_probability_is_rounded_up_to_a_bound_of_certainty(
    safe: float, certainty: str, said: str, short: str
) -> None:
    sentence = advise("l2", certainty=certainty, safe=safe, practical=True, n_arms=4)
    assert sentence.endswith(f"with probability {said}.")
    assert probability(safe) == short
    assert [bound / 100 for bound in BOUNDS] == [LEANING, FIRM]
