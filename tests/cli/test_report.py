"""`regchoose report`, and the page that `recommend --report` writes."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from regchoose.cli.app import main
from regchoose.flowchart.charts import CHARTS
from regchoose.report.html import as_html
from regchoose.result.json_text import dump_model
from tests.cli.conftest import Shell
from tests.report.results import FIRM
from tests.report.test_html import DIABETES

KEPT = Path(__file__).parents[1] / "report" / "diabetes.json"


def test_a_saved_result_becomes_a_page(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    assert main(["report", str(KEPT), "-o", str(page)]) == 0
    assert page.read_text(encoding="utf-8") == as_html(DIABETES)


def test_what_recommend_writes_can_be_read(tmp_path: Path) -> None:
    saved, page = tmp_path / "result.json", tmp_path / "page.html"
    saved.write_text(dump_model(FIRM), encoding="utf-8")
    assert main(["report", str(saved), "-o", str(page)]) == 0
    assert "Elastic Net" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (None, "page.html", "E201"),
        ("{", "page.html", "E214"),
        ("[]", "page.html", "E214"),
        ('{"ok": false}', "page.html", "E214"),
        (json.dumps({**json.loads(dump_model(FIRM)), "schema_version": "9"}), "page.html", "E214"),
        (dump_model(FIRM), "page.doc", "E202"),
        (dump_model(FIRM), "there.html", "E206"),
    ],
)
def test_what_cannot_be_rendered_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None, name: str, code: str
) -> None:
    (tmp_path / "there.html").write_text("mine", encoding="utf-8")
    if content is not None:
        (tmp_path / "result.json").write_text(content, encoding="utf-8")
    assert main(["report", str(tmp_path / "result.json"), "-o", str(tmp_path / name)]) == 2
    assert f"error[{code}]" in capsys.readouterr().err
    assert (tmp_path / "there.html").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("chart", CHARTS)
def test_both_charts_are_drawn_whole(chart: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["flowchart", "--chart", chart, "--format", "svg"]) == 0
    root = ET.fromstring(capsys.readouterr().out)
    svg = "{http://www.w3.org/2000/svg}"
    groups = [group.get("class", "") for group in root.iter(f"{svg}g")]
    assert sum(group.startswith("node ") for group in groups) == len(CHARTS[chart].nodes)
    boxes = [
        tuple(float(rect.get(side, "nan")) for side in ("x", "y", "width", "height"))
        for rect in root.iter(f"{svg}rect")
    ][1:]  # the first is the background
    words = [text.text for text in root.iter(f"{svg}text")]
    assert CHARTS[chart].title in words
    assert f"After: {CHARTS[chart].source}" in words
    for place, (x, y, wide, high) in enumerate(boxes):
        for left, top, width, height in boxes[place + 1 :]:
            apart = x + wide <= left or left + width <= x or y + high <= top or top + height <= y
            assert apart, "two boxes overlap"


def test_a_run_writes_its_page(shell: Shell, tmp_path: Path) -> None:
    done = shell("recommend", "a.csv", "--report", "page.html")
    assert done.returncode == 0
    assert "The report is in page.html." in done.stderr
    assert "<title>regchoose: " in (tmp_path / "page.html").read_text(encoding="utf-8")
    again = shell("recommend", "a.csv", "--report", "page.html")
    assert again.stderr.startswith("error[E206]: ")  # before the work
