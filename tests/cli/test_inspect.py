"""`inspect` on a small table, with the real reader."""

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Shell, clean_environment

ROWS = [f"{number},{number * number % 17},{'yes' if number % 3 else 'no'},c{number}" for number in range(60)]
TABLE = "\n".join(["age,[bold]size[/bold]\x1b[31m,class,name", *ROWS]) + "\n"
SCRIPT = """
import sys
from regchoose.cli.app import main
status = main(["inspect", "t.csv"])
print(" ".join(sys.modules), file=sys.stderr)
sys.exit(status)
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "t.csv"
    path.write_text(TABLE, encoding="utf-8")
    return path


@pytest.mark.usefixtures("table")
def test_it_says_what_the_table_is_taken_for(shell: Shell) -> None:
    done = shell("inspect", "t.csv")
    assert done.returncode == 0
    shown = " ".join(done.stdout.split())
    assert "t.csv: 60 rows, 4 columns" in shown
    assert "task binary" in shown
    assert "classes no, yes" in shown
    assert "[bold]size[/bold]" in shown
    assert "\x1b" not in done.stdout
    assert "Are the features correlated?" in shown


@pytest.mark.usefixtures("table")
def test_its_json_has_the_contracts_columns(shell: Shell) -> None:
    document = json.loads(shell("inspect", "t.csv", "--json").stdout)
    assert document["ok"] is True
    assert (document["rows"], document["target"], document["task"]) == (60, "class", "binary")
    assert {column["name"]: column["role"] for column in document["columns"]}["class"] == "target"
    assert set(document["profile"]) == {"correlated", "somewhat_correlated", "entire_picture", "sparse"}


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize("columns", ["20", "40"])
def test_it_fits_a_narrow_terminal(shell: Shell, columns: str) -> None:
    done = shell("inspect", "t.csv", COLUMNS=columns)
    assert max(map(len, done.stdout.splitlines())) <= int(columns)


@pytest.mark.usefixtures("table")
def test_settings_of_the_data_count(shell: Shell) -> None:
    document = json.loads(shell("inspect", "t.csv", "--json", "--target", "age", "--exclude", "name").stdout)
    assert document["target"] == "age"
    assert document["columns"][3]["role"] == "excluded"


def test_a_wide_table_shows_what_is_left_out_and_counts_the_rest(shell: Shell, tmp_path: Path) -> None:
    names = [f"x{j}" for j in range(300)] + ["same", "y"]
    draw = random.Random(1)
    rows = [",".join([*(str(draw.randrange(20)) for _ in range(300)), "5", str(i % 2)]) for i in range(60)]
    (tmp_path / "wide.csv").write_text("\n".join([",".join(names), *rows]) + "\n", encoding="utf-8")
    done = shell("inspect", "wide.csv")
    assert "… and 202 more; --json lists all" in done.stdout
    assert "\nsame " in done.stdout
    assert "\nx299 " not in done.stdout


def test_a_missing_file_is_said(shell: Shell) -> None:
    done = shell("inspect", "none.csv", "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["code"] == "E201"


@pytest.mark.slow
@pytest.mark.usefixtures("table")
def test_torch_stays_unloaded(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=clean_environment(),
        check=True,
    )
    assert "regchoose.library.inspect_table" in done.stderr.split()
    assert "torch" not in done.stderr.split()
