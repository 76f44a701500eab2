"""What the experiment says: the sections of a result that rest on trained arms."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from regchoose.experiment.arms import ArmRun
from regchoose.experiment.comparison import posterior_of, rope_of
from regchoose.experiment.curves import curves
from regchoose.experiment.plan import Experiment
from regchoose.experiment.wording import (
    advice,
    assumptions,
    audit_sentences,
    in_words,
    size_rule,
    split_of,
    split_sentence,
)
from regchoose.records import ARM_NAMES, Arm, Comparison, Profile, Table, Verdict
from regchoose.verdict.decide import DIAMONDS, FIRM, OUTCOME_ARMS, answer, judge
from regchoose.verdict.posterior import Posterior, compare
from regchoose.verdict.tune import SPARSE, at_edge, to_size

ALIKE = 0.8  # P(a simpler arm is not worse by more than δ) from which it is mentioned
SIMPLER: dict[Arm, tuple[Arm, ...]] = {
    "elastic_net": ("none", "l1", "l2"),
    "l1": ("none",),
    "l2": ("none",),
    "none": (),
}

Walk = Callable[[Mapping[str, str]], str]


@dataclass(frozen=True)
class Judgement:
    """The arms that were trained, judged.

    Parameters
    ----------
    outcome : str
        Key of the chart's outcome on the estimated losses.
    walk : callable
        Answers of the diamonds → key of the outcome, with the other answers as they were.
    prior : str
        The outcome that prior knowledge, measured on the data, leads to.
    """

    table: Table
    experiment: Experiment
    arms: Mapping[Arm, ArmRun]
    profile: Profile
    outcome: str
    walk: Walk
    prior: str

    def sections(self) -> dict[str, Any]:
        """Return the sections recommendation, arms, design, comparisons, curves and audit."""
        return {
            "recommendation": self._recommendation(),
            "arms": {arm: self._arm(run) for arm, run in self.arms.items()},
            "design": self._design(),
            "comparisons": tuple(
                {"question": key, **_comparison(found)} for key, found in self._diamonds.items()
            ),
            "curves": curves(self.arms, self.experiment, self._posterior),
            "audit": self._audit() if self.experiment.settings.audit else None,
        }

    def evidence(self) -> dict[str, str]:
        """Return a line for each diamond: the difference, its interval, and the three probabilities."""
        return {
            key: f"loss {found.difference:+.3g} [{found.interval[0]:.3g}, {found.interval[1]:.3g}]; "
            f"P better {found.better:.2f}, equivalent {found.equivalent:.2f}, worse {found.worse:.2f}"
            for key, found in self._diamonds.items()
        }

    # ---- the verdict -----------------------------------------------------------------------------

    @cached_property
    def _posterior(self) -> Posterior:
        return posterior_of(self.arms, self.experiment)

    @cached_property
    def _rope(self) -> float:
        return rope_of(self.arms, self.experiment)

    @cached_property
    def _verdict(self) -> Verdict:
        settings = self.experiment.settings
        return judge(
            self._posterior,
            outcome=None if settings.decide == "best" else self.outcome,
            rope=self._rope,
            walk=self.walk,
            rng=np.random.default_rng(settings.seed),
        )

    @cached_property
    def _diamonds(self) -> dict[str, Comparison]:
        return {
            key: compare(self._posterior, a, b, rope=self._rope)
            for key, (a, b) in DIAMONDS.items()
            if {a, b} <= set(self.arms)
        }

    def _loss(self, arm: Arm) -> float:
        return float(self._posterior.mean[self._posterior.arms.index(arm)])

    # ---- sections --------------------------------------------------------------------------------

    def _recommendation(self) -> dict[str, Any]:
        verdict, experiment = self._verdict, self.experiment
        arm, run = verdict.arm, self.arms[verdict.arm]
        rows, of = experiment.rows_train, self.table.n_all
        small_l1, small_l2 = float(run.judged.l1[0]), float(run.judged.l2[0])
        l1_factor, l2_factor = to_size(run.nonzero_share, rows, of=of)
        l1, l2 = small_l1 * l1_factor, small_l2 * l2_factor
        linear = experiment.training.hidden is None
        batch = experiment.training.schedule.steps(rows)[1]
        practical = any(abs(self._loss(other) - self._loss(arm)) > verdict.rope for other in self.arms)
        said = {"safe": verdict.safe, "practical": practical}
        return {
            "regularizer": arm,
            "outcome": verdict.outcome,
            "outcome_text": f"Start with {'no regularization' if arm == 'none' else ARM_NAMES[arm]}",
            "l1": l1,
            "l2": l2,
            "strength": l1 + l2,
            "alpha": l2 / (l1 + l2) if l1 + l2 else None,
            "certainty": verdict.certainty,
            "probability": verdict.probability,
            "safe": verdict.safe,
            "calibrated": False,
            "gain": self._gain(arm),
            "nonzero_share": run.nonzero_share,
            "training": None if linear else self._training(run),
            "subsample_size": {"l1": small_l1, "l2": small_l2, "rows": rows},
            "rule": size_rule(run.judged, rows, of=of, sparse=run.nonzero_share < SPARSE),
            "in_words": in_words(l1, l2, task=self.table.task, linear=linear, batch=batch, rows=of),
            "weight_decay": 2 * l2 or None,
            "sentence": advice(arm, certainty=verdict.certainty, evidence=said),
        }

    def _gain(self, arm: Arm) -> dict[str, Any] | None:
        if arm == "none" or "none" not in self.arms:
            return None
        found = compare(self._posterior, "none", arm, rope=self._rope)
        base = self._loss("none")
        low, high = found.interval
        return {"value": found.difference / base, "interval": [low / base, high / base]}

    def _training(self, run: ArmRun) -> dict[str, Any]:
        schedule = self.experiment.training.schedule
        return {
            "optimizer": "Adam, rate falling to 0 as a cosine over the schedule",
            "lr": schedule.lr,
            "batch": schedule.steps(self.experiment.rows_train)[1],
            "schedule_epochs": schedule.epochs,
            "stop_epoch": int(schedule.checkpoints[run.chosen.checkpoint]),
        }

    def _arm(self, run: ArmRun) -> dict[str, Any]:
        schedule, linear = self.experiment.training.schedule, self.experiment.training.hidden is None
        return {
            "l1": float(run.judged.l1[0]),
            "l2": float(run.judged.l2[0]),
            "loss": self._loss(run.arm),
            "loss_sd": float(np.nanstd(run.losses, ddof=1)),
            "interval": list(self._posterior.interval(run.arm)),
            "train_loss": float(run.curves["train"][run.chosen.checkpoint]),
            "epochs": None if linear else int(schedule.checkpoints[run.chosen.checkpoint]),
            "nonzero_share": run.nonzero_share,
            "nonzero_inputs": run.nonzero_inputs,
            "stationarity": run.stationarity,
            "at_grid_edge": at_edge(run.tuning.grid, run.chosen.point),
            "trained": run.trained,
            "failed": run.failed,
            "metrics": dict(run.metrics),
            "note": run.note,
        }

    def _design(self) -> dict[str, Any]:
        experiment, verdict = self.experiment, self._verdict
        settings = experiment.settings
        regression = self.table.task == "regression"
        return {
            "kind": experiment.layout.kind,
            "split": split_of(self.table),
            "cells": len(experiment.final),
            "folds": settings.folds,
            "repeats": settings.repeats,
            "rows": experiment.n_rows,
            "rope": verdict.rope,
            "variance_factor": experiment.variance_factor(len(experiment.final)),
            "loss": "squared error of the standardized target" if regression else "log loss",
            "loss_null": experiment.loss_null,
            "looks": [{"rows": experiment.n_rows, "certainty": verdict.certainty, "safe": verdict.safe}],
        }

    def _audit(self) -> dict[str, Any]:
        verdict, chart_arm = self._verdict, OUTCOME_ARMS[self.outcome]
        losses: dict[str, float] = {arm: self._loss(arm) for arm in self.arms}
        at_end = posterior_of(self.arms, self.experiment, at_end=True)
        losses_at_end: dict[str, float] = dict(zip(at_end.arms, at_end.mean.tolist(), strict=True))
        epochs = int(self.experiment.training.schedule.checkpoints[-1])
        linear = self.experiment.training.hidden is None
        found = compare(self._posterior, chart_arm, verdict.best_arm, rope=verdict.rope)
        firmly = found.worse >= FIRM
        simpler = self._simpler(chart_arm)
        sentences = audit_sentences(
            arm=chart_arm,
            best=verdict.best_arm,
            losses=losses,
            losses_at_end=losses_at_end,
            epochs=1 if linear else epochs,
            simpler=simpler,
            firmly=firmly,
        )
        if chart_arm in ("none", "l2"):
            sentences.append(assumptions(lost="Elastic Net", profile=self.profile))
        sentences += filter(None, [split_sentence(self.table)])
        if verdict.certainty == "undecided":
            name = ARM_NAMES[OUTCOME_ARMS[self.prior]]
            sentences.append(
                f"Prior knowledge, measured on the data, would say {name} (right in at most 60 %)."
            )
        return {
            "best_arm": verdict.best_arm,
            "chart_regret": losses[chart_arm] - losses[verdict.best_arm],
            "agrees": verdict.best_arm == chart_arm,
            "firmly": firmly,
            "simpler_equivalent": simpler[0] if simpler else None,
            "safe": dict(verdict.safe_of),
            "outcome_at_fixed_length": None if linear else self._outcome_of(at_end),
            "fixed_length": None if linear else {"epochs": epochs, "loss": losses_at_end},
            "sentences": sentences,
        }

    def _outcome_of(self, posterior: Posterior) -> str:
        return self.walk({key: answer(posterior, key, rope=self._rope) for key in DIAMONDS})

    def _simpler(self, arm: Arm) -> tuple[Arm, float] | None:
        """Return the simplest arm that is not worse by more than δ, and how probable that is."""
        for other in SIMPLER[arm]:
            if other in self.arms:
                found = compare(self._posterior, other, arm, rope=self._rope)
                if found.better + found.equivalent >= ALIKE:
                    return other, found.better + found.equivalent
        return None


def _comparison(found: Comparison) -> dict[str, Any]:
    return {
        "a": found.a,
        "b": found.b,
        "difference": found.difference,
        "interval": list(found.interval),
        "better": found.better,
        "equivalent": found.equivalent,
        "worse": found.worse,
    }
