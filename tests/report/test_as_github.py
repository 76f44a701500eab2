"""Annotations, read as the runner of GitHub Actions reads a line."""

import re
from dataclasses import replace

import pytest

from regchoose.report.as_github import as_github, failure_as_github
from regchoose.report.as_junit import as_junit
from regchoose.report.as_markdown import as_markdown
from regchoose.report.safe_text import plain
from regchoose.report.terminal import render_as_text as terminal
from regchoose.report.verdict_text import write_details
from regchoose.result.headline import write_headline
from regchoose.result.json_text import dump_model, without_surrogates
from tests.report.hostile import NAMES, gate, with_name
from tests.report.results import FIRM, UNDECIDED, altered

COMMAND = re.compile(r"::(notice|warning|error) ([^:]*)::(.*)")
Annotation = tuple[str, dict[str, str], str]


def undone(text: str, marks: dict[str, str]) -> str:
    return re.sub(r"%[0-9A-F]{2}", lambda found: marks[found[0]], text)


def read(text: str) -> list[Annotation]:
    """Take the lines apart; one that is no annotation fails."""
    data = {"%25": "%", "%0D": "\r", "%0A": "\n"}
    found: list[Annotation] = []
    for line in text.removesuffix("\n").split("\n"):
        match = COMMAND.fullmatch(line)
        assert match, line
        pairs = [pair.split("=", 1) for pair in match[2].split(",")]
        known = {key: undone(value, {**data, "%3A": ":", "%2C": ","}) for key, value in pairs}
        found.append((match[1], known, undone(match[3], data)))
    return found


def test_a_firm_answer_is_a_notice() -> None:
    (answer, warning) = read(as_github(FIRM))
    assert answer == (
        "notice",
        {"title": "regchoose: firm"},
        "\n".join([write_headline(FIRM), *filter(None, write_details(FIRM))]),
    )
    assert warning == (
        "warning",
        {"file": "data/diabetes.csv", "title": "regchoose"},
        "2 rows are duplicates",
    )


def test_doubt_is_a_warning_and_a_failed_gate_an_error() -> None:
    levels = [level for level, _, _ in read(as_github(UNDECIDED, gate("progression")))]
    assert levels == ["warning", "warning", "error"]
    passing = replace(gate("progression"), holds=False)
    assert "error" not in [level for level, _, _ in read(as_github(FIRM, passing))]


def test_no_more_annotations_than_are_shown() -> None:
    many = altered(UNDECIDED, data={"warnings": [f"warning {i}" for i in range(30)]})
    found = read(as_github(many))
    assert [level for level, _, _ in found] == ["warning"] * 10
    assert found[-1][2] == "22 more warnings"
    shown = [text for _, _, text in found if re.fullmatch(r"warning \d+", text)]
    assert len(shown) + 22 == 30


@pytest.mark.parametrize("kind", NAMES)
def test_a_hostile_name_is_one_text_of_one_line(kind: str) -> None:
    name = NAMES[kind]
    found = read(as_github(with_name(name), gate(name)))
    assert [level for level, _, _ in found] == ["notice", "warning", "warning", "error"]
    assert found[1][2] == plain(without_surrogates(name), longest=900)
    assert all(set(known) <= {"title", "file", "line"} for _, known, _ in found)


@pytest.mark.parametrize("kind", NAMES)
def test_no_other_form_commands_a_log(kind: str) -> None:
    """By the runner's rule: `::name … ::` where a line begins, `##[name …]` anywhere in it."""
    result, asked = with_name(NAMES[kind]), gate(NAMES[kind])
    forms = [terminal(result, width=width) for width in (20, 40, 80)]
    forms += [as_markdown(result, asked), as_junit(result, asked), dump_model(result)]
    for line in "\n".join(forms).splitlines():
        assert "##[" not in line
        assert not re.match(r"\s*::[A-Za-z-]+( .*)?::", line)


@pytest.mark.parametrize(
    ("path", "file"),
    [
        ("data/a.csv", "data/a.csv"),
        ("/tmp/a.csv", None),
        ("../a.csv", None),
        ("-", None),
        ("a,b:c.csv", "a,b:c.csv"),
    ],
)
def test_only_files_of_the_repository_are_named(path: str, file: str | None) -> None:
    result = altered(FIRM, data={"path": path})
    assert read(as_github(result))[1][1].get("file") == file


@pytest.mark.parametrize(
    ("where", "known"),
    [
        ("data/a.csv:1042   columns id,age", {"file": "data/a.csv", "line": "1042"}),
        ("regchoose.toml:3:7", {"file": "regchoose.toml", "line": "3"}),
        ("/tmp/a.csv:3", {}),
        ("--target", {}),
        ("", {}),
    ],
)
def test_an_error_points_at_its_line(where: str, known: dict[str, str]) -> None:
    error = {"code": "E312", "message": "row has 4 fields", "where": where, "hint": "--on-bad-rows skip"}
    ((level, properties, text),) = read(failure_as_github(error))
    assert level == "error"
    assert properties == {**known, "title": "regchoose E312"}
    assert text.split("\n")[0] == "row has 4 fields"
    assert text.endswith("\nfix: --on-bad-rows skip")
