"""The first lines of an answer: which regularizer, how strong, how sure."""

from collections.abc import Mapping
from typing import Any

from regchoose.records.answers import Result
from regchoose.records.words import ARM_NAMES
from regchoose.report import numbers
from regchoose.report.command import wish

CERTAINTY_STYLE = {
    "firm": "bold green",
    "leaning": "bold yellow",
    "undecided": "bold red",
    "prior": "bold yellow",
}


def arm_name(arm: str) -> str:
    """Return an arm's name within a sentence."""
    return "no regularization" if arm == "none" else dict(ARM_NAMES).get(arm, arm)  # type: ignore[call-overload]


def headline(result: Result) -> str:
    """Return the first line: the regularizer, its strengths and the training length."""
    advice = result.recommendation
    if advice["certainty"] == "undecided":
        return _undecided(result)
    name = "No regularization" if advice["regularizer"] == "none" else arm_name(advice["regularizer"])
    if advice["certainty"] == "prior":
        return f"{name}   from prior knowledge, nothing was trained"
    return "   ".join([name, *_amounts(advice)])


def below(result: Result) -> list[str]:
    """Return what stands under the headline, a sentence or two a line."""
    advice = result.recommendation
    match advice["certainty"]:
        case "prior":
            share = advice["probability"]
            odds = f"prior: right in at most {numbers.percent(share)} of such cases" if share else ""
            return [odds, advice["sentence"]]
        case "undecided":
            return [_doubt(result), _if_you_must(result)]
        case certainty:
            share = f"{certainty}: {numbers.probability(advice['safe'])} safe"
            return [" · ".join([share, *_gain(result), *_zeros(advice)])]


def _amounts(advice: Mapping[str, Any]) -> list[str]:
    amounts = [f"{key} = {numbers.strength(advice[key])}" for key in ("l1", "l2") if advice[key]]
    if advice["training"]:
        amounts.append(f"about {advice['training']['stop_epoch']} epochs")
    return amounts


def _gain(result: Result) -> list[str]:
    advice = result.recommendation
    if not advice["gain"] or advice["regularizer"] == "none":
        return []
    value, (low, high) = advice["gain"]["value"], advice["gain"]["interval"]
    side = "under" if value >= 0 else "over"
    bounds = (low, min(high, 1.0)) if value >= 0 else (-high, -low)  # no loss is below zero
    ends = ", ".join(numbers.percent(end).removesuffix(" %") for end in bounds)
    name = str((result.design or {}).get("loss", "loss")).partition(" of ")[0]
    return [f"{name} {numbers.percent(abs(value))} {side} none [{ends}]{_at_fixed_length(result)}"]


def _at_fixed_length(result: Result) -> str:
    """Say what the gain would be without early stopping, where that is known."""
    end = ((result.audit or {}).get("fixed_length") or {}).get("loss", {})
    base, own = end.get("none"), end.get(result.recommendation["regularizer"])
    if not base or own is None:
        return ""
    gain = (base - own) / base
    return f", {numbers.percent(abs(gain))}{'' if gain >= 0 else ' over'} at a fixed length"


def _zeros(advice: Mapping[str, Any]) -> list[str]:
    share = advice["nonzero_share"]
    if share is None or round(1 - share, 3) == 0:
        return []
    return [f"{numbers.percent(1 - share)} of the weights exactly zero"]


# ---- undecided -------------------------------------------------------------------------------------


def _rivals(result: Result) -> tuple[str, str]:
    """Return the recommended arm and the one that it cannot be told from."""
    own = result.recommendation["regularizer"]
    safe = (result.audit or {}).get("safe") or {}
    others = sorted((arm for arm in safe if arm != own), key=lambda arm: -safe[arm])
    compared = [
        pair[side] for pair in reversed(result.comparisons) for side in "ab" if own in (pair["a"], pair["b"])
    ]
    return own, next((arm for arm in [*others, *compared] if arm != own), "none")


def _undecided(result: Result) -> str:
    own, other = _rivals(result)
    safe = (result.audit or {}).get("safe") or {}
    shares = " and ".join(numbers.probability(safe[arm]) for arm in (own, other) if arm in safe)
    shares = shares or numbers.probability(result.recommendation["safe"])
    if (result.audit or {}).get("firmly"):
        first = arm_name(own)
        return f"The chart says {first}; {arm_name(other)} is better, and that is firm (safe: {shares})."
    return f"Undecided between {arm_name(own)} and {arm_name(other)} (safe: {shares})."


def _doubt(result: Result) -> str:
    if (result.audit or {}).get("firmly"):
        return f"The chart never compares the two; {wish(result, decide='best')} recommends the better one."
    rows = f"On {result.design['rows']} rows" if result.design else "On these rows"
    pair = frozenset(_rivals(result))
    for comparison in result.comparisons:
        if pair == {comparison["a"], comparison["b"]}:
            low, high = comparison["interval"]
            size, spread = numbers.strength(abs(comparison["difference"])), numbers.strength((high - low) / 2)
            return f"{rows} the difference ({size} ± {spread}) drowns in noise."
    return f"{rows} their difference drowns in noise."


def _if_you_must(result: Result) -> str:
    own = result.recommendation["regularizer"]
    amounts = ", ".join(_amounts(result.recommendation))
    chart = (
        "the chart's answer" if result.settings.get("decide", "chart") == "chart" else "the best of the four"
    )
    taken = result.subsample
    more = (
        f"{wish(result, rows=2 * taken['rows'])} takes more of the {taken['of']}."
        if taken and 2 * taken["rows"] <= taken["of"]
        else "More rows would settle it."
    )
    return f"If you must choose: {arm_name(own)}, {chart}{f' ({amounts})' if amounts else ''}. {more}"
