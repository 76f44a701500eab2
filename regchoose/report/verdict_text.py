"""The first lines of an answer: which regularizer, how strong, how sure."""

from regchoose.records.words import ARM_NAMES, Arm, arm_phrase
from regchoose.report import numbers
from regchoose.report.command import write_request
from regchoose.result.document import Recommendation, RunResult

CERTAINTY_STYLE = {
    "firm": "bold green",
    "leaning": "bold yellow",
    "undecided": "bold red",
    "prior": "bold yellow",
}


def write_headline(result: RunResult) -> str:
    """Return the first line: the regularizer, its strengths and the training length."""
    advice = result.recommendation
    if advice.certainty == "undecided":
        return _write_undecided_headline(result)
    name = "No regularization" if advice.regularizer == "none" else arm_phrase(advice.regularizer)
    if advice.certainty == "prior":
        return f"{name}   from prior knowledge, nothing was trained"
    return "   ".join([name, *_list_amounts(advice)])


def write_details(result: RunResult) -> list[str]:
    """Return what stands under the headline, a sentence or two a line."""
    advice = result.recommendation
    match advice.certainty:
        case "prior":
            right = advice.probability
            odds = f"prior: right in at most {numbers.percent(right)} of such cases" if right else ""
            return [odds, advice.sentence]
        case "undecided":
            return [_explain_doubt(result), _advise_in_doubt(result)]
        case certainty:
            share = f"{certainty}: {numbers.probability(advice.safe)} safe"
            return [" · ".join([share, *_describe_gain(result), *_describe_zeros(advice)])]


def _list_amounts(advice: Recommendation) -> list[str]:
    amounts = numbers.strengths(advice.l1, advice.l2)
    if advice.training:
        amounts.append(f"about {advice.training.stop_epoch} epochs")
    return amounts


def _describe_gain(result: RunResult) -> list[str]:
    advice = result.recommendation
    if not advice.gain or advice.regularizer == "none":
        return []
    value, (low, high) = advice.gain.value, advice.gain.interval
    side = "under" if value >= 0 else "over"
    bounds = (low, min(high, 1.0)) if value >= 0 else (-high, -low)  # no loss is below zero
    ends = ", ".join(numbers.percent(end).removesuffix(" %") for end in bounds)
    name = "loss" if result.design is None else result.design.loss.partition(" of ")[0]
    return [
        f"{name} {numbers.percent(abs(value))} {side} none [{ends}]{_describe_gain_at_fixed_length(result)}"
    ]


def _describe_gain_at_fixed_length(result: RunResult) -> str:
    """Say what the gain would be without early stopping, where that is known."""
    if result.audit is None or result.audit.fixed_length is None:
        return ""
    end = result.audit.fixed_length.loss
    baseline, recommended = end.none, end.get(result.recommendation.regularizer)
    if not baseline or recommended is None:
        return ""
    gain = (baseline - recommended) / baseline
    return f", {numbers.percent(abs(gain))}{'' if gain >= 0 else ' over'} at a fixed length"


def _describe_zeros(advice: Recommendation) -> list[str]:
    share = advice.nonzero_share
    if share is None or round(1 - share, 3) == 0:
        return []
    return [f"{numbers.percent(1 - share)} of the weights exactly zero"]


# ---- undecided -------------------------------------------------------------------------------------


def _find_rivals(result: RunResult) -> tuple[Arm, Arm]:
    """Return the recommended arm and the one that it cannot be told from."""
    recommended = result.recommendation.regularizer
    safe = dict(result.safe_of.items())
    safest_first = sorted(safe, key=lambda arm: -safe[arm])
    pairs = [(pair.a, pair.b) for pair in reversed(result.comparisons)]
    compared = [arm for pair in pairs if recommended in pair for arm in pair]
    return recommended, next((arm for arm in [*safest_first, *compared] if arm != recommended), "none")


def _write_undecided_headline(result: RunResult) -> str:
    recommended, rival = _find_rivals(result)
    safe = dict(result.safe_of.items())
    shares = " and ".join(numbers.probability(safe[arm]) for arm in (recommended, rival) if arm in safe)
    shares = shares or numbers.probability(result.recommendation.safe)
    first, second = arm_phrase(recommended), arm_phrase(rival)
    if result.audit and result.audit.firmly:
        return f"The chart says {first}; {second} is better, and that is firm (safe: {shares})."
    return f"Undecided between {first} and {second} (safe: {shares})."


def _explain_doubt(result: RunResult) -> str:
    if result.audit and result.audit.firmly:
        better = write_request(result, decide="best")
        return f"The chart never compares the two; {better} recommends the better one."
    rows = f"On {result.design.rows} rows" if result.design else "On these rows"
    pair = set(_find_rivals(result))
    for comparison in result.comparisons:
        if pair == {comparison.a, comparison.b}:
            low, high = comparison.interval
            size, spread = numbers.strength(abs(comparison.difference)), numbers.strength((high - low) / 2)
            return f"{rows} the difference ({size} ± {spread}) drowns in noise."
    return f"{rows} their difference drowns in noise."


def _advise_in_doubt(result: RunResult) -> str:
    name = arm_phrase(result.recommendation.regularizer)
    amounts = ", ".join(_list_amounts(result.recommendation))
    chart = "the chart's answer" if result.settings.decide in ("chart", None) else "the best of the four"
    taken = result.subsample
    more = (
        f"{write_request(result, rows=2 * taken.rows)} takes more of the {taken.of}."
        if taken and 2 * taken.rows <= taken.of
        else "More rows would settle it."
    )
    return f"If you must choose: {name}, {chart}{f' ({amounts})' if amounts else ''}. {more}"


def list_warnings(result: RunResult) -> list[str]:
    """Return the warnings of a result, those of the answer first."""
    partial = ["this answer is partial: the run was cut short"] if result.partial else []
    edge = [
        f"{ARM_NAMES[arm]} found its strength at the edge of the grid"
        for arm, figures in result.arms.items()
        if figures.at_grid_edge
    ]
    return [*partial, *edge, *result.data.warnings]
