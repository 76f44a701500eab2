"""The drawn charts: boxes apart, arrows around them, the walk above the rest."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from regchoose.flowchart.charts import CHARTS
from regchoose.flowchart.nodes import Chart, arrows_of
from regchoose.report.chart_svg import draw_svg
from tests.flowchart.all_paths import list_paths, questions_of

EACH_CHART = pytest.mark.parametrize("chart", CHARTS.values(), ids=CHARTS)
SVG = "{http://www.w3.org/2000/svg}"
CLEAR = 5.0  # pixels between an arrow or a label and a box that is not its own


@dataclass(frozen=True)
class Box:
    left: float
    top: float
    right: float
    bottom: float

    def holds(self, x: float, y: float, *, clear: float = 0.0) -> bool:
        return self.left - clear < x < self.right + clear and self.top - clear < y < self.bottom + clear


def boxes(svg: ET.Element) -> list[Box]:
    found = [[float(rect.get(side, "nan")) for side in ("x", "y", "width", "height")] for rect in rects(svg)]
    return [Box(x, y, x + width, y + height) for x, y, width, height in found]


def rects(svg: ET.Element) -> Iterator[ET.Element]:
    return svg.iter(f"{SVG}rect")


def arrows(svg: ET.Element) -> list[ET.Element]:
    return [group for group in svg.iter(f"{SVG}g") if group.get("class", "").startswith("arrow ")]


def points(path: str) -> list[tuple[float, float]]:
    """Return points along a path, close together."""
    along = list[tuple[float, float]]()
    for command, text in re.findall(r"([MVC])([^MVC]*)", path):
        numbers = [float(number) for number in text.split()]
        if command == "M":
            along.append((numbers[0], numbers[1]))
            continue
        start = along[-1]
        if command == "V":
            numbers = [start[0], start[1], start[0], numbers[0], start[0], numbers[0]]
        x, y = [start[0], *numbers[::2]], [start[1], *numbers[1::2]]
        for share in (step / 100 for step in range(1, 101)):
            weights = [(1 - share) ** 3, 3 * share * (1 - share) ** 2, 3 * share**2 * (1 - share), share**3]
            along.append(
                tuple(sum(w * v for w, v in zip(weights, values, strict=True)) for values in (x, y))  # type: ignore[arg-type]
            )
    return along


@EACH_CHART
def test_no_arrow_runs_through_a_box_or_near_a_strange_one(chart: Chart) -> None:
    svg = ET.fromstring(draw_svg(chart))
    drawn = boxes(svg)
    assert len(arrows(svg)) == sum(len(arrows_of(node)) for node in chart.nodes.values())
    for arrow in arrows(svg):
        along = points(arrow[0].get("d", ""))
        own = [box for box in drawn if box.holds(*along[0], clear=1) or box.holds(*along[-1], clear=7)]
        assert len(own) == 2, "it starts at a box and ends at another"
        assert not [point for point in along for box in drawn if box.holds(*point)]
        strange = [box for box in drawn if box not in own]
        assert not [point for point in along for box in strange if box.holds(*point, clear=CLEAR)]


@EACH_CHART
def test_every_answer_stands_in_the_open(chart: Chart) -> None:
    svg = ET.fromstring(draw_svg(chart))
    labels = [text for text in svg.iter(f"{SVG}text") if text.get("class") == "answer"]
    places = [(float(text.get("x", "nan")), float(text.get("y", "nan"))) for text in labels]
    half = [3.8 * len(text.text or "") for text in labels]  # of its width, in pixels
    assert len(labels) == sum(len(question.arrows) for question in questions_of(chart))
    for place, (x, y) in enumerate(places):
        assert not [box for box in boxes(svg) for side in (-1, 1) if box.holds(x + side * half[place], y)]
        for other, (left, top) in enumerate(places[:place]):
            assert abs(y - top) > 13 or abs(x - left) > half[place] + half[other]


@EACH_CHART
def test_a_walk_is_lit_and_lies_above_the_rest(chart: Chart) -> None:
    for answers, end in list_paths(chart):
        keys = [key for key in chart.nodes if key in answers or key == end]
        svg = ET.fromstring(draw_svg(chart, keys))
        states = [arrow.get("class", "").split()[1] for arrow in arrows(svg)]
        assert states == sorted(states)  # faint before lit
        lit = [group for group in svg.iter(f"{SVG}g") if group.get("class", "").endswith(" lit")]
        assert sum(group.get("class", "").startswith("node ") for group in lit) == len(keys)
    assert "lit" not in draw_svg(chart)


@EACH_CHART
def test_the_way_taken_says_where_two_were_alike(chart: Chart) -> None:
    (question,) = (node for node in questions_of(chart) if node.key == "l1_vs_elastic_net")
    for answer, end in question.arrows.items():
        svg = ET.fromstring(draw_svg(chart, [question.key, end], alike={question.key}))
        said = {
            text.text
            for arrow in arrows(svg)
            for text in arrow.iter(f"{SVG}text")
            if "lit" in arrow.get("class", "")
        }
        assert said == {"alike"}
        assert answer not in said
    assert "alike" not in draw_svg(chart, [question.key, end])


@EACH_CHART
def test_an_outcome_that_is_not_followed_says_so(chart: Chart) -> None:
    (question,) = (node for node in questions_of(chart) if node.key == "l1_vs_elastic_net")
    for end in question.arrows.values():
        svg = ET.fromstring(draw_svg(chart, [question.key, end], is_followed=False))
        (dashed,) = svg.findall(f".//{SVG}rect[@stroke-dasharray]/..")
        assert "lit" in dashed.get("class", "")
        assert [text.text for text in dashed.iter(f"{SVG}text")][-1] == "not followed"
    assert "not followed" not in draw_svg(chart, [question.key, end])


@EACH_CHART
def test_everything_is_inside_the_picture(chart: Chart) -> None:
    svg = ET.fromstring(draw_svg(chart))
    left, top, width, height = map(float, svg.get("viewBox", "").split())
    page = Box(left, top, left + width, top + height)
    for arrow in arrows(svg):
        assert all(page.holds(*point) for point in points(arrow[0].get("d", "")))
    for box in boxes(svg):
        assert page.holds(box.left, box.top)
        assert page.holds(box.right, box.bottom)
