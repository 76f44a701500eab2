"""Every command that an answer or an error proposes runs, as printed, from the same folder."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from regchoose.cli.app import main

TINY = {"STRENGTHS": "2", "ALPHAS": "0.5", "REPEATS": "1", "EPOCHS": "2", "STEPS": "5", "LR": "0.01"}
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in a folder of tables, by settings that take a second; return status and texts."""
    monkeypatch.chdir(tmp_path)
    for name, value in {**TINY, "NO_INPUT": "true"}.items():
        monkeypatch.setenv(f"REGCHOOSE_{name}", value)
    _write_tables(tmp_path)

    def command(*words: str) -> tuple[int, str, str]:
        status = main(words)
        said = capsys.readouterr()
        return status, said.out, said.err

    return command


def _write_tables(folder: Path) -> None:
    rng = np.random.default_rng(0)
    n = 60
    a, b = rng.normal(size=(2, n))
    tables = {
        "good.csv": (a, b, 2 * a + 0.3 * rng.normal(size=n)),
        "a b.csv": (a, b, 2 * a + 0.3 * rng.normal(size=n)),
        "noise.csv": (a, b, rng.normal(size=n)),
        "leak.csv": (a, 3 * a + 1, a),
        "few.csv": (a[:12], b[:12], a[:12]),
        "constant.csv": (a, b, np.ones(n)),
    }
    for name, columns in tables.items():
        rows = zip(*columns, strict=True)
        text = "".join(",".join(f"{value:.6g}" for value in row) + "\n" for row in rows)
        (folder / name).write_text(f"first,second,{'y' if name != 'good.csv' else 'price'}\n{text}")
    ids = "".join(f"{i},{i % 5},name{i}\n" for i in range(n))
    (folder / "ids.csv").write_text(f"a,b,name\n{ids}")
    rare = "".join(f"{i},{i % 7},{'rare' if i in (3, 4) else 'yes' if i % 2 else 'no'}\n" for i in range(n))
    (folder / "rare.csv").write_text(f"a,b,answer\n{rare}")
    (folder / "ragged.csv").write_text(
        "a,b,y\n" + "".join(f"{i},{i % 7},{i % 2}\n" for i in range(n)) + "1,2\n"
    )
    odd = "".join(f"{i},{i % 7},{i % 2}\n" for i in range(n))
    (folder / "odd.csv").write_text(f"a,b,y\n{odd}5,much,1\n")


def proposed(text: str) -> list[str]:
    """Return the commands under `Next`."""
    lines = text[text.index("\nNext ") :].strip().splitlines()
    return [line.removeprefix("Next").strip() for line in lines if line.strip()]


ANSWERS = {
    "an answer": ["good.csv"],
    "a name with a blank, and a target": ["a b.csv", "--target", "second"],
    "no header": ["good.csv", "--no-header", "--target", "c2", "--skip-rows", "1"],
    "nothing predicts it": ["noise.csv"],
    "a leak": ["leak.csv", "--target", "y"],
    "no resources": ["good.csv", "--resources", "no"],
    "no subsample": ["good.csv", "--subsample", "no"],
    "too few rows": ["few.csv", "--resources", "no"],
    "too few of a class": ["rare.csv", "--resources", "no"],
    "the other chart": ["good.csv", "--chart", "three-questions"],
    "the other chart, known": ["good.csv", "--chart", "three-questions", "--needs-regularization", "no"],
    "too small a budget": ["good.csv", "--budget", "0.001s"],
    "a preset and a network": ["good.csv", "--preset", "quick", "--network", "linear"],
    "no audit": ["good.csv", "--no-audit"],
}


@pytest.mark.slow
@pytest.mark.parametrize("words", ANSWERS.values(), ids=ANSWERS)
def test_what_is_next_runs_as_printed(run: Run, words: list[str]) -> None:
    status, out, err = run("recommend", *words)
    assert status == 0, err
    commands = proposed(out)
    assert any(" -o result.json" in command for command in commands)
    for command in commands:
        program, *arguments = shlex.split(command)
        assert program == "regchoose"
        status, _, err = run(*arguments)
        assert status == 0, (command, err)


@pytest.mark.slow
def test_an_experiment_that_was_declined_is_made_by_what_is_next(run: Run) -> None:
    for words in (["--resources", "no"], ["--chart", "three-questions", "--needs-regularization", "no"]):
        _, out, _ = run("recommend", "good.csv", *words)
        first, *_ = proposed(out)
        status, out, err = run(*shlex.split(first.partition(" -o ")[0])[1:])
        assert status == 0, err
        assert "nothing was trained" not in out


@pytest.mark.slow
def test_where_rows_are_too_few_no_experiment_is_proposed(run: Run) -> None:
    _, out, _ = run("recommend", "few.csv", "--resources", "no")
    assert "--resources=yes" not in out
    assert "An experiment says more" not in out


@pytest.mark.slow
@pytest.mark.parametrize(
    "command", [["inspect"], ["sample", "--rows", "30", "-o", "s.csv"]], ids=lambda c: c[0]
)
def test_what_lacks_a_flag_does_not_offer_it(run: Run, command: list[str]) -> None:
    status, out, err = run(command[0], "rare.csv", *command[1:])
    assert status == 0, err
    assert "class 'rare' has 2 rows, and 5 folds need 10" in " ".join((out + err).split())
    assert "--resources" not in out + err


FAULTS = {
    "too few rows": ["recommend", "few.csv"],
    "a rare class": ["recommend", "rare.csv"],
    "an id": ["recommend", "ids.csv"],
    "a constant target": ["recommend", "constant.csv"],
    "no such target": ["recommend", "good.csv", "--target", "prise"],
    "a constant target to be fitted": ["fit", "constant.csv", "--regularizer", "none", "-o", "model"],
    "ragged rows": ["recommend", "ragged.csv"],
    "a text among numbers": ["recommend", "odd.csv"],
    "a bad budget": ["recommend", "good.csv", "--budget", "5minutes"],
    "a bad word": ["recommend", "good.csv", "--task", "regresion"],
    "a device": ["recommend", "good.csv", "--device", "cuda:99"],
    "a command": ["recomend", "good.csv"],
    "no strength": ["fit", "good.csv", "--regularizer", "l2", "-o", "model"],
    "no output": ["sample", "good.csv", "--rows", "30"],
}
NAMED = re.compile(
    r"^(?:regchoose .*|-o \S+|--[a-z0-9-]+(?: (?!with\b|out\b)(?:'[^']*'|[^\s,]+))?)(?=$|,| \()"
)


@pytest.mark.slow
@pytest.mark.parametrize("words", FAULTS.values(), ids=FAULTS)
def test_each_remedy_runs_as_printed(run: Run, words: list[str]) -> None:
    status, _, err = run(*words)
    assert status > 1, err
    code = re.search(r"error\[(E\d+)\]", err)
    assert code is not None, err
    *_, fix = err.strip().splitlines()
    assert fix.startswith("  fix:   "), err
    remedies = [found[0] for part in fix[9:].split("   or   ") if (found := NAMED.match(part))]
    assert remedies, fix
    for remedy in remedies:
        named = shlex.split(remedy)
        arguments = named[1:] if named[0] == "regchoose" else _replace_option(words, named)
        for path in map(Path, ("model", "s.csv")):
            path.unlink(missing_ok=True) if path.is_file() else None
        status, _, said = run(
            *arguments, *(["--force"] if "-o" in arguments and "--force" not in arguments else [])
        )
        again = f"error[{code[1]}]" in said
        assert not again, (remedy, said)
        assert "error[E202]" not in said, (remedy, said)


def _replace_option(words: list[str], named: list[str]) -> list[str]:
    """Return a command line with an option added, in the place of what it had of that option."""
    if named[0] in words:
        place = words.index(named[0])
        words = [*words[:place], *words[place + 2 :]]
    return [*words, *named]
