"""Markdown, as a reader that is not ours understands it."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from regchoose.records.answers import Gate
from regchoose.report.as_markdown import as_markdown, as_markdown_summary
from regchoose.report.safe_markdown import code_block, code_span, markdown_table, prose
from regchoose.report.safe_text import plain
from regchoose.report.verdict_text import write_details
from regchoose.result.document import RunResult
from tests.report.hostile import NAMES, gate, with_name
from tests.report.results import FIRM, PRIOR, UNDECIDED

READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def flat(text: str) -> list[Token]:
    return [inner for token in READER.parse(text) for inner in [token, *(token.children or [])]]


def shown(text: str) -> str:
    return "".join(token.content for token in flat(text) if token.type in ("text", "code_inline"))


def shape(text: str) -> list[str]:
    """What the document is made of, without its texts."""
    skipped = ("text", "html_inline", "softbreak")  # comments that keep GitHub from calling people
    return [token.type for token in flat(text) if token.type not in skipped]


@pytest.mark.parametrize("kind", NAMES)
def test_text_shows_as_it_is(kind: str) -> None:
    line = plain(NAMES[kind], longest=600).strip()
    for written in (f"- {prose(NAMES[kind])}", prose(NAMES[kind]), f"## {prose(NAMES[kind])}"):
        assert shown(written) == line
        comments = [token.content for token in flat(written) if token.type == "html_inline"]
        assert set(comments) <= {"<!-- -->"}
        kinds = {token.type for token in flat(written)} - {"html_inline"}
        structure = {"heading", "bullet_list", "list_item", "paragraph"}
        assert {kind.removesuffix("_open").removesuffix("_close") for kind in kinds} <= structure | {
            "inline",
            "text",
        }


MARKS = st.text(st.sampled_from("abc12 *_`~[]()<>|#+-.=!&;:@$^{}%\\/\"'\n\t\u202e\x1bé"), max_size=30)


@given(st.one_of(MARKS, st.text(max_size=30)))
def test_any_text_shows_as_it_is(text: str) -> None:
    line = plain(text, longest=600).strip()
    for before in ("- ", "", "## ", "1. "):
        assert shown(f"{before}{prose(text)}").split() == line.split()
    cells = flat("\n".join(markdown_table(["a", "b"], [[prose(text), code_span(text)]])))
    assert sum(token.type == "td_open" for token in cells) == 2
    spans = [token.content.replace("\u200b", "").strip() for token in cells if token.type == "code_inline"]
    assert spans == [line] * bool(line)


@pytest.mark.parametrize("kind", NAMES)
def test_code_shows_as_it_is(kind: str) -> None:
    line = plain(NAMES[kind], longest=600)
    cell = markdown_table(["a", "b"], [[code_span(NAMES[kind]), "c"]])
    found = [token for token in flat("\n".join(cell)) if token.type == "code_inline"]
    assert [token.content.replace("\u200b", "").strip() for token in found] == [line.strip()] * bool(
        line.strip()
    )
    assert sum(token.type == "td_open" for token in flat("\n".join(cell))) == 2


@pytest.mark.parametrize("kind", NAMES)
@pytest.mark.parametrize("written", [as_markdown, as_markdown_summary])
def test_a_hostile_name_changes_no_document(kind: str, written: Callable[[RunResult, Gate], str]) -> None:
    tame, wild = (written(with_name(name), gate(name)) for name in ("name", NAMES[kind]))
    if NAMES[kind].strip():
        assert shape(wild) == shape(tame)
    assert "{{" not in wild
    assert "{%" not in wild
    assert not re.search(r"(?m)^\s*::|##\[|[\x00-\x09\x0b-\x1f\x7f\u202e]", wild)
    assert len(wild) < 20_000


def test_a_block_of_code_holds_what_would_end_it() -> None:
    (token,) = [
        token for token in flat("\n".join(code_block(["a ```` b"], language="sh"))) if token.type == "fence"
    ]
    assert token.content == "a ```` b\n"


@pytest.mark.parametrize("result", [FIRM, UNDECIDED, PRIOR], ids=["firm", "undecided", "prior"])
def test_the_parts_are_there(result: RunResult) -> None:
    text = as_markdown(result)
    headings = re.findall(r"(?m)^#+ (.*)$", text)
    assert {"The way through the chart", "The same again"} <= set(headings)
    assert ("| penalty |" in text) == bool(result.arms)
    assert "2 rows are duplicates" in text


def test_a_firm_answer_in_whole() -> None:
    verdict = "\n\n".join(prose(line) for line in write_details(FIRM) if line)
    assert as_markdown_summary(FIRM, gate("x")) == SUMMARY.format(verdict=verdict)


SUMMARY = """\
## Use a penalty: L1, L2 and Elastic Net do equally well here, and 6.1 % better than none.

{verdict}

Table `data/diabetes.csv`: 442 rows; target `progression`, regression.

❌ **--fail-if** `data.target == "x"` holds: data.target is "x"

| penalty | as good as any | squared error | 95 % interval | R² | weights at 0 | time |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
| **Elastic Net** ← | 97 % | 0.527 | 0.507 to 0.547 | 0.47 | 31 % | 6 s |
| L1 | 90 % | 0.529 | 0.509 to 0.549 | 0.47 | 44 % | 3.1 s |
| L2 | 81 % | 0.534 | 0.514 to 0.554 | 0.47 | 0 % | 2.9 s |
| none | 1 % | 0.561 | 0.541 to 0.581 | 0.44 | 0 % | 0.4 s |

### Warnings

- 2 rows are duplicates
"""
