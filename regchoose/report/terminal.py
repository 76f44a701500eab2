"""A result, as it is read at a terminal. Text from data comes in as plain text, never as markup."""

import io
import shlex
from collections.abc import Iterable
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from regchoose.errors import Word
from regchoose.records import numbers
from regchoose.records.words import count_of
from regchoose.report.arms_table import arms_table, details_table, name_loss
from regchoose.report.command import is_in_memory, request_experiment, write_command, write_request
from regchoose.report.line_wrap import fold
from regchoose.report.path_text import explain_brackets, list_path, write_outcome
from regchoose.report.safe_text import ascii_only, plain
from regchoose.report.verdict_text import (
    STYLES,
    choose_style,
    count_more_rows,
    is_guessed,
    list_reasons,
    list_warnings,
    write_task,
)
from regchoose.result.document import RunResult
from regchoose.result.headline import capitalize, list_amounts, name_arm, write_badge, write_headline

MARGIN = 40  # columns from which the table of the arms is indented
SIDE_BY_SIDE = 72  # columns from which a question, its answer and the evidence share a line
LONGEST_ANSWER = 6  # letters
MUCH = 0.05  # of the loss: what early stopping spares is spoken of from here on
WORTH = 2  # times as far behind the best, trained to the end: from there on early stopping is spoken of


def render_result(
    result: RunResult,
    *,
    width: int,
    brief: bool = False,
    details: bool = False,
    saved: str | None = None,
    no_input: bool = False,
    fold_commands: bool = False,
) -> RenderableType:
    """Return a result for a rich console: verdict, warnings, arms, the way through the chart, what is next.

    Parameters
    ----------
    result : RunResult
    width : int
        Columns there are; good from 40 up.
    brief : bool
        The verdict alone.
    details : bool
        Also how the arms were trained and judged.
    saved : str, optional
        The file that it was written to.
    no_input : bool
        Whether the run asked nothing, as the next one then shall.
    fold_commands : bool
        Whether what is next is folded too. A console that crops would cut it; folded, it cannot be copied.
    """
    sections = _render_verdict(result, width=width)
    if brief:
        return Group(*sections)
    for line in list_warnings(result):
        sections += _render_lines(f"warning: {plain(line, longest=300)}", width, style="yellow", indent=2)
    margin = 2 if width >= MARGIN else 0
    if result.arms:
        table = arms_table(result, width=width - margin)
        sections += ["", Padding(table, (0, 0, 0, margin), expand=False)]
    heading = " ".join(filter(None, ["The way through the chart", explain_brackets(list_path(result))]))
    sections += ["", *_render_lines(heading, width, style="bold"), *_render_path(result, width=width)]
    worth = _list_worth_knowing(result)
    if worth and not details:
        sections += ["", _render_heading("Worth knowing"), *_render_items(worth, width=width)]
    if details:
        sections += ["", _render_heading("In detail")]
        if result.arms:
            own = details_table(result, width=width - margin)
            sections += [Padding(own, (0, 0, 0, margin), expand=False)]
        sections += _render_items(list_details(result), width=width)
    commands = list_next(result, saved=saved, no_input=no_input)
    return Group(*sections, "", *_render_next(commands, folded=fold_commands))


def render_as_text(
    result: RunResult, *, width: int, in_ascii: bool = False, brief: bool = False, details: bool = False
) -> str:
    """Return `render_result` without colours; with `in_ascii`, our marks and other letters in ASCII."""
    rendered = render_result(result, width=width, brief=brief, details=details)
    return capture_text(rendered, width=width, in_ascii=in_ascii)


def capture_text(renderable: RenderableType, *, width: int, in_ascii: bool = False) -> str:
    """Return what a console would show, without colours and trailing blanks."""
    stream = io.StringIO()
    console = Console(file=stream, width=width, color_system=None, force_terminal=False, legacy_windows=False)
    console.print(renderable, crop=False)
    lines = "".join(f"{line.rstrip()}\n" for line in stream.getvalue().splitlines())
    return ascii_only(lines) if in_ascii else lines


def _render_heading(words: str) -> Text:
    return Text(words, style="bold")


def _render_lines(text: str, width: int, *, style: str = "", indent: int = 0) -> list[RenderableType]:
    return [Text(line, style=style) for line in fold(text, width, indent=indent)]


def _render_verdict(result: RunResult, *, width: int) -> list[RenderableType]:
    style = STYLES[choose_style(result)]
    lines = _render_lines(plain(write_headline(result), longest=1000), width, style=style)
    amounts, badge = "   ".join(list_amounts(result)), write_badge(result)
    folded = fold(amounts, width)
    if badge and len(folded[-1]) + 3 + len(badge) <= width:
        gap = " " * (min(width, 80) - len(folded[-1]) - len(badge))
        last = Text.assemble((folded[-1], "bold"), gap if len(gap) > 2 else "   ", (badge, style))
        lines += [*(Text(line, style="bold") for line in folded[:-1]), last]
    else:
        lines += [
            *(Text(line, style="bold") for line in folded),
            *([Text(badge, style=style)] if badge else []),
        ]
    for sentence in [write_task(result), *list_reasons(result)]:
        lines += _render_lines(plain(sentence, longest=1000), width)
    return lines


def _render_items(sentences: Iterable[str], *, width: int) -> list[RenderableType]:
    """Return sentences below each other, each with its first line a little to the left."""
    return [
        Text(f"  {line}")
        for sentence in sentences
        for line in fold(plain(sentence, longest=600), width - 2, indent=2)
    ]


def _render_path(result: RunResult, *, width: int) -> list[RenderableType]:
    path, lines = list_path(result), list[RenderableType]()
    column = max((len(line.question) for line in path), default=0)
    answers = max((len(line.answer) for line in path), default=0) + 2
    for number, line in enumerate(path, start=1):
        question, answer = plain(line.question), plain(line.answer)
        evidence = plain(line.evidence, longest=400)
        lead = f"  {number}  {question:{column}}  "
        beside = fold(evidence, width - len(lead) - answers)
        if width >= SIDE_BY_SIDE and answers <= LONGEST_ANSWER + 2:
            below = beside[1:] and fold(evidence, width - 5)  # what takes several lines has more room there
            first = "" if below else "".join(beside)
            lines.append(Text.assemble(lead, (f"{answer:{answers}}", "bold"), first))
        else:
            lines += [
                Text(f"{'' if at else f'  {number}':5}{part}")
                for at, part in enumerate(fold(question, width - 5))
            ]
            below = fold(": ".join(filter(None, [answer, evidence])), width - 5)
        lines += [Text(f"     {part}") for part in below]
    outcome = fold(plain(write_outcome(result)), width - 5)
    return [*lines, *(_render_heading(f"  {' ' if at else '→'}  {part}") for at, part in enumerate(outcome))]


# ---- worth knowing, and in detail -------------------------------------------------------------------


def _list_worth_knowing(result: RunResult) -> list[str]:
    """Return what a reader would want to know before typing on: a few sentences."""
    advice = result.recommendation
    if not result.arms:
        wish = write_request(result, **request_experiment(result))
        return [f"An experiment says more: {wish} asks for one."] * _can_try(result)
    lines = []
    simpler = None if result.audit is None else result.audit.simpler_equivalent
    if simpler in advice.as_good and advice.regularizer not in (simpler, "none") and not advice.caution:
        what = "needs no strength" if simpler == "none" else "has one strength fewer to tune"
        lines.append(f"{capitalize(name_arm(simpler))} is as good, and {what}.")
    compared = [{pair.a, pair.b} for pair in result.comparisons if pair.question in _passed(result)]
    if advice.gain is not None and {advice.regularizer, "none"} not in compared and not advice.caution:
        lines.append(_describe_gain(result))
    if not advice.caution:
        lines += _describe_stopping(result)
    if advice.full_size is not None:
        lines.append(advice.full_size.sentence)
    if result.audit is None and result.arms and not result.partial:
        audit = write_request(result, audit=True)
        lines.append(f"The penalty that the chart skips was not trained; {audit} trains it too.")
    if is_guessed(result):
        lines.append(
            f"The target was not named: {write_request(result, target=Word('NAME'))} predicts another."
        )
    return lines


def _passed(result: RunResult) -> set[str]:
    return {step.key for step in result.path}


def _can_try(result: RunResult) -> bool:
    """Say whether the rows suffice for an experiment, so that it was declined and not impossible."""
    data, folds = result.data, result.settings.folds or 2
    fewest_of_class = data.rows if data.smallest_class is None else data.smallest_class
    return data.rows >= 4 * folds and fewest_of_class >= 2 * folds


def _describe_gain(result: RunResult) -> str:
    """Say how the recommended arm did against none."""
    advice, name = result.recommendation, name_arm(result.recommendation.regularizer)
    assert advice.gain is not None
    value, (low, high) = advice.gain.value, advice.gain.interval
    ends = numbers.percent_interval((low, min(high, 1.0)) if value >= 0 else (-high, -low))
    side = "lower" if value >= 0 else "higher"
    of = f"The {name_loss(result)} of {name}"
    return f"{of} is {numbers.percent(abs(value))} {side} than without a penalty; 95 % interval {ends}."


def _describe_stopping(result: RunResult) -> list[str]:
    """Say what early stopping does, where it does much of what a penalty would."""
    fixed = None if result.audit is None else result.audit.fixed_length
    losses = {arm: figures.loss for arm, figures in result.arms.items()}
    at_end = {} if fixed is None else dict(fixed.loss.items())
    if fixed is None or "none" not in losses or "none" not in at_end:
        return []
    late, tuned = ((table["none"] - min(table.values())) / table["none"] for table in (at_end, losses))
    if late < WORTH * max(tuned, MUCH / WORTH):
        return []
    return [
        f"Without early stopping, after {fixed.epochs} epochs, going without a penalty loses "
        f"{numbers.percent(late)} to the best; with it, {numbers.percent(max(tuned, 0.0))}."
    ]


def list_details(result: RunResult) -> list[str]:
    """Return how the arms were trained and judged, in sentences."""
    gain = [_describe_gain(result)] if result.recommendation.gain is not None else []
    return [*gain, *result.beyond, *_describe_length(result), *_describe_strengths(result)]


def _describe_length(result: RunResult) -> list[str]:
    """Say how the recommended network was trained."""
    training = result.recommendation.training
    if not training:
        return []
    stop, end, rate = training.stop_epoch, training.schedule_epochs, training.lr
    when = "trained to the end" if stop == end else f"stopped after epoch {stop}"
    return [
        f"The length belongs to it: {count_of(end, 'epoch')} of Adam, "
        f"{count_of(training.batch, 'row')} a step, rate {rate:g} falling to 0 as a cosine, {when}."
    ]


def _describe_strengths(result: RunResult) -> list[str]:
    """Say for how many rows the strengths are, and how they came from the subsample's."""
    advice, lines = result.recommendation, []
    size = advice.subsample_size
    if size and (advice.l1 or advice.l2):
        lines.append(
            f"The strengths are for all {result.data.rows:,} rows: found on {size.rows:,} as "
            f"{', '.join(numbers.strengths(size.l1, size.l2))}, and moved ({plain(advice.rule)})."
            if advice.rule
            else f"The strengths were found on {size.rows:,} rows; {result.data.rows:,} need no others."
        )
    if advice.l1 and advice.l2:
        mix = f"strength {numbers.strength(advice.strength)} and alpha {advice.alpha:.2g}"
        lines.append(f"In the article's words: {mix} (alpha 1 is Ridge, 0 is Lasso).")
    taken = result.subsample
    if taken and taken.rows < taken.of:
        match = "matches the table" if taken.matched else "does not match the table"
        lines.append(f"The subsample, {taken.rows:,} of {taken.of:,} rows, {match}: {plain(taken.reason)}.")
    return lines


# ---- what is next -----------------------------------------------------------------------------------


def list_next(result: RunResult, *, saved: str | None = None, no_input: bool = False) -> list[str]:
    """Return what to type next, each line as a shell or Python takes it; see `render_result`."""
    advice, python = result.recommendation, is_in_memory(result)
    other = _choose_other_settings(result)
    silent = {"no_input": True} if no_input else {}
    lines = []
    if advice.caution == "nothing" and not python:
        lines.append(write_command(result, name="inspect", also=silent))
    if other or (saved is None and not python):
        file_name = None if saved or python else "result.json"
        lines.append(write_command(result, also={**other, **silent}, output=file_name))
    file = shlex.quote(plain(saved or "result.json"))
    if python and saved is None:
        lines.append(f"result.save({file!r})")
    answered = bool(result.arms) and advice.caution != "nothing" and not python
    exported = [f"regchoose export {file} --to pytorch -o train.py"] * (answered and not result.data.image)
    return [*lines, *exported, report_command(file)]


def _choose_other_settings(result: RunResult) -> dict[str, Any]:
    """Return the settings of a run that would say more; empty where there is none."""
    advice = result.recommendation
    used = sum(column.role in ("numeric", "category") for column in result.data.columns)
    if advice.caution == "leak" and 0 < len(result.data.leaks) < max(used, 2):
        return {"exclude": [*(result.settings.exclude or ()), *result.data.leaks]}
    if not result.arms:
        return request_experiment(result) if _can_try(result) else {}
    rows = count_more_rows(result)
    return {"rows": rows} if advice.certainty == "undecided" and not advice.caution and rows else {}


def report_command(file: str) -> str:
    """Return the command that writes the report of a saved result."""
    return f"regchoose report {file} -o report.html"


def _render_next(commands: Iterable[str], *, folded: bool) -> list[RenderableType]:
    """Return a command a line, not folded unless asked for: what is copied from a terminal must run."""
    return [
        Text.assemble(
            ("       " if at else "Next   ", "bold"),
            plain(line, longest=2000),
            no_wrap=not folded,
            overflow="fold" if folded else "ignore",
        )
        for at, line in enumerate(commands)
    ]
