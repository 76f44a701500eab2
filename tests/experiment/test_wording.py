"""Sentences about losses, also where one of them is zero."""

import pytest

from regchoose.experiment.wording import audit_sentences


@pytest.mark.parametrize(
    ("lowest", "lower", "lost"), [(0.4, "25.0%", "50.0%"), (0.0, "0.5 lower", "0.6 to the best arm")]
)
def test_what_is_lost_to_the_best_arm_is_told(lowest: float, lower: str, lost: str) -> None:
    losses = {"none": 0.6, "l1": 0.5, "l2": lowest}
    said = audit_sentences(
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
    assert lost in said[1]
