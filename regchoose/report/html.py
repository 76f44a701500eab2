"""A result as one page: no script, nothing loaded, the same bytes for the same result."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from itertools import groupby
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from regchoose.flowchart.charts import CHARTS
from regchoose.records.answers import Result
from regchoose.records.words import ARM_NAMES
from regchoose.report import numbers
from regchoose.report.as_markdown import WORDS_IN_CODE
from regchoose.report.chart_svg import as_svg
from regchoose.report.command import EXPERIMENT, as_words, command, wish
from regchoose.report.data_figures import MATCH, TABLE
from regchoose.report.html_figures import figures
from regchoose.report.safe_text import plain
from regchoose.report.terminal import WHO
from regchoose.report.verdict_text import below, headline

MOST_ROWS = 200  # of a table of columns or checks: the page stays small
LONGEST = 1000
TEMPLATES = files("regchoose.report") / "templates"


def as_html(result: Result) -> str:
    """Return the page of a result.

    Text from data goes through `plain` and is escaped by Jinja; what the page may load is nothing, and its
    one style sheet is allowed by its hash.
    """
    style = (TEMPLATES / "report.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    return _rendered(
        "report.html",
        policy=Markup(policy),  # noqa: S704 - made of our own text
        style=Markup(style),  # noqa: S704
        **_verdict(result),
        **_evidence(result),
        **_about(result),
    )


def as_notebook(result: Result) -> str:
    """Return what a notebook shows of a result: the verdict, the arms, and the page in a frame of its own.

    The part outside of the frame has no style and no script, so it looks like the notebook and stays whole
    where one is cleaned; the frame is a sandbox, in which nothing runs and which touches nothing outside.
    """
    page = Markup.escape(as_html(result))
    return _rendered("notebook.html", page=page, arms=_arms(result), **_verdict(result))


def _rendered(template: str, **values: Any) -> str:
    """Fill a template in; empty lines are left out."""
    environment = Environment(
        loader=DictLoader({template: (TEMPLATES / template).read_text(encoding="utf-8")}),
        autoescape=True,
        finalize=_harmless,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    page = environment.get_template(template).render(**values)
    return "\n".join(line for line in page.splitlines() if line.strip()) + "\n"


def _harmless(value: object) -> object:
    return value if isinstance(value, Markup) or callable(value) else plain(value, longest=LONGEST)


def _verdict(result: Result) -> dict[str, Any]:
    at_edge = [arm for arm, shown in result.arms.items() if shown.get("at_grid_edge")]
    found = [f"{_name(arm)} found its strength at the edge of the grid" for arm in at_edge]
    certainty = result.recommendation["certainty"]
    name, _, amounts = headline(result).partition("   ")
    partial = ["This answer is partial: the run was cut short."] if result.partial else []
    return {
        "result": result,
        "title": f"regchoose: {headline(result)}",
        "headline": name,
        "amounts": amounts.replace("   ", " · "),
        "below": [
            line.removeprefix(f"{certainty}: ")
            for line in below(result)
            if line and line != result.recommendation["sentence"]
        ],
        "advice": result.recommendation,
        "certainty": certainty,
        "warnings": [*partial, *found, *result.data.get("warnings", ())],
    }


def _evidence(result: Result) -> dict[str, Any]:
    chart = CHARTS.get(result.settings.get("chart", ""), next(iter(CHARTS.values())))
    grouped = groupby(figures(result), key=lambda figure: figure.section)
    return {
        "chart": as_svg(chart, [step["key"] for step in result.path]),
        "path": [step for step in result.path if step["kind"] != "action"],
        "who": WHO,
        "sections": {section: list(shown) for section, shown in grouped},
        "names": ARM_NAMES,
        "match": MATCH,
        "about": TABLE,
        "arms": _arms(result),
        "audit": result.audit,
        "words": [
            (library, result.recommendation["in_words"][key])
            for library, key in WORDS_IN_CODE.items()
            if result.recommendation["in_words"].get(key)
        ],
        "subsample": result.subsample,
        "checks": _checks((result.subsample or {}).get("checks", ())),
    }


def _about(result: Result) -> dict[str, Any]:
    data, profile = result.data, result.data.get("profile") or {}
    return {
        "data": data,
        "columns": [
            [column[key] for key in ("name", "role", "type", "why", "missing")]
            for column in data["columns"][:MOST_ROWS]
        ],
        "profile": [
            (name.replace("_", " "), known)
            for name, known in profile.items()
            if isinstance(known, Mapping) and "evidence" in known
        ],
        "command": command(result),
        "wish": wish(result, **EXPERIMENT),
        "settings": [(name, as_words(value)) for name, value in sorted(result.settings.items())],
        "prints": ", ".join(f"{name} {mark}" for name, mark in sorted(result.fingerprint.items())),
        "duration": numbers.duration(result.seconds),
    }


def _name(arm: str) -> str:
    return str(dict(ARM_NAMES).get(arm, arm))  # type: ignore[call-overload]  # keys of a file are any text


def _arms(result: Result) -> tuple[Sequence[str], Sequence[Sequence[str]]] | None:
    if not result.arms:
        return None
    seconds = result.execution.get("arm_seconds", {})
    safe = (result.audit or {}).get("safe") or {}
    rows = []
    for arm in ARM_NAMES:
        if arm in result.arms:
            shown = result.arms[arm]
            share = shown["nonzero_share"]
            rows.append(
                [
                    f"{_name(arm)}{' ← recommended' if arm == result.recommendation['regularizer'] else ''}",
                    numbers.loss(shown["loss"]),
                    numbers.loss(shown.get("train_loss")),
                    numbers.strength(shown["l1"]),
                    numbers.strength(shown["l2"]),
                    numbers.percent(None if share is None else 1 - share),
                    f"{shown['epochs']}",
                    numbers.probability(safe[arm]) if arm in safe else numbers.MISSING,
                    numbers.duration(seconds.get(arm)),
                ]
            )
    return ("arm", "test loss", "training loss", "l1", "l2", "zeros", "epochs", "safe", "cost"), rows


def _checks(checks: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """Return the checks as rows, those that fail first."""
    ordered = sorted(checks, key=lambda check: bool(check["ok"]))[:MOST_ROWS]
    return [
        [
            plain(check["column"]),
            plain(check["check"]),
            f"{check['value']:.3g}" if check["value"] is not None else numbers.MISSING,
            f"{check['limit']:.3g}" if check["limit"] is not None else numbers.MISSING,
            "yes" if check["ok"] else "no",
        ]
        for check in ordered
    ]
