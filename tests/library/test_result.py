"""A result from Python: its attributes, how it shows itself, and what it converts to."""

import io
import json
import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

import regchoose
from regchoose.errors import RegchooseError
from regchoose.library.python_result import Result
from regchoose.report.html import as_html
from regchoose.report.terminal import render_as_text
from regchoose.result.headline import write_headline
from regchoose.result.json_text import dump_model
from regchoose.result.saved_result import restore_result
from tests.library.small import SMALL, numbers
from tests.report.results import FIRM, PRIOR, UNDECIDED, altered
from tests.report.test_html import DIABETES, HOSTILE

IN_MEMORY = altered(
    FIRM,
    data={"path": "DataFrame", "dialect": {"format": "memory"}},
    settings={"preset": "quick", "target": "x'y"},
)


def test_what_a_user_reaches_for() -> None:
    found = Result(FIRM)
    assert (found.regularizer, found.l1, found.l2, found.certainty) == ("elastic_net", 0.0021, 0.0086, "firm")
    assert (found.strength, found.alpha, found.safe, found.probability) == (0.0107, 0.8037, 0.97, 0.71)
    assert found.gain == 0.061
    assert found.sentence == "Elastic Net gains 6.1 % over no regularization."
    assert found.warnings == ("2 rows are duplicates",)
    assert repr(found) == (
        "Result(regularizer='elastic_net', certainty='firm', l1=0.0021, l2=0.0086, safe=0.97)"
    )
    prior = Result(PRIOR)
    assert (prior.certainty, prior.l1, prior.l2, prior.gain) == ("prior", None, None, None)
    with pytest.raises(AttributeError):
        found.l1 = 3.0  # type: ignore[misc]  # it is frozen


def test_a_terminal_shows_it_in_its_own_width() -> None:
    assert str(Result(FIRM)) == render_as_text(FIRM, width=80)
    for width in (50, 100):
        stream = io.StringIO()
        Console(file=stream, width=width, color_system=None).print(Result(FIRM))
        shown = "".join(f"{line.rstrip()}\n" for line in stream.getvalue().splitlines())
        before, commands = shown.split("\nNext ")
        wanted, whole = render_as_text(FIRM, width=width).split("\nNext ")
        assert before == wanted
        assert commands.split() == whole.split()  # folded to the width, where a console would crop them


def test_a_table_in_memory_is_spoken_of_in_python() -> None:
    shown = str(Result(IN_MEMORY))
    assert "regchoose.recommend(data, preset='thorough', target=\"x'y\")" not in shown  # it is firm
    assert "result.save('result.json')" in shown
    assert "export" not in shown
    doubtful = altered(UNDECIDED, data=IN_MEMORY.data, settings=IN_MEMORY.settings)
    more = altered(doubtful, subsample={"of": 500})
    shown = str(Result(more))
    assert "regchoose.recommend(data, preset='quick', target=\"x'y\", rows=416)" in shown
    assert "rows=416 takes twice as many" in shown
    assert "--" not in shown
    apart = altered(more, data={"target_why": "given as y"})
    assert "regchoose.recommend(X, y, preset='quick'" in str(Result(apart))
    prior = altered(PRIOR, data={"dialect": {"format": "memory"}})
    assert "subsample='yes', resources='yes' asks for" in " ".join(str(Result(prior)).split())


TABLE = {"table", "thead", "tbody", "tr", "th", "td"}
TAGS = {"div", "p", "span", "strong", "br", "ul", "li", "details", "summary", "iframe"} | TABLE
DRAWING = {"svg", "title", "rect", "text", "tspan", "g", "path"}
SAFE_STYLES = re.compile(
    r"(?:(?:border|border-radius|padding|font-weight|text-align|width|min-width|max-width|height|background):"
    r"[#\w .%]+;?)+"
)


class Tags(HTMLParser):
    """What a browser would make of a text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: dict[str, list[dict[str, str | None]]] = {}
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.setdefault(tag, []).append(dict(attrs))
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def shown_in_a_notebook(result: Any) -> Tags:
    parser = Tags()
    parser.feed(Result(result)._repr_html_())
    assert parser.open == []
    return parser


@pytest.mark.parametrize("result", [FIRM, PRIOR, UNDECIDED, DIABETES, IN_MEMORY])
def test_a_notebook_shows_the_answer_and_the_page_in_a_sandbox(result: Any) -> None:
    seen = shown_in_a_notebook(result)
    assert set(seen.tags) <= TAGS | DRAWING
    assert write_headline(result) in " ".join(seen.text.split())
    (frame,) = seen.tags["iframe"]
    assert frame["sandbox"] == ""
    assert frame["srcdoc"] == as_html(result, in_light=True).rstrip("\n") + "\n"
    # What styles or moves the notebook around it.
    outside = {name: tags for name, tags in seen.tags.items() if name not in DRAWING}
    attributes = {name for tags in outside.values() for tag in tags for name in tag}
    assert attributes == {"sandbox", "title", "srcdoc", "width", "height", "loading", "style"} | (
        {"scope"} if result.arms else set()
    )
    styles = [tag["style"] or "" for tags in outside.values() for tag in tags if "style" in tag]
    assert all(SAFE_STYLES.fullmatch(style) for style in styles)
    assert not {"color", "style", "href"} & {n for k in DRAWING for tag in seen.tags.get(k, ()) for n in tag}


def test_a_notebook_has_a_badge_bars_and_the_chart_on_its_own_background() -> None:
    page = Result(FIRM)._repr_html_().partition("<iframe")[0]
    assert "border-radius:99px" in page
    assert page.count("background:") == len(FIRM.arms)
    assert 'fill="#fff"' in page
    assert "prefers-color-scheme" not in Result(FIRM)._repr_html_()


@cache
def a_plain_notebook() -> Tags:
    return shown_in_a_notebook(FIRM)


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_text_from_data_stays_text_in_a_notebook(name: str) -> None:
    evil = altered(FIRM, data={"path": name, "target": name, "warnings": [name]})
    safe, seen = a_plain_notebook(), shown_in_a_notebook(evil)
    assert {tag: len(found) for tag, found in seen.tags.items()} == {
        tag: len(found) for tag, found in safe.tags.items()
    }
    assert "\x1b" not in seen.text


def test_it_converts_and_comes_back(tmp_path: Path) -> None:
    found = regchoose.recommend(numbers(), **SMALL)
    assert found.to_dict() == json.loads(found.to_json())
    assert dump_model(restore_result(found.to_dict())) == found.to_json()
    found.to_dict()["recommendation"].clear()  # the caller's own
    assert found.l2 is not None
    found.save(tmp_path / "r.json")
    again = regchoose.Result.load(tmp_path / "r.json")
    assert again == found
    assert hash(again) == hash(found)
    assert again != Result(FIRM)
    assert again.to_json() == found.to_json()
    assert str(again) == str(found)
    assert again._repr_html_() == found._repr_html_()
    assert "## " in found.to_markdown()


def test_what_is_no_result_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RegchooseError, match="cannot be read") as caught:
        Result.load(tmp_path / "nowhere.json")
    assert caught.value.code == "E201"
    (tmp_path / "r.json").write_text("{}", encoding="utf-8")
    with pytest.raises(RegchooseError, match="no recommendation") as caught:
        regchoose.Result.load(str(tmp_path / "r.json"))
    assert caught.value.code == "E214"


def test_code_needs_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from regchoose.cli.app import main

    file = tmp_path / "r.json"
    regchoose.recommend(numbers(), **SMALL).save(file)
    assert main(["export", str(file), "--to", "pytorch"]) == 2
    assert "E215" in (said := capsys.readouterr().err)
    assert "the table was in memory" in said
    assert main(["report", str(file), "-o", str(tmp_path / "r.html")]) == 0
