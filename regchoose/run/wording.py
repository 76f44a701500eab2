"""A recommendation in sentences, and in the terms of PyTorch, Keras and scikit-learn."""

from collections.abc import Mapping, Sequence
from typing import Literal

from regchoose.errors import setting
from regchoose.experiment.design import Layout
from regchoose.experiment.gain_by_rows import Growth
from regchoose.records import numbers
from regchoose.records.experiment import Comparison, Penalties, Verdict
from regchoose.records.subsample import Profile
from regchoose.records.table import Table
from regchoose.records.words import ARM_NAMES, Arm, Task
from regchoose.result.document import LibraryWords

LEAST_SHARE = 5e-4  # of the loss: a smaller gain is not put in figures


def describe_strengths(
    l1: float, l2: float, *, task: Task, linear: bool, batch: int, rows: int
) -> LibraryWords:
    """Say what strengths of the mean loss are in PyTorch, Keras and scikit-learn.

    Parameters
    ----------
    l1, l2 : float
        Strengths of J = mean loss + l1·Σ|w| + l2·Σw²; the loss is the squared error of the standardized
        target, or the log loss.
    batch, rows : int
        Rows a step, and rows of the whole table: scikit-learn divides by them.
    """
    terms = [f"{l1:.3g}*w.abs().sum()"] * bool(l1) + [f"{l2:.3g}*w.square().sum()"] * bool(l2)
    torch = " + ".join(["mean loss", *terms])
    if terms:
        torch += ", summed over the weight matrices w"
    if l1:
        torch += "; a proximal step in place of abs() gives the exact zeros"
    if l2 and not linear:
        torch += f"; Adam or SGD with weight_decay={2 * l2:.3g} on these is the same L2, AdamW's decay is not"
    named = ", ".join([f"l1={l1:.3g}"] * bool(l1) + [f"l2={l2:.3g}"] * bool(l2))
    keras = f"kernel_regularizer=keras.regularizers.L1L2({named})" if terms else "no kernel_regularizer"
    sklearn = (
        _sklearn_linear(l1, l2, task=task, rows=rows) if linear else _sklearn_mlp(l1, l2, task, batch=batch)
    )
    return LibraryWords(pytorch=torch, keras=keras, scikit_learn=sklearn)


def _sklearn_mlp(l1: float, l2: float, task: Task, *, batch: int) -> str:
    if l1:
        return "its networks know no L1"
    # Its objective is (½ for squares) mean loss + alpha/(2·rows of the batch)·Σw².
    name, alpha = ("MLPRegressor", l2 * batch) if task == "regression" else ("MLPClassifier", 2 * l2 * batch)
    return f"{name}(alpha={alpha:.3g}, batch_size={batch}): its alpha is divided by the rows of a batch"


def _sklearn_linear(l1: float, l2: float, *, task: Task, rows: int) -> str:
    if task != "regression":
        total = l1 + 2 * l2
        if not total:
            return "LogisticRegression(C=numpy.inf)"
        return f"LogisticRegression(C={1 / (rows * total):.3g}, l1_ratio={l1 / total:.3g}, solver='saga')"
    if not l1:
        return f"Ridge(alpha={l2 * rows:.3g})" if l2 else "LinearRegression()"
    total = l1 / 2 + l2
    return f"ElasticNet(alpha={total:.3g}, l1_ratio={l1 / 2 / total:.3g})"


def describe_audit(
    *,
    arm: Arm,
    best: Arm,
    losses: Mapping[str, float],
    losses_at_end: Mapping[str, float],
    epochs: int,
    simpler: tuple[Arm, float] | None,
    firmly: bool,
    alike: bool,
) -> list[str]:
    """Say what lies beyond the chart: the arm it skipped, simpler ones, and the fixed training length."""
    sentences = []
    if best != arm and alike:
        sentences.append(f"{ARM_NAMES[best]} did best by the estimate, which makes no practical difference.")
    elif best != arm:
        stress = "is better, and that is firm" if firmly else "did better, by the estimate"
        large = losses[arm] - losses[best] >= LEAST_SHARE * losses[arm]
        lower = f"loss {_gain(losses[arm], losses[best])} lower" if large else "by a hair"
        sentences.append(f"{ARM_NAMES[best]}, which the chart did not choose, {stress}: {lower}.")
    if simpler is not None:
        name, probability = simpler
        sentences.append(
            f"{ARM_NAMES[name]} is simpler and not worse ({numbers.probability(probability)} sure)."
        )
    if epochs > 1 and "none" in losses:
        end, tuned = (_gain(table["none"], min(table.values())) for table in (losses_at_end, losses))
        sentences.append(
            f"Without early stopping, at {epochs} epochs, the lowest loss is {end} under that of none; with "
            f"it {tuned}."
        )
    return sentences


def describe_optimism(optimism: Mapping[Arm, float]) -> str:
    """Say by how much losses are corrected, since they chose strength and length themselves."""
    most = max(optimism.values())
    return f"Losses are corrected for having chosen strength and length: by {most:.2g} at most."


def _gain(loss: float, lowest: float) -> str:
    """Say how much the lowest loss is under another: as a share of that."""
    return numbers.percent((loss - lowest) / loss) if loss > 0 else "0 %"


def describe_assumptions(profile: Profile) -> str:
    """Say which of the article's reasons why Elastic Net may lose hold for the data."""
    reasons = {
        "the features correlate": profile.correlated,
        "the entire picture is needed": profile.entire_picture,
    }
    answers = [f"{text}: {finding.answer}" for text, finding in reasons.items()]
    return f"Elastic Net did not win. The article's reasons for that, measured: {'; '.join(answers)}."


def describe_size_rule(judged: Penalties, rows: int, *, of: int, sparse: bool, exponent: float | None) -> str:
    """Say how strengths found on so many rows were moved to the whole table; see `Penalties.at_rows`."""
    ratio = f"{rows}/{of}"
    parts = []
    if judged.l1[0]:
        expected = "½, a sparse fit" if sparse else "1, a dense fit"
        parts.append(f"l1 × ({ratio})^{expected if exponent is None else f'{exponent:.2f}, as measured'}")
    if judged.l2[0]:
        parts.append(f"l2 × {ratio}")
    return "; ".join(parts)


def describe_growth(growth: Growth, *, of: int, matters: bool) -> str:
    """Say where the gain is heading."""
    first, last = growth.sizes[0], growth.sizes[-1]
    at_first, at_last, at_end = (
        numbers.percent(gain) for gain in (first.gain, last.gain, growth.trend.at_full_size)
    )
    sentence = (
        f"The gain over none is {at_first} on {first.rows:,} training rows and {at_last} on {last.rows:,}; "
        f"carried on to all {of:,}, about {at_end} (an extrapolation)."
    )
    return sentence if matters else f"{sentence} Of so small a loss that makes no practical difference."


def describe_stages(stages: Sequence[tuple[Layout, Verdict]], *, ended: str) -> str:
    """Say how each stage ended, and why there was no other; empty if the first one decided."""
    undecided = stages[-1][1].certainty == "undecided"
    if len(stages) == 1 and not undecided:
        return ""
    endings = ", ".join(
        f"{layout.rows:,} rows {verdict.certainty} ({numbers.probability(verdict.safe)} sure)"
        for layout, verdict in stages
    )
    several = f"In {len(stages)} stages: {endings}"
    opening = several if len(stages) > 1 else f"Undecided on {stages[0][0].rows:,} rows"
    return f"{opening}; {ended}." if undecided else f"{opening}."


def describe_comparison(comparison: Comparison) -> str:
    """Say how a diamond of the chart compares: the difference, its interval, and three probabilities."""
    low, high = comparison.interval
    loss = f"loss {comparison.difference:+.2g} [{low:.2g}, {high:.2g}]; ".replace("-", "−")
    shares = {"better": comparison.better, "alike": comparison.equivalent, "worse": comparison.worse}
    return loss + ", ".join(f"{side} {100 * share:.0f} %" for side, share in shares.items())


def split_of(table: Table) -> Literal["random", "groups", "time"]:
    """Return how rows are split: random, groups or time."""
    return "time" if table.time is not None else "groups" if table.groups is not None else "random"


def describe_split(table: Table) -> str:
    """Say what a split that is not random does to the certainty; empty if it is random."""
    split = split_of(table)
    if split == "random":
        return ""
    how = {
        "time": "Earlier rows trained and later ones judged, as " + setting("time"),
        "groups": "Rows of one group stayed together, as " + setting("group"),
    }
    sentence = how[split] + " asks: for such splits the certainty is uncalibrated."
    return sentence.words(python=table.dialect.in_memory)
