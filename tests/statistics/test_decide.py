"""Decisions on posteriors made by hand."""

from collections.abc import Mapping
from typing import Literal

import numpy as np
import pytest

from regchoose.flowchart.charts import CHARTS
from regchoose.flowchart.walk import find_outcome
from regchoose.records.experiment import Verdict
from regchoose.records.words import ARMS, Arm, Float
from regchoose.statistics.decide import (
    DIAMONDS,
    answer,
    judge,
    null_loss,
    region_of_equivalence,
)
from regchoose.statistics.posterior import Posterior, draw_losses

Decide = Literal["audited", "chart", "best"]
RULES: tuple[Decide, ...] = ("best", "audited", "chart")
BEFORE = {"subsample_possible": "yes", "resources": "yes"}


def walk(signs: Mapping[str, str]) -> str:
    return find_outcome(CHARTS["which-regularizer"], {**BEFORE, **signs})


def posterior(means: tuple[float, ...], *, error: float = 0.001, arms: tuple[Arm, ...] = ARMS) -> Posterior:
    return Posterior(arms, np.array(means), np.eye(len(means)) * error**2 / 2, 24)


def criteria_of(made: Posterior) -> dict[Arm, float]:
    return dict(zip(made.arms, made.mean.tolist(), strict=True))


def verdict_of(
    made: Posterior,
    *,
    decide: Decide = "chart",
    rope: float = 0.01,
    criteria: Mapping[Arm, float] | None = None,
) -> Verdict:
    criteria = criteria or criteria_of(made)
    signs: dict[str, str] = dict.fromkeys(DIAMONDS, "worse")
    for key, pair in DIAMONDS.items():
        if set(pair) <= set(made.arms):
            signs[key] = answer(made, criteria, key, rope=rope)
    return judge(
        made,
        criteria,
        outcome=walk(signs),
        decide=decide,
        rope=rope,
        walk=walk,
        losses=draw_losses(made, np.random.default_rng(0)),
    )


@pytest.mark.parametrize(
    ("means", "expected"),  # none, l1, l2, elastic_net
    [
        ((0.50, 0.40, 0.45, 0.43), "start_l1"),
        ((0.50, 0.44, 0.45, 0.43), "start_elastic_net"),
        ((0.50, 0.40, 0.45, 0.53), "start_l2"),
        ((0.50, 0.40, 0.55, 0.53), "start_none"),
    ],
)
def test_the_chart_follows_the_signs(means: tuple[float, ...], expected: str) -> None:
    made = posterior(means)
    found = verdict_of(made)
    assert found.outcome == expected
    assert found.probability == pytest.approx(1, abs=1e-3)


def test_an_established_tie_stays_with_the_free_default() -> None:
    made = posterior((0.500, 0.498, 0.499, 0.498))
    assert answer(made, criteria_of(made), "elastic_net_vs_baseline", rope=0.01) == "worse"
    assert answer(made, criteria_of(made), "l2_vs_baseline", rope=0.01) == "worse"
    found = verdict_of(made)
    assert found.outcome == "start_none"
    assert found.certainty == "firm"  # two arms that do not differ are no doubt


def test_a_tie_between_l1_and_elastic_net_goes_by_the_sign() -> None:
    made = posterior((0.600, 0.498, 0.500, 0.499))
    assert answer(made, criteria_of(made), "l1_vs_elastic_net", rope=0.01) == "better"


def test_the_audit_sees_what_the_chart_is_blind_to() -> None:
    """Elastic Net beats the baseline, so the chart never tries L2, which is the best of all."""
    made = posterior((0.50, 0.47, 0.30, 0.45))
    chart, best, audited = (verdict_of(made, decide=decide) for decide in ("chart", "best", "audited"))
    assert (chart.arm, chart.certainty, chart.best_arm) == ("elastic_net", "undecided", "l2")
    assert chart.safe == pytest.approx(0, abs=1e-3)
    for departing in (best, audited):
        assert (departing.outcome, departing.arm, departing.certainty) == ("start_elastic_net", "l2", "firm")
        assert departing.probability == pytest.approx(1, abs=1e-3)


def test_the_chart_is_followed_while_its_arm_is_firm() -> None:
    """L2 is better by half of δ: the chart's Elastic Net is as good, and simpler to explain."""
    made = posterior((0.50, 0.47, 0.445, 0.45))
    assert [verdict_of(made, decide=decide).arm for decide in ("audited", "best", "chart")] == [
        "elastic_net",
        "l2",
        "elastic_net",
    ]


def test_the_surest_arm_is_recommended_where_neither_the_chart_s_nor_the_best_is_firm() -> None:
    """L1 has the lowest mean, but the criterion prefers Elastic Net."""
    made = Posterior(ARMS, np.array([0.60, 0.450, 0.49, 0.458]), np.eye(4) * 2e-5, 24)
    criteria = criteria_of(made) | {"l1": 0.47}
    best, audited, chart = (verdict_of(made, decide=decide, criteria=criteria) for decide in RULES)
    assert best.arm == chart.arm == "elastic_net"
    assert best.safe < 0.95
    assert audited.arm == "l1"
    assert audited.safe == max(audited.safe_of.values()) > best.safe


def test_the_best_arm_is_recommended_before_a_surer_one_if_it_is_firm() -> None:
    """The chart ends at Elastic Net, which is worse; L2 is firm, L1 surer still with a higher loss."""
    made = Posterior(ARMS, np.array([0.60, 0.449, 0.45, 0.47]), np.diag([1e-8, 1e-8, 6e-6, 1e-8]), 24)
    criteria = criteria_of(made) | {"l1": 0.49, "elastic_net": 0.48}
    found = verdict_of(made, decide="audited", criteria=criteria)
    assert (found.arm, found.certainty) == ("l2", "firm")
    assert found.safe_of["l1"] > found.safe_of["l2"]


def test_the_criterion_answers_and_not_the_mean() -> None:
    """Elastic Net has the lower mean, but varies from cell to cell."""
    made = posterior((0.50, 0.47, 0.48, 0.45))
    criteria = criteria_of(made) | {"elastic_net": 0.52}
    assert answer(made, criteria, "elastic_net_vs_baseline", rope=0.01) == "worse"


@pytest.mark.parametrize(("error", "certainty"), [(0.001, "firm"), (0.3, "undecided")])
def test_certainty_falls_with_noise(error: float, certainty: str) -> None:
    assert verdict_of(posterior((0.50, 0.40, 0.45, 0.43), error=error)).certainty == certainty


def test_safe_counts_draws_within_the_region() -> None:
    """Two arms with independent errors: P(a − b ≤ δ) in closed form."""
    from scipy.stats import t as student

    made = Posterior(("none", "elastic_net"), np.array([0.50, 0.51]), np.diag([2e-4, 2e-4]), 24)
    found = judge(
        made,
        criteria_of(made),
        outcome="start_elastic_net",
        decide="chart",
        rope=0.005,
        walk=lambda _: "",
        losses=draw_losses(made, np.random.default_rng(0)),
    )
    exact = student.cdf((0.005 - 0.01) / np.sqrt(4e-4), 24)
    assert found.safe == pytest.approx(exact, abs=0.01)


@pytest.mark.parametrize("missing", ["l1", "l2"])
def test_an_untrained_arm_does_not_disturb_the_walk(missing: Arm) -> None:
    """Without the audit the skipped arm is absent; a walk that would need it ends elsewhere."""
    means = {"none": 0.50, "l1": 0.40, "l2": 0.40, "elastic_net": 0.45 if missing == "l2" else 0.55}
    arms = tuple(arm for arm in ARMS if arm != missing)
    made = posterior(tuple(means[arm] for arm in arms), arms=arms)
    found = verdict_of(made)
    assert found.outcome == ("start_l1" if missing == "l2" else "start_l2")
    assert found.probability == pytest.approx(1, abs=1e-3)
    assert missing not in found.safe_of


def test_null_loss_is_the_entropy_of_the_classes() -> None:
    target: Float = np.repeat([0.0, 1.0, 2.0], [50, 25, 25])
    entropy = -(0.5 * np.log(0.5) + 2 * 0.25 * np.log(0.25))
    assert null_loss("multiclass", target, n_classes=3) == pytest.approx(entropy)
    assert null_loss("regression", np.arange(5.0), n_classes=0) == 1.0


@pytest.mark.parametrize(("null", "none", "rope"), [(1.0, 0.8, 0.01), (1.0, 0.3, 0.006), (1.0, 0.001, 0.002)])
def test_region_has_its_three_regimes(null: float, none: float, rope: float) -> None:
    assert region_of_equivalence(null, none) == pytest.approx(rope)
