"""The first lines of an answer: which regularizers do, which one to start with, how strong, how sure."""

from collections.abc import Sequence

from regchoose.records.experiment import LEAST_ROPE
from regchoose.records.words import ARM_NAMES, ARMS, Arm, count_of
from regchoose.report import numbers
from regchoose.report.command import write_request
from regchoose.report.safe_text import plain
from regchoose.result.document import RunResult

# Of an answer: how sure it is, and how that is shown. Green is kept for firm ones of which nothing warns.
STYLES = {"sure": "bold green", "leaning": "bold yellow", "undecided": "bold red"}
FIRM = 0.95  # of `safe`, where no further stage could have followed
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
KINDS = {"regression": "a number: regression", "binary": "two classes", "multiclass": "{} classes"}
UNCALIBRATED = "These percentages are uncalibrated: such runs were not checked on tables with known answers."


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
        best = max(trained, key=lambda arm: _safe(result, arm))
        return f"The chart ends at {name_arm(recommended)}, but {name_arm(best)} does better here."
    good, worse = [arm for arm in ARMS if arm in advice.as_good], list(advice.worse)
    text = _name_the_good(result, good, worse) if good else _leave_open(result, worse)
    return f"{text} Not trained: {_join(lacking)}." if (lacking := _find_untrained(result)) else text


def write_start(result: RunResult) -> str:
    """Return the second line: what to start with, how strong, how long, and how sure that is."""
    return ", ".join(list_amounts(result)) + (f" ({badge})." if (badge := write_badge(result)) else ".")


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
    """Return how sure the answer is in a word or two; empty where something else must be known first."""
    advice = result.recommendation
    if advice.certainty == "prior":
        return f"a guess: right in at most {numbers.percent(advice.probability or 0.6)} of cases"
    if advice.caution:
        return ""
    of = f" of the {COUNTED.get(len(result.arms), 'one')} trained" if _find_untrained(result) else ""
    return f"{advice.certainty}: {numbers.probability(advice.safe)} sure{of}"


def choose_style(result: RunResult) -> str:
    """Return the key of the style: sure, leaning or undecided."""
    advice = result.recommendation
    if advice.certainty == "undecided":
        return "undecided"
    doubtful = (
        advice.caution or not advice.calibrated or result.partial or _find_untrained(result) or _edges(result)
    )
    return "sure" if advice.certainty == "firm" and not doubtful else "leaning"


def write_task(result: RunResult) -> str:
    """Return the third line: what is predicted, why that, and from what."""
    data = result.data
    kind = KINDS[data.task].format(len(data.classes))
    last = data.columns and data.columns[-1].name == data.target
    by = "the last column" if last else f"the column called {data.target}"
    how = f"{kind}; {by}" if is_guessed(result) else kind
    used = len(data.used)
    source = f"{count_of(used, 'column')} and " if used and data.image is None else ""
    rows = count_of(data.rows, "row" if data.image is None else "image")
    return f"Predicting {data.target} ({how}) from {source}{rows}."


def list_reasons(result: RunResult) -> list[str]:
    """Return what explains the first lines: columns left out, another way than the chart's, doubts."""
    unused = [*filter(None, [_list_unused(result)])]
    if result.recommendation.certainty == "prior":
        return unused
    doubt = {"undecided": _explain_doubt, "leaning": _explain_leaning}.get(result.recommendation.certainty)
    return [
        *unused,
        *_depart_from_chart(result),
        *filter(None, [doubt(result) if doubt and not result.recommendation.caution else ""]),
        *([] if result.recommendation.calibrated else [UNCALIBRATED]),
    ]


def list_warnings(result: RunResult) -> list[str]:
    """Return the warnings of a result, those of the answer first."""
    partial = ["this answer is partial: the run was cut short"] if result.partial else []
    return [*partial, *_edges(result), *result.data.warnings]


def write_details(result: RunResult) -> list[str]:
    """Return what stands under the headline, a sentence or two a line."""
    return [write_start(result), write_task(result), *list_reasons(result)]


def is_guessed(result: RunResult) -> bool:
    """Say whether nobody named the target."""
    return result.settings.target is None and result.data.dialect.format != "memory"


def count_more_rows(result: RunResult) -> int | None:
    """Return the rows that a surer answer may take: twice as many; None where there are none."""
    taken = result.subsample
    return None if taken is None or 2 * taken.rows > taken.of else 2 * taken.rows


def name_arm(arm: Arm) -> str:
    """Return an arm's name for a sentence, in which `none` could be taken for none of them."""
    return "no penalty" if arm == "none" else ARM_NAMES[arm]


# ---- the headline ----------------------------------------------------------------------------------


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
    arms = sorted((arm for arm, _ in result.arms.items()), key=lambda arm: -_safe(result, arm))
    rivals = [arm for arm in arms if arm not in worse]
    rows = f"{result.design.rows:,} rows" if result.design else "these rows"
    if len(rivals) > 3:
        return f"Undecided: {rows} cannot tell the {COUNTED[len(rivals)]} apart."
    names = capitalize(_join(rivals, by="or"))
    return f"{names}: {rows} cannot tell {'them apart' if len(rivals) > 1 else 'more'}{_add_worse(worse)}."


def _name_the_good(result: RunResult, good: Sequence[Arm], worse: Sequence[Arm]) -> str:
    if len(good) == len(result.arms) > 1:
        simplest = ", and no penalty is the simplest" if "none" in good else ""
        return f"Any of the {COUNTED[len(good)]} does{simplest}: they make no practical difference here."
    if "none" in good:
        others = [arm for arm in good if arm != "none"]
        if not others and len(worse) == len(result.arms) - 1:
            return f"Use no penalty: {_join(worse)} {'all do' if len(worse) > 1 else 'does'} worse."
        why = f"{_join(others)} {_do(others)} no better" if others else "the network does as well without"
        return f"No penalty is needed: {why}{_add_worse(worse)}."
    gain, better = result.recommendation.gain, "better than none"
    if gain is not None and gain.value > 0:
        better = f"{numbers.percent(gain.value)} better than none"
    if len(good) == 1:
        name = ARM_NAMES[good[0]]
        text = f"Use {name}: it does {better}" if "none" in worse else f"{name} does as well as any"
    elif "none" in worse:
        text = f"Use a penalty: {_join(good)} do equally well here, and {better}"
    else:
        text = f"{_join(good)} do equally well here"
    text += _add_worse([arm for arm in worse if arm != "none"])
    return text + ("." if "none" in worse or "none" not in dict(result.arms.items()) else OPEN)


OPEN = "; whether any penalty is needed stays open."


def _add_worse(worse: Sequence[Arm]) -> str:
    return f"; {_join(worse)} {'is' if len(worse) == 1 else 'are'} worse" if worse else ""


def _join(arms: Sequence[Arm], *, by: str = "and") -> str:
    names = [name_arm(arm) for arm in arms]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {by} {names[-1]}"


def _do(arms: Sequence[Arm]) -> str:
    return "does" if len(arms) == 1 else "do"


def capitalize(words: str) -> str:
    """Return words as a sentence begins."""
    return words[:1].upper() + words[1:]


# ---- under it --------------------------------------------------------------------------------------


def _find_untrained(result: RunResult) -> list[Arm]:
    """Return the arms that a run without `--no-audit` should have trained and did not, for want of time."""
    trained = dict(result.arms.items())
    wanted = ARMS if trained and result.settings.audit is not False else ()
    return [arm for arm in wanted if arm not in trained]


def _edges(result: RunResult) -> list[str]:
    """Warn of strengths at the edge of the grid, for arms that are not worse."""
    return [
        f"{ARM_NAMES[arm]} found its strength at the {figures.at_grid_edge.replace('est', '')} end of those "
        "tried; a better one may lie beyond"
        for arm, figures in result.arms.items()
        if figures.at_grid_edge and arm == result.recommendation.regularizer
    ]


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
    safe = numbers.probability(_safe(result, chart_arm))
    return [
        f"The chart ends at {name_arm(chart_arm)}, which is as good as any with only {safe}: "
        f"{name_arm(advice.regularizer)} takes its place."
    ]


def _safe(result: RunResult, arm: Arm) -> float:
    figures = result.arms.get(arm)
    return 0.0 if figures is None or figures.safe is None else figures.safe


def _explain_doubt(result: RunResult) -> str:
    rows = count_more_rows(result)
    if rows is None:
        return "All rows are in it, so only more data can tell; until then any that is not worse will do."
    return f"{write_request(result, rows=rows)} takes twice as many of the rows, which may decide it."


def _explain_leaning(result: RunResult) -> str:
    """Say why an answer is not firm, where its figure alone does not."""
    safe, firm = result.recommendation.safe, None if result.design is None else result.design.firm_from
    if safe is None or firm is None or not FIRM <= safe < firm:
        return ""
    return f"Firm would be from {100 * firm:g} % here, since a stage on more rows could have followed."
