"""Every code and topic has a page, and every word leads to one."""

import re

import pytest
from typer.main import get_command

from regchoose.cli.app import app, main
from regchoose.errors import CODES
from regchoose.explain.find import PAGES, find_page, topics
from regchoose.report.render_markdown import render_markdown
from regchoose.report.terminal import capture_text

WIDTHS = (20, 40, 80, 100)
TALLEST_CODE, TALLEST = 20, 80  # lines at 80 columns
NAMES = [*topics(), *CODES]
SOURCES = {path.stem: path.read_text(encoding="utf-8") for path in PAGES.glob("*.md")}


WHOLE = "".join(SOURCES.values())


def shown(name: str, *, width: int = 80) -> str:
    return capture_text(render_markdown(find_page(name)), width=width)


def other_words() -> dict[str, str]:
    found = {name: re.findall(r"<!-- also: (.+) -->", text) for name, text in SOURCES.items()}
    return {word: name for name, lists in found.items() for words in lists for word in words.split(", ")}


def test_every_code_is_explained_under_its_own_words() -> None:
    sections = re.findall(r"(?m)^## (E\d{3}): (.+)$", SOURCES["errors"])
    assert sections == list(CODES.items())


@pytest.mark.parametrize("code", CODES)
def test_a_code_has_its_meaning_cause_fix_and_example(code: str) -> None:
    title, meaning, points, status = find_page(code).strip().split("\n\n")
    assert title == f"# {code}: {CODES[code]}"
    assert meaning.endswith(".")
    marks = re.findall(r"(?m)^- \*\*(\w+):\*\* \S", points)
    assert marks == ["Cause", "Fix", "Example"]
    assert "`regchoose " in points.rpartition("Example")[2]
    assert status == f"The command exits with status {code[1]}."


@pytest.mark.parametrize("name", NAMES)
def test_a_page_fits_its_terminal(name: str) -> None:
    for width in WIDTHS:
        assert max(map(len, shown(name, width=width).splitlines())) <= width
    lines = shown(name).splitlines()
    assert len(lines) <= (TALLEST_CODE if name in CODES else TALLEST)
    assert not re.search(r"\*\*\S.*?\*\*|\]\(|<!--|`", shown(name))


@pytest.mark.parametrize("name", topics())
def test_code_is_not_wrapped_at_80_columns(name: str) -> None:
    for block in re.findall(r"(?ms)^```\w*\n(.*?)^```$", SOURCES[name]):
        for line in filter(None, block.splitlines()):
            assert f"\n  {line}\n" in shown(name)


COMMANDS = vars(get_command(app))["commands"]
OPTIONS = {option for command in COMMANDS.values() for one in command.params for option in one.opts}
OPTIONS |= {
    option for command in COMMANDS.values() for one in command.params for option in one.secondary_opts
}
OPTIONS |= {"--help", "--install-completion"}
OPTIONS |= {"--held-out", "--nworkers", "--nthreads"}  # of an exported script, and of Dask
TYPO = "--taget"


@pytest.mark.parametrize("name", NAMES)
def test_flags_and_commands_named_exist(name: str) -> None:
    page = find_page(name)
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", page)) - {TYPO} <= OPTIONS
    code = "\n".join([*re.findall(r"(?ms)^```sh\n(.*?)^```$", page), *re.findall(r"`(.+?)`", page)])
    assert set(re.findall(r"(?m)^regchoose ([a-z]+)", code)) <= set(COMMANDS)


def test_links_lead_somewhere() -> None:
    for name, text in SOURCES.items():
        linked = re.findall(r"\]\(([\w-]+)\.md\)", text)
        assert set(linked) <= set(SOURCES), name
        assert name == "README" or "See also: [" in text or name == "errors"


def test_the_index_has_each_page_under_its_title() -> None:
    rows = re.findall(r"(?m)^\| \[([\w-]+)\]\(([\w-]+)\.md\) \| (.+) \|$", SOURCES["README"])
    titles = {name: text.splitlines()[0].removeprefix("# ") for name, text in SOURCES.items()}
    assert all(name == link for name, link, _ in rows)
    assert {name: title for name, _, title in rows} == {name: titles[name] for name in topics()}
    assert len(rows) == len(topics())


def test_other_words_are_not_themselves_topics() -> None:
    words = other_words()
    assert len(words) == sum(found.count(",") + 1 for found in re.findall("also: (.+) -->", WHOLE))
    assert not set(words) & {*topics(), *map(str.casefold, CODES)}
    for word, name in words.items():
        assert find_page(word) == find_page(name)


@pytest.mark.parametrize(
    ("word", "title"),
    [
        ("Lasso", "L1"),
        ("e312", "E312"),
        ("Elastic Net", "Elastic Net"),
        ("l1_ratio", "alpha"),
        (" GATE ", "In a"),
        ("AdamW", "L2"),
        ("budget", "Settings"),
        ("equivalent", "rope"),
    ],
)
def test_words_lead_to_their_page(word: str, title: str) -> None:
    assert shown(word).startswith(title)


def test_the_list_holds_everything(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain"]) == 0
    listed = capsys.readouterr().out
    for name in NAMES:
        assert re.search(rf"(?m)^{name} ", listed), name


@pytest.mark.parametrize(("word", "near"), [("elastik-net", "elastic-net"), ("E31", "E3"), ("saef", "safe")])
def test_an_unknown_topic_is_an_error_that_names_the_nearest(
    word: str, near: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", word]) == 2
    assert re.search(rf"fix:   regchoose explain {near[:3]}", capsys.readouterr().err)


@pytest.mark.parametrize("word", ["xyzzy", "horse", "l3"])
def test_a_topic_that_is_like_no_other_gets_no_guess(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", word]) == 2
    assert "fix:   regchoose explain lists the topics" in capsys.readouterr().err


@pytest.mark.parametrize(
    "word", ["arm", "cell", "gain", "loss", "zeros", "interval", "audit", "stage", "set"]
)
def test_the_glossary_answers_for_the_words_of_an_answer(word: str) -> None:
    assert re.search(rf"(?m)^\| {word} \| ", find_page(word))
