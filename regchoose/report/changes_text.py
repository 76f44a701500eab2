"""What changed between two results, for people: at a terminal and as Markdown."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from regchoose.records import numbers
from regchoose.records.answers import Gate
from regchoose.records.words import ARM_NAMES, arm_phrase
from regchoose.report.as_markdown import write_gate_line
from regchoose.report.command import write_value
from regchoose.report.safe_markdown import code_span, join_sections, markdown_table, prose
from regchoose.report.safe_text import plain
from regchoose.result.comparison import ResultComparison
from regchoose.result.document import RunResult

MOST = 12  # names of a list, or lines of a section
VERDICT: dict[str, Callable[[Any], str]] = {
    "regularizer": arm_phrase,
    "certainty": plain,
    "safe": numbers.probability,
}
NAMES = {str(arm): name for arm, name in ARM_NAMES.items()}
NOISE = "the intervals overlap: it may be noise"


@dataclass(frozen=True)
class ChangeLine:
    """One thing that changed: what it was, is, and by how much."""

    name: str
    old: str
    new: str
    note: str = ""
    of_data: bool = False  # whether the name comes from the data


def write_changes_headline(comparison: ResultComparison, old: RunResult, new: RunResult) -> str:
    """Say in a sentence whether the recommendation changed."""
    before, after = (arm_phrase(result.recommendation.regularizer) for result in (old, new))
    columns = [{column.name for column in result.data.columns} for result in (old, new)]
    if comparison.target_changed or (all(columns) and columns[0].isdisjoint(columns[1])):
        targets = [plain(result.data.target, longest=60) for result in (old, new)]
        return f"These are two tables: {before} for {targets[0]}, {after} for {targets[1]}."
    if comparison.regularizer_changed:
        good = [result.recommendation.as_good for result in (old, new)]
        names = {old.recommendation.regularizer, new.recommendation.regularizer}
        if all(names.issubset(arms) for arms in good):
            both = "and each result calls both as good as any"
            return f"Another name, the same answer: {before} → {after}, {both}."
        return f"The recommendation changed: {before} → {after}."
    sure = f", and is {new.recommendation.certainty} instead of {old.recommendation.certainty}"
    return f"The recommendation is still {after}{sure * comparison.certainty_changed}."


def explain_changes(comparison: ResultComparison) -> str:
    """Say what differs in what went in."""
    causes = {
        "the data": comparison.data_changed,
        "the settings": comparison.settings_changed,
        "the network": comparison.network_changed,
        "the version": comparison.version_changed,
    }
    differ = [name for name, changed in causes.items() if changed]
    if differ:
        return f"What went in differs: {', '.join(differ)}."
    if comparison.changed:
        return (
            "Data, settings and version are the same: the kind of machine, or --budget, made the difference."
        )
    return "Data, settings and version are the same, and so is all that came out."


def list_changes(
    comparison: ResultComparison, old: RunResult, new: RunResult
) -> list[tuple[str, list[ChangeLine]]]:
    """Return what changed in lines, by subject; subjects without change are left out."""
    of = ", of another target" if comparison.target_changed or comparison.task_changed else ""
    parts = {
        "Recommendation": _compare_recommendations(comparison, old, new),
        f"Losses of the arms{of}": [
            _line(NAMES[change.name], numbers.loss, [change.old, change.new]) for change in comparison.arms
        ],
        "Table": _compare_tables(comparison, old, new),
        "Settings": [
            ChangeLine(
                f"--{change.name.replace('_', '-')}", _short_value(change.old), _short_value(change.new)
            )
            for change in comparison.settings_changed
        ],
        "Version": [ChangeLine("regchoose", old.regchoose_version, new.regchoose_version)],
    }
    # What differs only beyond the digits shown is left to the JSON document.
    sections = {title: [line for line in lines if line.old != line.new] for title, lines in parts.items()}
    return [(title, lines) for title, lines in sections.items() if lines]


def _compare_recommendations(
    comparison: ResultComparison, old: RunResult, new: RunResult
) -> list[ChangeLine]:
    a, b = old.recommendation, new.recommendation
    differ = {change.name for change in comparison.figures}
    lines = [
        _line(name, write, [getattr(a, name), getattr(b, name)])
        for name, write in VERDICT.items()
        if name in differ
    ]
    if comparison.loss_increase:
        losses = [arm and arm.loss for arm in (old.recommended, new.recommended)]
        lines.append(
            _line(
                "loss", numbers.loss, losses, note=_describe_loss_change(comparison, comparison.loss_increase)
            )
        )
    if "gain" in differ:
        gains = [None if side.gain is None else side.gain.value for side in (a, b)]
        lines.append(_line("gain over none", numbers.percent, gains))
    for key, factor in (("l1", comparison.l1_factor), ("l2", comparison.l2_factor)):
        if key in differ:
            note = f"× {factor:.2g}" if factor else ""
            lines.append(_line(key, numbers.strength, [getattr(a, key), getattr(b, key)], note=note))
    if "nonzero_share" in differ:
        lines.append(_line("zeros", numbers.zeros, [a.nonzero_share, b.nonzero_share]))
    epochs = [None if side.training is None else side.training.stop_epoch for side in (a, b)]
    return [*lines, _line("epochs", _short_value, epochs)] if epochs[0] != epochs[1] else lines


def _line(name: str, write: Callable[[Any], str], values: Sequence[Any], *, note: str = "") -> ChangeLine:
    old, new = (numbers.MISSING if value is None else write(value) for value in values)
    return ChangeLine(name, old, new, note)


def _describe_loss_change(comparison: ResultComparison, increase: float) -> str:
    share = numbers.percent(abs(comparison.loss_increase_share or 0))
    side = "more" if increase > 0 else "less"
    size = f"{numbers.difference(increase)}, {share} {side}"
    return f"{size}; {NOISE}" if comparison.intervals_overlap else size


def _compare_tables(comparison: ResultComparison, old: RunResult, new: RunResult) -> list[ChangeLine]:
    lines = [
        ChangeLine(key, plain(getattr(old.data, key)), plain(getattr(new.data, key)))
        for key in ("rows", "target", "task")
        if getattr(old.data, key) != getattr(new.data, key)
    ]
    columns = {"columns added": comparison.columns_added, "columns removed": comparison.columns_removed}
    for title, names in columns.items():
        if names:
            lines.append(ChangeLine(title, "", _list_names(names)))
    lines += [
        ChangeLine(plain(change.name), plain(change.old), plain(change.new), of_data=True)
        for change in comparison.roles_changed[:MOST]
    ]
    if len(comparison.roles_changed) > MOST:
        lines.append(ChangeLine("roles", "", f"{len(comparison.roles_changed) - MOST} columns more"))
    warnings = {"new warning": comparison.warnings_added, "warning gone": comparison.warnings_removed}
    for title, texts in warnings.items():
        lines += [ChangeLine(title, "", plain(text, longest=300)) for text in texts[:MOST]]
    if comparison.data_changed and not lines:
        lines.append(ChangeLine("values", "", "other values in the same rows and columns"))
    return lines


def _list_names(names: Sequence[str]) -> str:
    more = [f"and {len(names) - MOST} more"] if len(names) > MOST else []
    return ", ".join([*(plain(name, longest=60) for name in names[:MOST]), *more])


def _short_value(value: Any) -> str:
    return plain(write_value(value), longest=80)


# ---- two renderings --------------------------------------------------------------------------------


def render_changes(comparison: ResultComparison, old: RunResult, new: RunResult) -> RenderableType:
    """Return what changed for a rich console; text from data comes in as plain text."""
    style = "bold yellow" if comparison.regularizer_changed else "bold"
    parts: list[RenderableType] = [
        Text(write_changes_headline(comparison, old, new), style=style),
        Text(explain_changes(comparison)),
    ]
    for title, lines in list_changes(comparison, old, new):
        grid = Table.grid(padding=(0, 2, 0, 0))
        for _ in range(2):
            grid.add_column(overflow="fold")
        for line in lines:
            words = f"{line.old} → {line.new}" if line.old else line.new
            grid.add_row(Text(line.name), Text(f"{words}   {line.note}".rstrip()))
        parts += ["", Text(title, style="bold"), Padding(grid, (0, 0, 0, 2), expand=False)]
    return Group(*parts)


def changes_as_markdown(
    comparison: ResultComparison, old: RunResult, new: RunResult, gate: Gate | None = None
) -> str:
    """Return what changed as Markdown, fit for a comment."""
    paths = [code_span(result.data.path) for result in (old, new)]
    parts = [
        [f"## {prose(write_changes_headline(comparison, old, new))}"],
        [prose(explain_changes(comparison))],
    ]
    if gate is not None:
        parts.append([write_gate_line(gate)])
    for title, lines in list_changes(comparison, old, new):
        rows = [
            [
                code_span(line.name) if line.of_data else prose(line.name),
                *map(prose, (line.old, line.new, line.note)),
            ]
            for line in lines
        ]
        parts.append([f"### {title}", "", *markdown_table(["", "old", "new", ""], rows)])
    where = paths[0] if paths[0] == paths[1] else f"{paths[0]}, then {paths[1]}"
    parts.append([f"Table: {where}."])
    return join_sections(parts)
