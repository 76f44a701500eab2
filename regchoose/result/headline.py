"""The first two lines of an answer: which regularizers do, which one to start with, how strong, how sure."""

from collections.abc import Sequence

from regchoose.records import numbers
from regchoose.records.experiment import LEAST_ROPE
from regchoose.records.words import ARM_NAMES, ARMS, Arm, count_of
from regchoose.result.document import Recommendation, RunResult

COUNTED = {2: "two", 3: "three", 4: "four"}
OPEN = "; whether any penalty is needed stays open."


def write_headline(result: RunResult) -> str:
    """Return the first line, about all regularizers: which do as well as any, and which do worse.

    That nothing predicts the target, or that something gives it away, comes first.
    """
    advice = result.recommendation
    recommended = advice.regularizer
    if advice.certainty == "prior":
        start = f"Start with {name_arm(recommended)}" if recommended != "none" else "Start without a penalty"
        return f"{start}, by prior knowledge alone: nothing was trained."
    if advice.caution:
        return _warn_first(result)
    trained = [arm for arm, _ in result.arms.items()]
    if recommended in advice.worse:
        best = max(trained, key=lambda arm: safe_of(result, arm))
        return f"The chart ends at {name_arm(recommended)}, but {name_arm(best)} does better here."
    good, worse = [arm for arm in ARMS if arm in advice.as_good], list(advice.worse)
    text = _name_the_good(result, good, worse) if good else _leave_open(result, worse)
    return f"{text} Not trained: {join_arms(lacking)}." if (lacking := find_untrained(result)) else text


def write_start(result: RunResult) -> str:
    """Return the second line: what to start with, how strong, how long, and how sure that is."""
    return ", ".join(list_amounts(result)) + (f" ({badge})." if (badge := write_badge(result)) else ".")


def write_sentence(result: RunResult) -> str:
    """Return both lines as one text, as the document has it."""
    return f"{write_headline(result)} {write_start(result)}"


def list_amounts(result: RunResult) -> list[str]:
    """Return what to start with, its strengths, and for how long it is trained."""
    advice = result.recommendation
    if advice.certainty == "prior":
        tried = "" if advice.regularizer == "none" else "Try strengths of 0.001, 0.01, 0.1 and 1"
        return [tried] if tried else ["There is no strength to choose"]
    opening = {"firm": "Start with", "leaning": "Rather start with", "undecided": "If you must choose:"}
    words = "If you must choose:" if advice.caution else opening[advice.certainty]
    if advice.regularizer == "none" and not words.endswith(":"):
        words, name = words.replace("with", "without"), "a penalty"
    else:
        name = name_arm(advice.regularizer)
    epochs = [count_of(advice.training.stop_epoch, "epoch")] if advice.training else []
    return [f"{words} {name}", *numbers.strengths(advice.l1, advice.l2), *epochs]


def write_badge(result: RunResult) -> str:
    """Return how sure the answer is, and of what; empty where something else must be known first."""
    advice = result.recommendation
    if advice.certainty == "prior":
        return f"a guess: right in at most {numbers.percent(advice.probability or 0.6)} of cases"
    if advice.caution:
        return ""
    of = f" of the {COUNTED.get(len(result.arms), 'one')} trained" if find_untrained(result) else ""
    sure = f"{numbers.probability(advice.safe)} sure this is as good as any{of}"
    return f"{write_certainty(advice)}: {sure}"


def write_certainty(advice: Recommendation) -> str:
    """Return the certainty in a word, and that it is uncalibrated where that is so."""
    known = advice.calibrated or advice.certainty == "prior"
    return advice.certainty if known else f"{advice.certainty}, uncalibrated"


def find_departure(result: RunResult) -> Arm | None:
    """Return the arm at which the chart ends where another is recommended; None where it is followed."""
    advice = result.recommendation
    ends = (arm for arm in ARMS if advice.chart_outcome == f"start_{arm}")
    return None if advice.follows_chart else next(ends, None)


def name_arm(arm: Arm) -> str:
    """Return an arm's name for a sentence, in which `none` could be taken for none of them."""
    return "no penalty" if arm == "none" else ARM_NAMES[arm]


def find_untrained(result: RunResult) -> list[Arm]:
    """Return the arms that a run without `--no-audit` should have trained and did not, for want of time."""
    trained = dict(result.arms.items())
    wanted = ARMS if trained and result.settings.audit is not False else ()
    return [arm for arm in wanted if arm not in trained]


def safe_of(result: RunResult, arm: Arm) -> float:
    """Return how sure it is that an arm is as good as any; 0 where it was not trained."""
    figures = result.arms.get(arm)
    return 0.0 if figures is None or figures.safe is None else figures.safe


def join_arms(arms: Sequence[Arm], *, by: str = "and") -> str:
    """Return arms as a sentence lists them."""
    names = [name_arm(arm) for arm in arms]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {by} {names[-1]}"


def capitalize(words: str) -> str:
    """Return words as a sentence begins."""
    return words[:1].upper() + words[1:]


# ---- the kinds of headline --------------------------------------------------------------------------


def _warn_first(result: RunResult) -> str:
    target, leaks = result.data.target, result.data.leaks
    if result.recommendation.caution == "nothing":
        mean = "its mean" if result.data.task == "regression" else "the class shares"
        return f"Nothing here predicts {target}: no network does better than {mean}."
    if leaks:
        more = f" and {count_of(len(leaks) - 1, 'other column')}" if len(leaks) > 1 else ""
        verb = "give" if more else "gives"
        return f"The column {leaks[0]}{more} {verb} {target} away, so nothing here is sure."
    design = result.design
    lowest = min(figures.loss for _, figures in result.arms.items())
    if design is not None and lowest <= LEAST_ROPE * design.loss_null:
        return f"{target} is predicted without loss: look for columns that give it away."
    return f"A column gives {target} away (see the warnings), so nothing here is sure."


def _leave_open(result: RunResult, worse: Sequence[Arm]) -> str:
    arms = sorted((arm for arm, _ in result.arms.items()), key=lambda arm: -safe_of(result, arm))
    rivals = [arm for arm in arms if arm not in worse]
    rows = f"{result.design.rows:,} rows" if result.design else "these rows"
    if len(rivals) > 3:
        return f"Undecided: {rows} cannot tell the {COUNTED[len(rivals)]} apart."
    names = capitalize(join_arms(rivals, by="or"))
    return f"{names}: {rows} cannot tell {'them apart' if len(rivals) > 1 else 'more'}{_add_worse(worse)}."


def _name_the_good(result: RunResult, good: Sequence[Arm], worse: Sequence[Arm]) -> str:
    if len(good) == len(result.arms) > 1:
        simplest = ", and no penalty is the simplest" if "none" in good else ""
        return f"Any of the {COUNTED[len(good)]} does{simplest}: they make no practical difference here."
    if "none" in good:
        others = [arm for arm in good if arm != "none"]
        if not others and len(worse) == len(result.arms) - 1:
            return f"Use no penalty: {join_arms(worse)} {'all do' if len(worse) > 1 else 'does'} worse."
        why = "the network does as well without"
        if others:
            why = f"{join_arms(others)} {'does' if len(others) == 1 else 'do'} no better"
        return f"No penalty is needed: {why}{_add_worse(worse)}."
    gain, better = result.recommendation.gain, "better than none"
    if gain is not None and gain.value > 0:
        better = f"{numbers.percent(gain.value)} better than none"
    if len(good) == 1:
        name = ARM_NAMES[good[0]]
        text = f"Use {name}: it does {better}" if "none" in worse else f"{name} does as well as any"
    elif "none" in worse:
        text = f"Use a penalty: {join_arms(good)} do equally well here, and {better}"
    else:
        text = f"{join_arms(good)} do equally well here"
    text += _add_worse([arm for arm in worse if arm != "none"])
    return text + ("." if "none" in worse or "none" not in dict(result.arms.items()) else OPEN)


def _add_worse(worse: Sequence[Arm]) -> str:
    return f"; {join_arms(worse)} {'is' if len(worse) == 1 else 'are'} worse" if worse else ""
