"""The first lines of an answer: which regularizers do, which one to start with, how strong, how sure."""

from collections.abc import Sequence

from regchoose.records.experiment import LEAST_ROPE
from regchoose.records.words import ARM_NAMES, ARMS, Arm, arm_phrase
from regchoose.report import numbers
from regchoose.report.command import write_request
from regchoose.report.safe_text import plain
from regchoose.result.document import Recommendation, RunResult

CERTAINTY_STYLE = {
    "firm": "bold green",
    "leaning": "bold yellow",
    "undecided": "bold red",
    "prior": "bold yellow",
}
FIRM = 0.95  # of `safe`, where no further look could have followed
WHY_UNUSED = {  # by a column's role, but for what somebody asked for
    "id": "an id",
    "constant": "one value",
    "empty": "no value",
    "text": "free text",
    "duplicate": "a copy",
    "date": "dates",
}
MOST_UNUSED, NAME_LETTERS = 12, 40  # columns that are named, and how much of a name
COUNTED = {2: "two", 3: "three", 4: "four"}


def write_headline(result: RunResult) -> str:
    """Return the first line, about all regularizers: which do as well as any, and which do worse.

    That nothing predicts the target, or that something gives it away, comes first.
    """
    advice = result.recommendation
    if advice.certainty == "prior":
        return f"{_capitalize(arm_phrase(advice.regularizer))}, from prior knowledge: nothing was trained."
    if advice.caution:
        return _warn_first(result)
    trained, recommended = [arm for arm, _ in result.arms.items()], advice.regularizer
    if recommended in advice.worse:
        best = max(trained, key=lambda arm: _safe(result, arm))
        return f"The chart ends at {ARM_NAMES[recommended]}, but {ARM_NAMES[best]} is better here."
    good, worse = [arm for arm in ARMS if arm in advice.as_good], list(advice.worse)
    if not good:
        return _leave_open(result, worse)
    if len(good) == len(trained) > 1:
        return f"Any of the {COUNTED[len(good)]} does: they make no practical difference here."
    return _name_the_good(result, good, worse)


def write_details(result: RunResult) -> list[str]:
    """Return what stands under the headline, a sentence or two a line: first what to start with."""
    advice = result.recommendation
    if advice.certainty == "prior":
        right = advice.probability
        odds = f"prior: right in at most {numbers.percent(right)} of such cases" if right else ""
        return [odds, advice.sentence, _describe_task(result), _list_unused(result)]
    facts = [*_describe_gain(result), *_describe_zeros(advice)]
    doubt = {"undecided": _explain_doubt, "leaning": _explain_leaning}.get(advice.certainty)
    uncalibrated = [] if advice.calibrated else [UNCALIBRATED]
    return [
        write_start(result),
        _describe_task(result),
        _list_unused(result),
        *_depart_from_chart(result),
        "" if doubt is None else doubt(result),
        " · ".join(facts),
        *uncalibrated,
    ]


UNCALIBRATED = "The certainty is uncalibrated: such runs were not held against tables with known answers."


def write_start(result: RunResult) -> str:
    """Return the line that says what to start with, how strong, how long, and how sure that is."""
    advice = result.recommendation
    opening = {"firm": "Start with", "leaning": "Rather start with", "undecided": "If you must choose:"}
    name = f"{opening[advice.certainty]} {arm_phrase(advice.regularizer)}"
    sure = f"{advice.certainty}: {numbers.probability(advice.safe)} safe"
    return " · ".join([name, *_list_amounts(advice), sure])


def _list_amounts(advice: Recommendation) -> list[str]:
    amounts = numbers.strengths(advice.l1, advice.l2)
    if advice.training:
        amounts.append(f"about {advice.training.stop_epoch} epochs")
    return amounts


# ---- the headline ----------------------------------------------------------------------------------


def _warn_first(result: RunResult) -> str:
    if result.recommendation.caution == "nothing":
        mean = "its mean" if result.data.task == "regression" else "the class shares"
        return f"Nothing here predicts the target: no network does better than {mean}."
    design = result.design
    lowest = min(figures.loss for _, figures in result.arms.items())
    if design is not None and lowest <= LEAST_ROPE * design.loss_null:
        return "The target is predicted without loss: look for columns that give it away."
    return "A column gives the target away (see the warnings), so nothing here is sure."


def _leave_open(result: RunResult, worse: Sequence[Arm]) -> str:
    first, second = _find_rivals(result)
    rows = f"{result.design.rows:,} rows" if result.design else "these rows"
    opening = f"{_capitalize(ARM_NAMES[first])} or {ARM_NAMES[second]}: {rows} cannot tell them apart"
    return f"{opening}{_add_worse(worse)}."


def _name_the_good(result: RunResult, good: Sequence[Arm], worse: Sequence[Arm]) -> str:
    if list(good) == ["none"]:
        if len(worse) == len(ARMS) - 1:
            return "Use no penalty: L1, L2 and Elastic Net all do worse."
        return f"No penalty is needed: none does as well as any{_add_worse(worse)}."
    if "none" in good:
        return f"No penalty is needed: {_join(good)} do equally well here{_add_worse(worse)}."
    gain, better = result.recommendation.gain, "better than none"
    if gain is not None and gain.value > 0:
        better = f"{numbers.percent(gain.value)} better than none"
    if len(good) == 1:
        text = f"Use {ARM_NAMES[good[0]]}" + (f": it does {better}" if "none" in worse else "")
    elif "none" in worse:
        text = f"Use a penalty: {_join(good)} do equally well here, and {better}"
    else:
        text = f"{_join(good)} do equally well here"
    text += _add_worse([arm for arm in worse if arm != "none"])
    return text + ("." if "none" in worse else "; none may do as well.")


def _add_worse(worse: Sequence[Arm]) -> str:
    return f"; {_join(worse)} {'is' if len(worse) == 1 else 'are'} worse" if worse else ""


def _join(arms: Sequence[Arm]) -> str:
    names = [ARM_NAMES[arm] for arm in arms]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _capitalize(words: str) -> str:
    return words[:1].upper() + words[1:]


# ---- under it --------------------------------------------------------------------------------------


def _describe_task(result: RunResult) -> str:
    data = result.data
    kind = {"regression": "a number", "binary": "two classes", "multiclass": f"{len(data.classes)} classes"}
    used = len(data.used)
    source = f"{numbers.count(used, 'column')} and " if used and data.image is None else ""
    return f"Predicting {data.target} ({kind[data.task]}) from {source}{numbers.count(data.rows, 'row')}."


def _list_unused(result: RunResult) -> str:
    """Name the columns that nobody asked to leave out, and why they are; empty without any."""
    unused = [c for c in result.data.features if c.role in WHY_UNUSED and c.date is None]
    named = [(plain(c.name, longest=NAME_LETTERS), WHY_UNUSED[c.role]) for c in unused[:MOST_UNUSED]]
    by_reason = dict[str, list[str]]()
    for name, reason in named:
        by_reason.setdefault(reason, []).append(name)
    parts = [f"{', '.join(names)} ({reason})" for reason, names in by_reason.items()]
    more = [f"{len(unused) - len(named):,} more"] if len(unused) > len(named) else []
    return f"Not used: {', '.join([*parts, *more])}." if unused else ""


def _depart_from_chart(result: RunResult) -> list[str]:
    """Say why the chart's end is not recommended."""
    advice = result.recommendation
    chart_arm = next((arm for arm in ARMS if advice.chart_outcome == f"start_{arm}"), None)
    if advice.follows_chart or chart_arm is None:
        return []
    safe = _safe(result, chart_arm)
    why = "is worse" if chart_arm in advice.worse else "is less sure to be as good as any"
    return [
        f"The chart ends at {ARM_NAMES[chart_arm]}, which {why} ({numbers.probability(safe)} safe), so "
        f"{ARM_NAMES[advice.regularizer]} is recommended in its place."
    ]


def _describe_gain(result: RunResult) -> list[str]:
    advice = result.recommendation
    if not advice.gain or advice.regularizer == "none":
        return []
    value, (low, high) = advice.gain.value, advice.gain.interval
    side = "under" if value >= 0 else "over"
    bounds = (low, min(high, 1.0)) if value >= 0 else (-high, -low)  # no loss is below zero
    ends = ", ".join(numbers.percent(end).removesuffix(" %") for end in bounds)
    name = "loss" if result.design is None else result.design.loss.partition(" of ")[0]
    return [f"{name} {numbers.percent(abs(value))} {side} none [{ends}]"]


def _describe_zeros(advice: Recommendation) -> list[str]:
    share = advice.nonzero_share
    if share is None or round(1 - share, 3) == 0:
        return []
    return [f"{numbers.percent(1 - share)} of the weights exactly zero"]


def _safe(result: RunResult, arm: Arm) -> float:
    figures = result.arms.get(arm)
    return 0.0 if figures is None or figures.safe is None else figures.safe


def _find_rivals(result: RunResult) -> tuple[Arm, Arm]:
    """Return the recommended arm and the one that it cannot be told from."""
    recommended = result.recommendation.regularizer
    others = [arm for arm, _ in result.arms.items() if arm != recommended]
    return recommended, max(others, key=lambda arm: _safe(result, arm), default="none")


def _explain_doubt(result: RunResult) -> str:
    pair = set(_find_rivals(result))
    opening = "The difference"
    for comparison in result.comparisons:
        if pair == {comparison.a, comparison.b}:
            low, high = comparison.interval
            size, spread = numbers.strength(abs(comparison.difference)), numbers.strength((high - low) / 2)
            opening = f"The difference ({size} ± {spread})"
    taken = result.subsample
    more = (
        f" {write_request(result, rows=2 * taken.rows)} takes more of the {taken.of:,} rows."
        if taken and 2 * taken.rows <= taken.of
        else ""
    )
    return f"{opening} is within what chance may make.{more}"


def _explain_leaning(result: RunResult) -> str:
    """Say why an answer is not firm, where its figure alone does not."""
    safe, firm = result.recommendation.safe, None if result.design is None else result.design.firm_from
    if safe is None or firm is None or safe < FIRM:
        return ""
    if safe < firm:
        return f"Firm would be from {100 * firm:g} % here, since it was looked at with more rows to come."
    return "It is not called firm, because something gives the target away."


def list_warnings(result: RunResult) -> list[str]:
    """Return the warnings of a result, those of the answer first."""
    partial = ["this answer is partial: the run was cut short"] if result.partial else []
    edge = [
        f"{ARM_NAMES[arm]} found its strength at the edge of the grid"
        for arm, figures in result.arms.items()
        if figures.at_grid_edge
    ]
    return [*partial, *edge, *result.data.warnings]
