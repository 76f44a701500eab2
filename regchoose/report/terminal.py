"""A result, as it is read at a terminal. Text from data comes in as plain text, never as markup."""

import io
import shlex
from collections.abc import Iterable

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from regchoose.records.answers import AnsweredBy
from regchoose.report import numbers
from regchoose.report.arms_table import arms_table
from regchoose.report.command import EXPERIMENT, is_in_memory, write_command, write_request
from regchoose.report.safe_text import ascii_only, plain
from regchoose.report.verdict_text import CERTAINTY_STYLE, list_warnings, write_details, write_headline
from regchoose.result.document import PathStep, RunResult

MARGIN = 40  # columns from which the table of the arms is indented
ANSWERED_BY: dict[AnsweredBy | None, str] = {
    "user": "your answer",
    "flag": "set beforehand",
    "default": "by default",
    "measured": "measured",
    "trained": "trained",
    None: "",
}


def render_result(
    result: RunResult, *, width: int, brief: bool = False, saved: str | None = None
) -> RenderableType:
    """Return a result for a rich console: verdict, warnings, arms, the way through the chart, what is next.

    Parameters
    ----------
    result : RunResult
    width : int
        Columns there are; good from 40 up.
    brief : bool
        The verdict alone.
    saved : str, optional
        The file that it was written to.
    """
    advice = result.recommendation
    style = CERTAINTY_STYLE["leaning" if advice.caution else advice.certainty]  # no green under a warning
    verdict = [Text(plain(write_headline(result)), style=style), *_render_sentences(write_details(result))]
    if brief:
        return Group(*verdict)
    sections: list[RenderableType] = [*verdict, *_render_warnings(result)]
    if result.arms:
        margin = 2 if width >= MARGIN else 0
        table = arms_table(result, width=width - margin)
        sections += ["", Padding(Group(table, *_render_caption(result)), (0, 0, 0, margin), expand=False)]
    sections += ["", _render_heading("The way through the chart"), _render_path(result)]
    sections += ["", _render_heading("Beyond the chart"), _render_beyond(result)]
    return Group(*sections, "", _render_next(result, width=width, saved=saved))


def render_as_text(result: RunResult, *, width: int, in_ascii: bool = False, brief: bool = False) -> str:
    """Return `render_result` without colours; with `in_ascii`, our marks and other letters in ASCII."""
    return capture_text(render_result(result, width=width, brief=brief), width=width, in_ascii=in_ascii)


def capture_text(renderable: RenderableType, *, width: int, in_ascii: bool = False) -> str:
    """Return what a console would show, without colours and trailing blanks."""
    stream = io.StringIO()
    Console(file=stream, width=width, color_system=None, force_terminal=False, legacy_windows=False).print(
        renderable
    )
    lines = "".join(f"{line.rstrip()}\n" for line in stream.getvalue().splitlines())
    return ascii_only(lines) if in_ascii else lines


def _render_heading(words: str) -> Text:
    return Text(words, style="bold")


def _render_sentences(lines: Iterable[str]) -> list[Text]:
    return [Text(plain(line, longest=1000)) for line in lines if line]


def _render_warnings(result: RunResult) -> list[RenderableType]:
    return [Text(f"warning: {plain(line, longest=300)}", style="yellow") for line in list_warnings(result)]


def _render_items(rows: Iterable[tuple[str | Text, RenderableType]]) -> Padding:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for mark, body in rows:
        grid.add_row(mark, body)
    return Padding(grid, (0, 0, 0, 2), expand=False)


def _render_path(result: RunResult) -> RenderableType:
    rows: list[tuple[str | Text, RenderableType]] = []
    for step in result.path:
        if step.kind == "question":
            answer = Text(plain(step.answer), style="bold")
            answer.append(f" · {ANSWERED_BY[step.answered_by]}", style="not bold dim")
            for line in filter(None, (step.evidence, _describe_estimate(result, step))):
                answer.append(f" · {plain(line, longest=400)}", style="not bold")
            rows.append((str(len(rows) + 1), Group(Text(plain(step.text)), answer)))
    rows.append(("→", _render_heading(plain(result.path[-1].text))))
    return _render_items(rows)


def _describe_estimate(result: RunResult, step: PathStep) -> str:
    """Return how long the experiment was thought to take, where that decided."""
    seconds = result.execution.estimates.seconds
    decided = step.key in ("resources", "validation") and step.answered_by == "measured"
    return f"about {numbers.duration(seconds)}" if decided and seconds is not None else ""


def _render_caption(result: RunResult) -> list[RenderableType]:
    """Say for which rows the strengths of the table are, where those above are for others."""
    size = result.recommendation.subsample_size
    if not size or not result.recommendation.rule:
        return []
    return [Padding(Text(f"l1 and l2 as trained, on {size.rows:,} rows", style="dim"), (0, 0, 0, 3))]


def _render_beyond(result: RunResult) -> RenderableType:
    rows: list[tuple[str | Text, RenderableType]] = [
        ("–", Text(plain(line, longest=600))) for line in result.beyond
    ]
    audit = write_request(result, audit=True)
    if not result.arms:
        rows.append(
            ("–", Text(f"No experiment was run; {write_request(result, **EXPERIMENT)} asks for one."))
        )
    elif not result.audit:
        rows.append(("–", Text(f"The arm that the chart skips was not trained; {audit} trains it too.")))
    rows += [("–", Text(line)) for line in [*_describe_length(result), *_describe_strengths(result)]]
    return _render_items(rows)


def _describe_length(result: RunResult) -> list[str]:
    """Say how the recommended network was trained."""
    training = result.recommendation.training
    if not training:
        return []
    stop, end, rate = training.stop_epoch, training.schedule_epochs, training.lr
    when = "trained to the end" if stop == end else f"stopped after epoch {stop}"
    return [
        f"The length belongs to it: {end} epochs of Adam, {training.batch} rows a step, rate {rate:g} "
        f"falling to 0 as a cosine, {when}."
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


def _render_next(result: RunResult, *, width: int, saved: str | None) -> RenderableType:
    trained = bool(result.recommendation.training or result.arms)
    more = {"preset": "thorough"} if trained else EXPERIMENT
    doubtful = result.recommendation.certainty != "firm" and result.settings.preset != "thorough"
    lines = [write_command(result, also=more)] if doubtful or not trained else []
    file = shlex.quote(plain(saved or "result.json"))
    if is_in_memory(result):
        lines += [] if saved is not None else [f"result.save({file!r})"]
    elif saved is None:
        lines.append(f"{write_command(result)} -o {file}")
    table = trained and not result.data.image and not is_in_memory(result)
    following = [f"regchoose export {file} --to pytorch"] * table + [
        f"regchoose report {file} -o report.html"
    ]
    joined = "     ".join(following)
    lines += [joined] if len(joined) + 7 <= width else following
    grid = Table.grid(padding=(0, 3, 0, 0))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for place, line in enumerate(lines):
        grid.add_row("Next" if place == 0 else "", Text(line))
    return grid
