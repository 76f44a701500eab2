"""Importing regchoose costs nothing, and its public names have types that a user's own check sees."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import regchoose

PACKAGE = Path(regchoose.__file__).parent
HEAVY = {"torch", "pandas", "numpy", "sklearn", "scipy", "duckdb", "pydantic", "rich", "typer", "jinja2"}


def python(script: str) -> str:
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.strip()


def loaded(script: str) -> set[str]:
    said = python(f"import sys\n{script}\nprint(*sorted(set(sys.modules) & {HEAVY}))")
    return set(said.split())


def test_importing_it_loads_nothing_heavy() -> None:
    assert loaded("import regchoose; regchoose.__version__; dir(regchoose); regchoose.errors.CODES") == set()
    assert loaded("from regchoose import RegchooseError") == set()
    assert "torch" not in loaded("import regchoose; regchoose.Result")


@pytest.mark.slow
def test_a_script_ends_without_a_word() -> None:
    rows = "[[i, i % 3, i % 2] for i in range(60)]"
    script = f"import regchoose\nassert regchoose.recommend({rows}, resources='no').certainty == 'prior'"
    assert {"torch", "pandas"} <= loaded(script)  # `python` asserts that nothing is on stderr


def test_public_names_are_there() -> None:
    for name in regchoose.__all__:
        assert getattr(regchoose, name) is not None
        assert name in dir(regchoose)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        regchoose.nothing  # type: ignore[attr-defined]  # noqa: B018
    assert (PACKAGE / "py.typed").exists()


# Packages that take mypy most of the time, and of which no public name shows a type.
CONFIGURATION = """[mypy]
strict = true
[mypy-torch.*,sklearn.*,scipy.*,duckdb.*,matplotlib.*]
follow_imports = skip
follow_imports_for_stubs = true
"""


@pytest.mark.slow
def test_a_users_script_is_typed_and_its_mistakes_are_found(tmp_path: Path) -> None:
    (tmp_path / "mypy.ini").write_text(CONFIGURATION, encoding="utf-8")
    script = tmp_path / "script.py"
    script.write_text((Path(__file__).parent / "user.py").read_text(encoding="utf-8"), encoding="utf-8")
    # mypy looks for regchoose where a user's would: beside the packages installed, or on this path.
    places = {**os.environ, "MYPYPATH": str(PACKAGE.parent)}
    command = [sys.executable, "-m", "mypy", "--no-incremental", "--follow-imports=silent", str(script)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=places)
    assert (done.stdout, done.returncode) == ("Success: no issues found in 1 source file\n", 0)
