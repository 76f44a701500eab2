"""`--fail-if`: refused before the work, or decided after it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from regchoose.errors import ExitCode
from regchoose.result.json_text import dump_model
from tests.cli.conftest import Shell, clean_environment
from tests.report.results import FIRM, PRIOR


def test_what_holds_ends_with_1_and_says_so(shell: Shell) -> None:
    done = shell("recommend", "a.csv", "--fail-if", 'regularizer != "l2"')
    assert done.returncode == int(ExitCode.GATE) == 1
    assert done.stdout.startswith("Use a penalty: L1, L2 and Elastic Net")
    assert '--fail-if regularizer != "l2" holds: regularizer is "elastic_net"; exit 1\n' in done.stderr


def test_what_does_not_hold_lets_pass(shell: Shell) -> None:
    done = shell("recommend", "a.csv", "--fail-if", "arms.l1.loss > 1 or safe < 0.9")
    assert done.returncode == 0
    assert "does not hold: arms.l1.loss is 0.529, safe is 0.97\n" in done.stderr
    assert "--fail-if" not in shell("recommend", "a.csv", "-q", "--fail-if", "safe < 0.9").stderr


def test_the_document_and_the_file_are_whole(shell: Shell, tmp_path: Path) -> None:
    done = shell("recommend", "a.csv", "--json", "-o", "r.json", "--fail-if", "safe > 0.9")
    assert done.returncode == 1
    assert json.loads(done.stdout)["ok"] is True
    assert (tmp_path / "r.json").read_text(encoding="utf-8") == done.stdout


@pytest.mark.parametrize("arguments", [[], ["--dry-run"], ["--json"]])
def test_a_condition_that_no_result_answers_is_refused_before_the_work(
    shell: Shell, tmp_path: Path, arguments: list[str]
) -> None:
    done = shell("recommend", "a.csv", "-o", "r.json", "--fail-if", 'certanty != "firm"', *arguments)
    assert done.returncode == 2
    assert "begin" not in done.stderr
    assert not (tmp_path / "r.json").exists()
    said = done.stdout if "--json" in arguments else done.stderr
    assert "there is no certanty" in said


def test_it_may_come_from_a_file(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "regchoose.toml").write_text("fail_if = 'certainty == \"firm\"'\n", encoding="utf-8")
    assert shell("recommend", "a.csv").returncode == 1


@pytest.mark.parametrize(
    ("form", "mark"), [("github", "::error title=regchoose --fail-if::"), ("junit", "<failure ")]
)
def test_each_form_shows_a_gate_that_failed(shell: Shell, form: str, mark: str) -> None:
    assert mark in shell("recommend", "a.csv", "--format", form, "--fail-if", "safe > 0.9").stdout
    assert mark not in shell("recommend", "a.csv", "--format", form, "--fail-if", "safe < 0.9").stdout


def test_a_saved_result_is_gated_too(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "prior.json").write_text(dump_model(PRIOR), encoding="utf-8")
    done = shell("report", "prior.json", "-o", "gate.xml", "--fail-if", "safe < 0.9")
    assert done.returncode == 1
    assert "cannot be told, which counts as holding: safe is null; exit 1" in done.stderr
    assert "<failure " in (tmp_path / "gate.xml").read_text(encoding="utf-8")
    assert shell("report", "prior.json", "--fail-if", "safe != null and safe < 0.9").returncode == 0


@pytest.mark.parametrize("form", ["json", pytest.param("text", marks=pytest.mark.slow)])
def test_a_reader_that_leaves_takes_no_gate_away(tmp_path: Path, form: str) -> None:
    command = [sys.executable, "-m", "tests.cli.fake_shell", "recommend", "a.csv", "--format", form]
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*command, "--fail-if", "safe > 0.9", "--report", "r.html"],
        stdout=writer,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        cwd=tmp_path,
        env=clean_environment(),
        timeout=60,
        check=False,
    )
    os.close(writer)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "holds: safe is 0.97; exit 1" in done.stderr
    assert (tmp_path / "r.html").exists()


def test_an_error_of_the_run_is_not_the_gates(shell: Shell) -> None:
    assert shell("recommend", "bad.csv", "--fail-if", "ok").returncode == 3
    assert json.loads(dump_model(FIRM))["ok"] is True
