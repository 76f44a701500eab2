"""A result as one page: no script, nothing loaded, the same bytes for the same result."""

import base64
import hashlib
from collections.abc import Sequence
from importlib.resources import files
from itertools import groupby
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from regchoose.flowchart.charts import CHARTS
from regchoose.records.words import ARM_NAMES
from regchoose.report import numbers
from regchoose.report.arms_table import arm_cells
from regchoose.report.chart_svg import draw_svg
from regchoose.report.command import EXPERIMENT, write_command, write_request, write_value
from regchoose.report.data_figures import MATCH, TABLE, draw_associations, draw_match
from regchoose.report.model_figures import (
    draw_fitted_curves,
    draw_learning_curves,
    draw_strength_curves,
    draw_weights,
)
from regchoose.report.plots import Figure
from regchoose.report.safe_text import plain
from regchoose.report.terminal import ANSWERED_BY
from regchoose.report.verdict_figures import draw_costs, draw_mean_losses, draw_posteriors
from regchoose.report.verdict_text import list_warnings, write_details, write_headline
from regchoose.result.document import MatchCheck, MeasuredProperty, RunResult

MOST_ROWS = 200  # of a table of columns or checks: the page stays small
LONGEST = 1000
ARM_COLUMNS = {  # of the table of the arms: the name of a cell → its heading on the page
    "loss": "test loss",
    "training loss": "training loss",
    "l1": "l1",
    "l2": "l2",
    "zeros": "zeros",
    "epochs": "epochs",
    "safe": "safe",
    "time": "cost",
}
TEMPLATES = files("regchoose.report") / "templates"


def as_html(result: RunResult) -> str:
    """Return the page of a result.

    Text from data goes through `plain` and is escaped by Jinja; what the page may load is nothing, and its
    one style sheet is allowed by its hash.
    """
    style = (TEMPLATES / "report.css").read_text(encoding="utf-8")
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
    """Return what a notebook shows of a result: the verdict, the arms, and the page in a frame of its own.

    The part outside of the frame has no style and no script, so it looks like the notebook and stays whole
    where one is cleaned; the frame is a sandbox, in which nothing runs and which touches nothing outside.
    """
    page = Markup.escape(as_html(result))
    return _fill_template("notebook.html", page=page, arms=_list_arms(result), **_gather_verdict(result))


def _fill_template(template: str, **values: Any) -> str:
    """Fill a template in; empty lines are left out."""
    environment = Environment(
        loader=DictLoader({template: (TEMPLATES / template).read_text(encoding="utf-8")}),
        autoescape=True,
        finalize=_make_harmless,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    page = environment.get_template(template).render(**values)
    return "\n".join(line for line in page.splitlines() if line.strip()) + "\n"


def _make_harmless(value: object) -> object:
    return value if isinstance(value, Markup) or callable(value) else plain(value, longest=LONGEST)


def _gather_verdict(result: RunResult) -> dict[str, Any]:
    certainty = result.recommendation.certainty
    start, *below = write_details(result)
    warnings = list_warnings(result)
    if result.partial:
        warnings[0] = "This answer is partial: the run was cut short."
    return {
        "result": result,
        "title": f"regchoose: {write_headline(result)}",
        "headline": write_headline(result),
        "amounts": start,
        "below": [line for line in below if line and line != result.recommendation.sentence],
        "advice": result.recommendation,
        "certainty": certainty,
        "warnings": warnings,
    }


def _gather_evidence(result: RunResult) -> dict[str, Any]:
    chart = CHARTS.get(result.settings.chart, next(iter(CHARTS.values())))
    grouped = groupby(draw_figures(result), key=lambda figure: figure.section)
    return {
        "chart": draw_svg(chart, [step.key for step in result.path]),
        "path": [step for step in result.path if step.kind != "action"],
        "who": ANSWERED_BY,
        "sections": {section: list(shown) for section, shown in grouped},
        "names": ARM_NAMES,
        "match": MATCH,
        "about": TABLE,
        "arms": _list_arms(result),
        "audit": result.audit,
        "words": [(name, text) for name, text in result.recommendation.in_words.by_library() if text],
        "subsample": result.subsample,
        "checks": _list_checks(result.subsample.checks if result.subsample else ()),
    }


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
        "wish": write_request(result, **EXPERIMENT),
        "settings": [(name, write_value(value)) for name, value in sorted(result.settings.given().items())],
        "prints": ", ".join(f"{name} {mark}" for name, mark in marks.items()),
        "duration": numbers.duration(result.seconds),
    }


def _list_arms(result: RunResult) -> tuple[Sequence[str], Sequence[Sequence[str]]] | None:
    """Return the headings and the rows of the table of the arms, if any was trained."""
    best = result.recommendation.regularizer
    rows = [
        [f"{ARM_NAMES[arm]}{' ← recommended' if arm == best else ''}", *(cells[name] for name in ARM_COLUMNS)]
        for arm, cells in arm_cells(result).items()
    ]
    return (["arm", *ARM_COLUMNS.values()], rows) if rows else None


def _list_checks(checks: Sequence[MatchCheck]) -> list[list[str]]:
    """Return the checks as rows, those that fail first."""
    ordered = sorted(checks, key=lambda check: bool(check.ok))[:MOST_ROWS]
    return [
        [
            plain(check.column),
            plain(check.check),
            f"{check.value:.3g}" if check.value is not None else numbers.MISSING,
            f"{check.limit:.3g}" if check.limit is not None else numbers.MISSING,
            "yes" if check.ok else "no",
        ]
        for check in ordered
    ]
