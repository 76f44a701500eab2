"""The forms of an answer, and of an error."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from regchoose.report.as_markdown import as_markdown
from regchoose.result.json_text import dump_model
from tests.cli.conftest import Shell
from tests.report.results import FIRM


@pytest.fixture
def saved(tmp_path: Path) -> str:
    (tmp_path / "result.json").write_text(dump_model(FIRM), encoding="utf-8")
    return "result.json"


BEGINNINGS = {
    "text": "Use a penalty: L1, L2 and Elastic Net",
    "json": '{\n  "ok": true',
    "markdown": "## Use a penalty: L1, L2 and Elastic Net",
    "github": "::notice title=regchoose%3A firm::Use a penalty: L1, L2",
    "junit": "<?xml version='1.0'",
}


@pytest.mark.parametrize("form", BEGINNINGS)
def test_an_answer_has_the_form_asked_for(shell: Shell, form: str) -> None:
    done = shell("recommend", "a.csv", "--format", form)
    assert done.returncode == 0
    assert done.stdout.startswith(BEGINNINGS[form])


@pytest.mark.parametrize("form", [*BEGINNINGS, "html"])
def test_a_saved_result_has_the_same_forms(shell: Shell, saved: str, form: str) -> None:
    done = shell("report", saved, "--format", form)
    assert done.returncode == 0
    assert done.stdout.startswith(BEGINNINGS.get(form, "<!DOCTYPE html>"))


@pytest.mark.parametrize(
    ("name", "beginning"),
    [
        ("a.md", "## "),
        ("a.xml", "<?xml"),
        ("a.html", "<!DOCTYPE html>"),
        ("a.txt", "Use a penalty: L1, L2 and Elastic Net"),
        ("a.json", "{"),
    ],
)
def test_the_ending_of_a_file_says_the_form(
    shell: Shell, saved: str, tmp_path: Path, name: str, beginning: str
) -> None:
    for command, other in ((("report", saved, "-o"), "b"), (("recommend", "a.csv", "--report"), "c")):
        target = name.replace("a", other)
        assert shell(*command, target).returncode == 0
        assert (tmp_path / target).read_text(encoding="utf-8").startswith(beginning)


def test_a_format_goes_before_the_ending(shell: Shell, saved: str, tmp_path: Path) -> None:
    assert shell("report", saved, "-o", "comment.txt", "--format", "markdown").returncode == 0
    assert (tmp_path / "comment.txt").read_text(encoding="utf-8") == as_markdown(FIRM)


def test_a_form_that_there_is_not_is_said(shell: Shell, saved: str) -> None:
    done = shell("report", saved, "--format", "pdf")
    assert done.returncode == 2
    assert "wanted text, json, markdown, github, junit, html" in done.stderr
    done = shell("recommend", "a.csv", "--format", "junitt")
    assert done.stderr.endswith("fix:   --format junit\n")


def test_two_forms_at_once_are_refused(shell: Shell) -> None:
    done = shell("recommend", "a.csv", "--json", "--format", "junit")
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["hint"] == "--format junit alone, or --json alone"


def test_the_form_may_come_from_the_environment(shell: Shell) -> None:
    assert shell("recommend", "a.csv", REGCHOOSE_FORMAT="markdown").stdout.startswith("## ")
    done = shell("recommend", "bad.csv", REGCHOOSE_FORMAT="json")
    assert json.loads(done.stdout)["error"]["code"] == "E312"


# ---- errors ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("written", [["--format", "github"], ["--format=github"]])
def test_an_error_is_an_annotation_at_its_line(shell: Shell, written: list[str]) -> None:
    done = shell("recommend", "bad.csv", *written)
    assert done.returncode == 3
    assert done.stdout.startswith("::error file=bad.csv,line=1042,title=regchoose E312::row has 4 fields")
    assert done.stderr.count("error[E312]") == 1


def test_an_error_is_a_test_that_went_wrong(shell: Shell) -> None:
    done = shell("recommend", "bad.csv", "--format", "junit")
    error = ET.fromstring(done.stdout).find(".//error")
    assert error is not None
    assert error.get("type") == "E312"


@pytest.mark.parametrize("form", ["github", "junit", "markdown"])
def test_what_is_no_option_is_said_in_the_form_too(shell: Shell, form: str) -> None:
    done = shell("recommend", "a.csv", "--format", form, "--epoch", "3")
    assert done.returncode == 2
    assert "error[E202]" in done.stderr
    assert bool(done.stdout) == (form != "markdown")


# ---- the summary of a job --------------------------------------------------------------------------


def test_a_summary_is_appended(shell: Shell, tmp_path: Path) -> None:
    page = tmp_path / "summary.md"
    page.write_text("before\n", encoding="utf-8")
    shell("recommend", "a.csv", "--format", "github", GITHUB_STEP_SUMMARY=str(page))
    text = page.read_text(encoding="utf-8")
    assert text.startswith("before\n## Use a penalty: L1, L2 and Elastic Net")
    assert "| **Elastic Net** ← |" in text


@pytest.mark.parametrize("form", ["markdown", "text"])
def test_other_forms_write_no_summary(shell: Shell, tmp_path: Path, form: str) -> None:
    shell("recommend", "a.csv", "--format", form, GITHUB_STEP_SUMMARY=str(tmp_path / "summary.md"))
    assert not (tmp_path / "summary.md").exists()


def test_a_summary_that_cannot_be_written_is_no_failure(shell: Shell, tmp_path: Path) -> None:
    done = shell("recommend", "a.csv", "--format", "github", GITHUB_STEP_SUMMARY=str(tmp_path))
    assert done.returncode == 0
    assert "the summary cannot be written" in done.stderr
