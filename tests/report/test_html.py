"""The page of a result: what is in it, and that nothing from data becomes part of it."""

import json
import re
from collections import Counter
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from regchoose.report.as_github import as_github
from regchoose.report.as_markdown import as_markdown
from regchoose.report.html import as_html, as_notebook, draw_figures
from regchoose.report.terminal import render_as_text
from regchoose.result.document import RunResult
from regchoose.result.saved_result import restore_result
from tests.report.results import FIRM, PRIOR, UNDECIDED, altered

KEPT = json.loads((Path(__file__).parent / "diabetes.json").read_text(encoding="utf-8"))
DIABETES = restore_result(KEPT)
HOSTILE = [
    "<script>alert(1)</script>",
    "{{7*7}}",
    "{% for x in y %}",
    "\x1b[31mred\x1b]0;owned\x07",
    "\u202etxt.exe",
    "x" * 10_000,
    "</title></style></svg><img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    '" onload="alert(1)" \'',
    "]]><!--",
    "\ud800",
]


class Nodes(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: set[str] = set()
        self.links: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes |= {name for name, _ in attrs}
        self.links |= {value or "" for name, value in attrs if name in ("href", "src")}

    def handle_data(self, data: str) -> None:
        self.text += data.replace("\u00a0", " ")

    def handle_comment(self, data: str) -> None:
        self.tags["!--"] += 1


def parsed(page: str) -> Nodes:
    nodes = Nodes()
    nodes.feed(page)
    return nodes


def with_names(text: str) -> RunResult:
    data: dict[str, Any] = {"path": text, "target": text, "target_why": text, "warnings": [text]}
    data["columns"] = [{**dict(column), "name": text, "why": text} for column in DIABETES.data.columns]
    path = tuple({**dict(step), "evidence": text, "text": text} for step in DIABETES.path)
    settings = {"target": text}
    checks = [{"column": text, "check": text, "value": 0.1, "limit": 0.2, "ok": True}]
    panel = {"output": text, "data": {"x": [0], "y": [1]}, "arms": {"none": [0, 1]}}
    fitted = {"input": text, "x": [0, 1], "panels": [panel]}
    subsample = {"checks": checks, "reason": text}
    found = {"columns": [text, "b"], "of": 2, "matrix": [[1, 0.5], [0.5, 1]], "target": [0.1, 0]}
    data["profile"] = {"associations": found}
    curves = {"fitted": fitted}
    return altered(DIABETES, data=data, path=path, settings=settings, subsample=subsample, curves=curves)


@cache
def parsed_with_a_plain_name() -> Nodes:
    return parsed(as_html(with_names("name")))


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_names_from_data_are_only_text(text: str) -> None:
    page, wanted = as_html(with_names(text)), parsed_with_a_plain_name()
    found = parsed(page)
    assert found.tags == wanted.tags
    assert found.attributes == wanted.attributes
    assert found.links == wanted.links >= {"#evidence", "#in-detail", "data:,"}
    assert all(link == "data:," or f'id="{link[1:]}"' in page for link in found.links)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", page)
    assert len(page.encode()) < 1_000_000


def test_a_template_in_a_name_is_shown_as_it_is() -> None:
    text = parsed(as_html(with_names("{{7*7}}"))).text
    assert "{{7*7}}" in text


@pytest.mark.parametrize("result", [DIABETES, FIRM, UNDECIDED, PRIOR, altered(FIRM, partial=True)])
def test_same_result_same_bytes_and_nothing_active(result: RunResult) -> None:
    page = as_html(result)
    nodes = parsed(page)
    assert page == as_html(result)
    assert not nodes.tags.keys() & {"script", "iframe", "object", "embed", "form", "img", "base"}
    assert not [name for name in nodes.attributes if name.startswith("on") or name == "style"]
    assert "default-src 'none'" in page


def test_every_plot_has_a_table_and_a_name() -> None:
    page = as_html(DIABETES)
    assert page.count("<figure") == page.count("<summary>The figures<") == page.count('class="plot')
    labels = re.findall(r'aria-labelledby="([^"]+)"', page)
    assert len(labels) == len(set(labels))
    assert all(f'id="{label}"' in page for label in labels)


def test_the_page_shows_what_the_experiment_found() -> None:
    text = parsed(as_html(DIABETES)).text
    for heading in (
        "How the arms compare",
        "What the strength does",
        "How training went",
        "How sure it is",
        "The way through the chart",
        "Is the subsample like the whole?",
        "To repeat it",
    ):
        assert heading in text
    assert "0.509" in text  # the loss of Elastic Net


def test_weights_and_fitted_curves_are_drawn_where_they_are_kept() -> None:
    counted = {"counts": [3, 2], "zeros": 2, "beyond": 1, "of": 8}
    weights = {"edges": [-1, 0, 1], "arms": {"l1": counted, "none": {**counted, "zeros": 0, "of": 6}}}
    curves = {"none": [0, 1], "elastic_net": [0.5, 0.75], "l2": [7, 8]}
    panel = {"output": "height", "data": {"x": [0.5], "y": [1]}, "arms": curves}
    fitted = {"input": "age", "x": [0, 1], "panels": [panel]}
    bare = altered(DIABETES, curves={"weights": None})
    result = altered(bare, curves={"weights": weights, "fitted": fitted})
    text = parsed(as_html(result)).text
    assert "exactly zero: 25 %" in text
    assert "exactly zero: none" in text
    assert "12 % lie outside" in text
    assert "Fitted curves of height" in text
    (drawn,) = (figure for figure in draw_figures(result) if figure.section == "What was fitted")
    assert drawn.head == ("age", "none", "Elastic Net")  # and no third one
    assert drawn.rows == [("0", "0", "0.5"), ("1", "1", "0.75")]


def associated(count: int) -> RunResult:
    """A result with so many of 50 columns in the picture; neighbours go together, the first two opposed."""
    matrix = [[(i == j) + 0.5 * (abs(i - j) == 1) for j in range(count)] for i in range(count)]
    matrix[0][1] = matrix[1][0] = -0.9
    found = {"columns": [f"c{j}" for j in range(count)], "of": 50, "matrix": matrix, "target": [0.0] * count}
    return altered(DIABETES, data={"profile": {"associations": found}})


@pytest.mark.parametrize("count", [2, 14, 40])
def test_columns_that_go_together_are_drawn(count: int) -> None:
    result = associated(count)
    (drawn,) = (figure for figure in draw_figures(result) if figure.section == "The table")
    assert list(drawn.rows[0]) == ["1 c0", "c1", "−0.90", "–"]
    assert len(drawn.rows) == count
    assert (drawn.svg.count(">.90<") == 2) == (count <= 14)  # on both sides of the diagonal, or none
    cells = {sign: len(re.findall("M", "".join(paths(drawn.svg, sign)))) for sign in ("with", "against")}
    assert cells == {"with": 3 * count - 4, "against": 2}
    assert f"The {count} of 50 columns" in parsed(as_html(result)).text
    assert len(as_html(result).encode()) < 300_000


def paths(svg: str, sign: str) -> list[str]:
    return re.findall(f'<path d="([^"]*)" class="{sign}"', svg)


def test_checks_are_drawn_as_shares_of_their_limits() -> None:
    checks = [
        {"column": "a", "check": "mean", "value": 0.05, "limit": 0.1, "ok": True},
        {"column": "b", "check": "mean", "value": 0.3, "limit": 0.1, "ok": False},
        {"column": "b", "check": "spread", "value": None, "limit": 0.1, "ok": False},
        {"column": "a", "check": "shape", "value": 0.0, "limit": 0.2, "ok": True},
    ]
    sampled = {"checks": checks, "matched": False}
    result = altered(DIABETES, subsample=sampled)
    (drawn,) = (
        figure for figure in draw_figures(result) if figure.section == "Is the subsample like the whole?"
    )
    assert [list(row) for row in drawn.rows] == [["mean", "2", "b", "3.00"], ["shape", "1", "a", "0.00"]]
    assert drawn.svg.count('class="datum"') == 3
    assert "<details open>" in as_html(result)


def test_one_blown_up_point_does_not_hide_the_optimum() -> None:
    points = DIABETES.curves.loss_by_strength
    assert points is not None
    assert points.l2 is not None
    blown = [1e6, *points.l2.criterion[1:]]
    result = altered(DIABETES, curves={"loss_by_strength": {"l2": {"criterion": blown}}})
    drawn = next(figure for figure in draw_figures(result) if figure.title == "Loss against strength")
    assert "<path" in drawn.svg  # an arrow for what lies beyond the scale
    assert 'r="6"' in drawn.svg
    assert "1e+06" not in re.sub("<title>.*?</title>", "", drawn.svg)


def test_weights_share_their_scale_and_show_their_zeros() -> None:
    counted = {"counts": [3, 2], "zeros": 2, "beyond": 1, "of": 8}
    arms = {"l1": counted, "none": {"counts": [1, 0], "zeros": 0, "beyond": 0, "of": 100}}
    bare = altered(DIABETES, curves={"weights": None})
    result = altered(bare, curves={"weights": {"edges": [-1, 0, 1], "arms": arms}})
    none, l1 = (figure for figure in draw_figures(result) if figure.section == "Where the weights lie")
    ticks = [re.findall(r'text-anchor="end">([^<]+)<', figure.svg) for figure in (none, l1)]
    assert ticks[0] == ticks[1]
    assert ("zeros" in l1.svg, "zeros" in none.svg) == (True, False)


def test_what_came_from_the_cache_has_no_time() -> None:
    page = as_html(altered(DIABETES, execution={"cached": ["none"]}))
    assert ">cached<" in page
    (costs,) = (
        figure
        for figure in draw_figures(altered(DIABETES, execution={"cached": ["none"]}))
        if figure.title == "What each arm cost"
    )
    assert [row[0] for row in costs.rows] == ["L1", "L2", "Elastic Net"]


def test_a_page_in_light_knows_no_dark() -> None:
    page = as_html(FIRM, in_light=True)
    assert "prefers-color-scheme" not in page
    assert "color-scheme:light}" in page or "color-scheme:light;" in page
    assert "prefers-color-scheme:dark" in as_html(FIRM)


def test_prior_knowledge_has_its_own_page() -> None:
    page = as_html(PRIOR)
    assert "No experiment was run" in page
    assert "<figure>" not in page
    assert 'class="chart"' in page


def test_a_partial_result_says_so() -> None:
    assert "This answer is partial" in as_html(altered(FIRM, partial=True))


def test_two_arms_that_are_one_have_no_curve_of_their_difference() -> None:
    posterior = DIABETES.curves.posterior
    assert posterior is not None
    alike = [[1.0 + 1e-16 * (i != j) for j in range(4)] for i in range(4)]
    alike[0][1] = alike[1][0] = 1.0000000000000002  # so that the variance of the difference rounds below zero
    result = altered(DIABETES, curves={"posterior": {"scale": alike}})
    assert not [figure for figure in draw_figures(result) if figure.section == "How sure it is"]


def test_the_page_says_what_to_type_and_where_two_were_alike() -> None:
    page = parsed(as_html(DIABETES)).text
    assert "regchoose export result.json --to pytorch -o train.py" in page
    assert "result.json stands for the file" in page
    nothing = parsed(as_html(altered(DIABETES, recommendation={"caution": "nothing"}))).text
    assert "regchoose inspect data/diabetes.csv" in nothing
    assert "result.json stands for the file" not in nothing
    alike = "Alike: no real difference"
    (pair,) = (pair for pair in DIABETES.comparisons if pair.question == "l1_vs_elastic_net")
    for equivalent, said in ((0.9, True), (0.02, False)):
        other = {**pair.model_dump(), "equivalent": equivalent, "worse": 0.05, "better": 0.05}
        text = parsed(as_html(altered(DIABETES, comparisons=[other]))).text
        assert (alike in text) == said


def test_every_face_says_what_stands_in_brackets() -> None:
    loss_of = {"none": {"loss": 0.5}, "elastic_net": {"loss": 0.4}}
    pair = {**FIRM.comparisons[0].model_dump(), "a": "elastic_net", "b": "none", "better": 0.97}
    pair |= {"question": "elastic_net_vs_baseline", "equivalent": 0.02, "worse": 0.01}
    for result, said in ((altered(FIRM, arms=loss_of, comparisons=[pair]), True), (PRIOR, False)):
        for text in (as_html(result), as_markdown(result), render_as_text(result, width=80)):
            assert ("(in brackets: 95 % intervals)" in text.replace("\xa0", " ")) == said
    head = as_html(DIABETES).partition('aria-label="The arms side by side"')[2]
    assert re.search(r"squared error</th><th scope=.col.>95 % interval</th>", head)


def test_every_face_says_that_the_chart_was_not_followed() -> None:
    advice = {"regularizer": "l2", "chart_outcome": "start_elastic_net", "follows_chart": False}
    left = altered(DIABETES, recommendation=advice)
    for result, said in ((DIABETES, False), (left, True)):
        page = as_html(result)
        for text in (parsed(page).text, as_markdown(result), render_as_text(result, width=80)):
            assert ("→ The chart ends at Elastic Net; L2" in re.sub(r"[*\s]+", " ", text)) == said
        assert ("not followed</text>" in page) == said
        assert ("not followed</text>" in as_notebook(result)) == said


def test_every_face_says_at_once_that_it_is_uncalibrated() -> None:
    result = altered(DIABETES, recommendation={"certainty": "firm", "calibrated": False})
    for text in (as_html(result), as_notebook(result), as_markdown(result), render_as_text(result, width=80)):
        assert "firm, uncalibrated: " in re.sub(r"\xa0|&nbsp;", " ", text)
    assert "title=regchoose%3A firm%2C uncalibrated" in as_github(result)


def test_numbers_below_zero_have_our_minus() -> None:
    page = parsed(re.sub(r"<style>.*?</style>", "", as_html(DIABETES), flags=re.DOTALL)).text
    assert not re.findall(r"(?<![\w−.])-\d", page)
