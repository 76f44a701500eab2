"""The pipelines in configs/ci do what they say: their own commands, run in their own order."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from junitparser import JUnitXml

from regchoose.result.json_text import dump_model
from regchoose.result.saved_result import read_result
from tests.cli.conftest import clean_environment
from tests.report.results import altered

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "configs" / "ci"
# A run of seconds: the environment goes before the preset that the examples name.
TINY = {
    "REGCHOOSE_STRENGTHS": "2",
    "REGCHOOSE_ALPHAS": "0.5",
    "REGCHOOSE_FOLDS": "2",
    "REGCHOOSE_REPEATS": "1",
    "REGCHOOSE_EPOCHS": "3",
    "REGCHOOSE_STEPS": "5",
    "REGCHOOSE_HIDDEN": "4",
    "REGCHOOSE_LR": "0.01",
}


@dataclass(frozen=True)
class Pipeline:
    """The commands of an example, and the variables that it sets."""

    commands: tuple[str, ...]
    variables: dict[str, str]


def pipeline(name: str) -> Pipeline:
    known: Any = yaml.safe_load((EXAMPLES / f"{name}.yml").read_text(encoding="utf-8"))
    if name == "github":
        steps = known["jobs"]["regularizer"]["steps"]
        return Pipeline(tuple(step["run"] for step in steps if "run" in step), known["env"])
    job = known["regularizer"]
    return Pipeline((*job["before_script"], *job["script"]), job["variables"])


def accepting(name: str) -> str:
    """The command in the comment at the top, that makes the accepted answer."""
    found = re.search(r"(?m)^#   (regchoose .*)$", (EXAMPLES / f"{name}.yml").read_text(encoding="utf-8"))
    assert found
    return found[1]


class Project:
    """A folder with a table, in which commands are run as the pipeline's shell would."""

    def __init__(self, folder: Path, variables: dict[str, str]) -> None:
        self.folder = folder
        (folder / "data").mkdir()
        shutil.copy(ROOT / "data" / "loans.csv", folder / variables["TABLE"])
        (folder / "bin").mkdir()
        start = folder / "bin" / "regchoose"
        start.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m regchoose "$@"\n', encoding="utf-8")
        start.chmod(0o755)
        path = f"{start.parent}{os.pathsep}{os.environ['PATH']}"
        summary = str(folder / "summary.md")
        self._environment = clean_environment(
            **TINY, **variables, PATH=path, CI="true", GITHUB_STEP_SUMMARY=summary
        )

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-eo", "pipefail", "-c", command],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )


@pytest.fixture(scope="module")
def accepted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The accepted answer, made by the command that both examples name."""
    assert accepting("github") == accepting("gitlab")
    project = Project(tmp_path_factory.mktemp("accepted"), pipeline("github").variables)
    assert project.run(accepting("github")).returncode == 0
    return project.folder / "accepted.json"


@pytest.fixture(scope="module", params=["github", "gitlab"])
def done(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, accepted: Path
) -> tuple[str, Project, list[subprocess.CompletedProcess[str]]]:
    """All commands of an example but the installation, which is this environment."""
    known = pipeline(request.param)
    project = Project(tmp_path_factory.mktemp("project"), known.variables)
    shutil.copy(accepted, project.folder)
    commands = [command for command in known.commands if not command.startswith("pip install")]
    assert len(commands) == len(known.commands) - 1
    return request.param, project, [project.run(command) for command in commands]


def test_every_command_passes_on_the_accepted_table(done: Any) -> None:
    _, project, results = done
    assert [(result.returncode, result.stderr) for result in results if result.returncode] == []
    assert read_result(project.folder / "result.json").settings.preset == "ci"
    assert (project.folder / "report.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_the_forge_gets_what_it_shows(done: Any) -> None:
    name, project, results = done
    if name == "github":
        assert all(re.match("::(notice|warning) ", line) for line in results[0].stdout.splitlines())
        summary = (project.folder / "summary.md").read_text(encoding="utf-8")
        assert re.findall(r"(?m)^## (.*)$", summary)[1].startswith("The recommendation is still ")
    else:
        cases = [
            case for suite in JUnitXml.fromfile(str(project.folder / "regularizer.xml")) for case in suite
        ]
        assert cases[1].name == '--fail-if certainty == "undecided"'
        assert cases[1].result == []


def test_another_answer_stops_the_pipeline(done: Any) -> None:
    name, project, _ = done
    accepted = project.folder / "accepted.json"
    kept = accepted.read_bytes()
    result = read_result(accepted)
    arm = next(arm for arm, _ in result.arms.items() if arm != result.recommendation.regularizer)
    other = altered(result, recommendation={"regularizer": arm})
    accepted.write_text(dump_model(other), encoding="utf-8")
    stopped = project.run(pipeline(name).commands[-1])
    accepted.write_bytes(kept)
    assert stopped.returncode == 1
    assert "holds: regularizer_changed is true" in stopped.stderr
