"""What stands under the first two lines of an answer: the task, reasons, doubts, warnings."""

from regchoose.records import numbers
from regchoose.records.words import ARM_NAMES, count_of
from regchoose.report.arms_table import sort_arms
from regchoose.report.command import write_request
from regchoose.report.safe_text import plain
from regchoose.result.document import RunResult
from regchoose.result.headline import (
    capitalize,
    find_departure,
    find_untrained,
    join_arms,
    name_arm,
    safe_of,
    write_start,
)

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
KINDS = {"regression": "a number: regression", "binary": "two classes", "multiclass": "{} classes"}
UNCALIBRATED = "These percentages are uncalibrated: such runs were not checked on tables with known answers."


def choose_style(result: RunResult) -> str:
    """Return the key of the style: sure, leaning or undecided."""
    advice = result.recommendation
    if advice.certainty == "undecided":
        return "undecided"
    doubtful = (
        advice.caution or not advice.calibrated or result.partial or find_untrained(result) or _edges(result)
    )
    return "sure" if advice.certainty == "firm" and not doubtful else "leaning"


def write_task(result: RunResult) -> str:
    """Return the third line: what is predicted, why that, and from what."""
    data = result.data
    kind = KINDS[data.task].format(len(data.classes))
    # Of a guess `inspect` says more: what spoke against other columns, and how to name one.
    why = data.target_why.rpartition(", as ")[0] or data.target_why
    how = f"{kind}; {why}" if is_guessed(result) else kind
    used = len(data.used)
    source = f"{count_of(used, 'column')} and " if used and data.image is None else ""
    rows = count_of(data.rows, "row" if data.image is None else "image")
    return f"Predicting {data.target} ({how}) from {source}{rows}."


def list_reasons(result: RunResult) -> list[str]:
    """Return what explains the first lines: columns left out, another way than the chart's, doubts."""
    unused = [*filter(None, [_list_unused(result)])]
    if result.recommendation.certainty == "prior":
        return unused
    explain = {"undecided": _explain_doubt, "leaning": _explain_leaning}.get(result.recommendation.certainty)
    return [
        *unused,
        *_depart_from_chart(result),
        *(explain(result) if explain and not result.recommendation.caution else []),
        *_keep_to_chart(result),
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


# ---- under it --------------------------------------------------------------------------------------


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
    advice, chart_arm = result.recommendation, find_departure(result)
    if chart_arm is None:
        return []
    safe = safe_of(result, chart_arm)
    why = "is surer" if safe_of(result, advice.regularizer) > safe else "takes its place"
    return [
        f"The chart ends at {name_arm(chart_arm)}, which is only {numbers.probability(safe)} sure to be as "
        f"good as any: {name_arm(advice.regularizer)} {why}."
    ]


def _keep_to_chart(result: RunResult) -> list[str]:
    """Name the arms that are as sure and have a lower loss, where the chart ended elsewhere.

    That no penalty is the simplest, the first line says itself.
    """
    advice = result.recommendation
    named = result.arms.get(advice.regularizer)
    kept = advice.certainty in ("firm", "leaning") and advice.follows_chart and not advice.caution
    if not kept or named is None or advice.regularizer == "none":
        return []
    rivals = [
        arm
        for arm, figures in sort_arms(result)
        if figures.loss < named.loss and safe_of(result, arm) >= safe_of(result, advice.regularizer)
    ]
    if not rivals:
        return []
    several = len(rivals) > 1
    which = "are as sure choices, with lower losses" if several else "is as sure a choice, with a lower loss"
    return [f"{capitalize(join_arms(rivals))} {which}; the chart ends at {name_arm(advice.regularizer)}."]


def _explain_doubt(result: RunResult) -> list[str]:
    rows = count_more_rows(result)
    if rows is None:
        more = "All rows were used, so only more data can tell; until then any that is not worse will do."
    else:
        more = f"{write_request(result, rows=rows)} takes twice as many of the rows, which may decide it."
    return [*_explain_choice(result), more]


def _explain_choice(result: RunResult) -> list[str]:
    """Say why an arm is named though others are surer to be as good as any."""
    named = result.recommendation.regularizer
    safe = {arm: safe_of(result, arm) for arm, _ in result.arms.items()}
    surer = [arm for arm in safe if numbers.probability(safe[arm]) != numbers.probability(safe[named])]
    surer = sorted((arm for arm in surer if safe[arm] > safe[named]), key=lambda arm: -safe[arm])
    lowest = min(result.arms.items(), key=lambda item: item[1].criterion)[0]
    if not surer or named in result.recommendation.worse:
        return []
    name = name_arm(named)
    why = f"{capitalize(name)} has the lowest loss plus standard error, by which strengths are chosen"
    most = f"{'up to ' if len(surer) > 1 else ''}{numbers.probability(safe[surer[0]])}"
    return [
        f"{why if named == lowest else f'The chart ends at {name}'}; {join_arms(surer)} "
        f"{'are' if len(surer) > 1 else 'is'} surer to be as good as any ({most})."
    ]


def _explain_leaning(result: RunResult) -> list[str]:
    """Say why an answer is not firm, where its figure alone does not."""
    safe, firm = result.recommendation.safe, None if result.design is None else result.design.firm_from
    if safe is None or firm is None or not FIRM <= safe < firm:
        return []
    return [f"Firm would be from {100 * firm:g} % here, since a stage on more rows could have followed."]
