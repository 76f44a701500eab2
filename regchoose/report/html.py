"""A result as one page: no script, nothing loaded, the same bytes for the same result."""

import base64
import hashlib
import re
from collections.abc import Sequence
from importlib.resources import files
from itertools import groupby
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from regchoose.flowchart.charts import CHARTS
from regchoose.records import numbers
from regchoose.records.words import ARM_NAMES
from regchoose.report.arms_table import arm_cells, sort_arms
from regchoose.report.chart_svg import draw_svg
from regchoose.report.command import request_experiment, write_command, write_request, write_value
from regchoose.report.data_figures import MATCH, TABLE, draw_associations, draw_match
from regchoose.report.line_wrap import keep_together
from regchoose.report.model_figures import (
    draw_fitted_curves,
    draw_learning_curves,
    draw_strength_curves,
    draw_weights,
)
from regchoose.report.path_text import list_path, write_outcome
from regchoose.report.plots import Figure
from regchoose.report.safe_text import plain
from regchoose.report.terminal import list_details, list_next, report_command
from regchoose.report.verdict_figures import draw_costs, draw_mean_losses, draw_posteriors
from regchoose.report.verdict_text import choose_style, list_reasons, list_warnings, write_task
from regchoose.result.document import MatchCheck, MeasuredProperty, RunResult
from regchoose.result.headline import find_departure, list_amounts, write_badge, write_headline

MOST_ROWS = 200  # of a table of columns or checks: the page stays small
LONGEST = 1000
SAVED = "result.json"  # what stands for the file of the result
BESIDE_BARS = 4  # cells of an arm that stand with its bar; the others are a table below
DARK = re.compile(r"^@media screen and \(prefers-color-scheme:dark\).*?^\}$\n?", re.MULTILINE | re.DOTALL)
NOTEBOOK_COLOURS = {"sure": "#0f7b4a", "leaning": "#9a6200", "undecided": "#b3261e"}  # of the badge
TEMPLATES = files("regchoose.report") / "templates"


def as_html(result: RunResult, *, in_light: bool = False) -> str:
    """Return the page of a result; in dark colours where the reader's system is dark, unless `in_light`.

    Text from data goes through `plain` and is escaped by Jinja; what the page may load is nothing, and its
    one style sheet is allowed by its hash.
    """
    style = (TEMPLATES / "report.css").read_text(encoding="utf-8")
    if in_light:
        style = DARK.sub("", style).replace("color-scheme:light dark", "color-scheme:light")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    return _fill_template(
        "report.html",
        policy=Markup(policy),  # noqa: S704 - made of our own text
        style=Markup(style),  # noqa: S704
        **_gather_verdict(result),
        **_gather_evidence(result),
        **_gather_facts(result),
    )


def as_notebook(result: RunResult) -> str:
    """Return what a notebook shows of a result: the verdict, the arms, the chart, and the page in a frame.

    The part outside of the frame has no style sheet, no script, and no colours but those of badge and bars:
    it looks like the notebook, light or dark, whatever the system is, and stays whole where one is cleaned.
    The chart brings its own background. The frame is a light page in a sandbox, in which nothing runs and
    which touches nothing outside.
    """
    page = Markup.escape(as_html(result, in_light=True))
    return _fill_template(
        "notebook.html",
        page=page,
        chart=_draw_chart(result, alone=True),
        colours=NOTEBOOK_COLOURS,
        **_gather_verdict(result),
    )


def _fill_template(template: str, **values: Any) -> str:
    """Fill a template in; empty lines are left out."""
    environment = Environment(
        loader=DictLoader({template: (TEMPLATES / template).read_text(encoding="utf-8")}),
        autoescape=True,
        finalize=_make_harmless,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    environment.filters["slug"] = _to_slug
    environment.filters["together"] = keep_together
    page = environment.get_template(template).render(**values)
    return "\n".join(line for line in page.splitlines() if line.strip()) + "\n"


def _to_slug(title: str) -> str:
    """Return a heading as what a link within the page names it by."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def _make_harmless(value: object) -> object:
    return value if isinstance(value, Markup) or callable(value) else plain(value, longest=LONGEST)


def _gather_verdict(result: RunResult) -> dict[str, Any]:
    return {
        "result": result,
        "title": f"regchoose: {write_headline(result)}",
        "headline": write_headline(result),
        "amounts": list_amounts(result),
        "badge": write_badge(result),
        "sure": choose_style(result),
        "below": [write_task(result), *list_reasons(result)],
        "warnings": [f"{line[:1].upper()}{line[1:]}" for line in list_warnings(result)],
        "bars": _list_bars(result),
        "following": [line for line in list_next(result, saved=SAVED) if line != report_command(SAVED)],
        "saved": SAVED,
    }


def _gather_evidence(result: RunResult) -> dict[str, Any]:
    grouped = groupby(draw_figures(result), key=lambda figure: figure.section)
    sections = {section: list(shown) for section, shown in grouped}
    words = [(name, text) for name, text in result.recommendation.in_words.by_library() if text]
    details = list_details(result)
    contents = [
        *(section for section in sections if section not in (MATCH, TABLE)),
        *["In detail"] * bool(details),
        *["In the words of libraries"] * bool(words),
        *["No experiment was run"] * (not result.arms),
        *[MATCH] * (result.subsample is not None),
        TABLE,
        "To repeat it",
    ]
    return {
        "chart": _draw_chart(result),
        "path": list_path(result),
        "outcome": write_outcome(result),
        "contents": contents,
        "sections": sections,
        "names": ARM_NAMES,
        "match": MATCH,
        "about": TABLE,
        "arms": _list_arms(result),
        "details": details,
        "words": words,
        "subsample": result.subsample,
        "checks": _list_checks(result.subsample.checks if result.subsample else ()),
    }


def _draw_chart(result: RunResult, *, alone: bool = False) -> Markup:
    chart = CHARTS.get(result.settings.chart, next(iter(CHARTS.values())))
    alike = {line.step.key for line in list_path(result) if line.alike}
    return draw_svg(
        chart,
        [step.key for step in result.path],
        alike=alike,
        is_followed=find_departure(result) is None,
        alone=alone,
    )


def draw_figures(result: RunResult) -> list[Figure]:
    """Return every figure that the result has the numbers for, in the order of the page."""
    return [
        *draw_mean_losses(result),
        *draw_costs(result),
        *draw_fitted_curves(result),
        *draw_strength_curves(result),
        *draw_learning_curves(result),
        *draw_weights(result),
        *draw_posteriors(result),
        *draw_match(result),
        *draw_associations(result),
    ]


def _gather_facts(result: RunResult) -> dict[str, Any]:
    data, marks = result.data, result.fingerprint.marks()
    return {
        "data": data,
        "columns": [
            [column.name, column.role, column.type, column.why, column.missing]
            for column in data.columns[:MOST_ROWS]
        ],
        "profile": [
            (name.replace("_", " "), measured)
            for name, measured in data.profile
            if isinstance(measured, MeasuredProperty)
        ],
        "command": write_command(result),
        "wish": write_request(result, **request_experiment(result)),
        "settings": [(name, write_value(value)) for name, value in sorted(result.settings.given().items())],
        "prints": ", ".join(f"{name} {mark}" for name, mark in marks.items()),
        "duration": numbers.duration(result.seconds),
    }


def _list_bars(result: RunResult) -> dict[str, Any] | None:
    """Return the arms with their bars: headings; for each its name, whether it is chosen, share and cells."""
    rows = [
        (
            ARM_NAMES[arm],
            arm == result.recommendation.regularizer,
            100 * (figures.safe or 0.0),
            [*arm_cells(result)[arm].values()][:BESIDE_BARS],
        )
        for arm, figures in sort_arms(result)
    ]
    cells = arm_cells(result)
    return {"headings": [*next(iter(cells.values()))][:BESIDE_BARS], "rows": rows} if rows else None


def _list_arms(result: RunResult) -> tuple[Sequence[str], Sequence[Sequence[str]]] | None:
    """Return the headings and the rows of the table of the arms that stands below the first screen."""
    cells = arm_cells(result)
    rows = [[ARM_NAMES[arm], *[*own.values()][1:]] for arm, own in cells.items()]
    return (["penalty", *[*next(iter(cells.values()))][1:]], rows) if rows else None


def _list_checks(checks: Sequence[MatchCheck]) -> list[list[str]]:
    """Return the checks as rows, those that fail first."""
    ordered = sorted(checks, key=lambda check: bool(check.ok))[:MOST_ROWS]
    return [
        [
            plain(check.column),
            plain(check.check),
            numbers.three_digits(check.value) if check.value is not None else numbers.MISSING,
            numbers.three_digits(check.limit) if check.limit is not None else numbers.MISSING,
            "yes" if check.ok else "no",
        ]
        for check in ordered
    ]
