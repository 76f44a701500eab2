import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from regchoose.cli.failures import ErrorFormat, run_reporting_errors
from regchoose.cli.formats import FORMATS
from regchoose.cli.output import check_output, write_file
from regchoose.errors import ResourceError, UsageError
from tests.cli.conftest import Shell, clean_environment

NO_DATA = Path("none.csv")


def test_the_result_is_written_whole(shell: Shell, tmp_path: Path) -> None:
    done = shell("recommend", "a.csv", "-o", "r.json")
    assert json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))["ok"] is True
    assert "The result is in r.json." in done.stderr
    assert done.stdout.startswith("Use a penalty: L1, L2 and Elastic Net")
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"]


def test_an_existing_file_is_refused_before_the_work(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text("old", encoding="utf-8")
    done = shell("recommend", "a.csv", "-o", "r.json")
    assert done.returncode == 2
    assert done.stderr.startswith("error[E206]: ")  # no step was begun
    assert (tmp_path / "r.json").read_text(encoding="utf-8") == "old"
    assert shell("recommend", "a.csv", "-o", "r.json", "--force").returncode == 0
    assert (tmp_path / "r.json").read_text(encoding="utf-8") != "old"


def test_what_is_no_file_is_never_replaced(tmp_path: Path) -> None:
    for place in (tmp_path, Path("/dev/null")):
        with pytest.raises(ResourceError, match="not a file"):
            check_output(place, data=NO_DATA, force=True)


def test_a_link_to_nowhere_counts_as_there(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(ResourceError, match="not a file"):
        check_output(tmp_path / "link", data=NO_DATA, force=False)


def test_a_link_is_replaced_and_its_target_left_alone(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("kept", encoding="utf-8")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(UsageError):
        check_output(tmp_path / "link", data=NO_DATA, force=False)
    write_file(tmp_path / "link", "new")
    assert (tmp_path / "target").read_text(encoding="utf-8") == "kept"
    assert (tmp_path / "link").read_text(encoding="utf-8") == "new"


def test_an_old_file_survives_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "r.json"
    old.write_text("old", encoding="utf-8")

    def fail(_file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(ResourceError, match="No space left on device"):
        write_file(old, "new")
    assert old.read_text(encoding="utf-8") == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"]


def test_a_new_file_has_the_usual_rights(tmp_path: Path) -> None:
    write_file(tmp_path / "a", "text")
    (tmp_path / "b").touch()
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode


def test_the_table_is_never_overwritten(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("data", encoding="utf-8")
    done = shell("recommend", "a.csv", "-o", "./a.csv", "--force")
    assert done.returncode == 2
    assert "the output is the table itself" in done.stderr
    assert (tmp_path / "a.csv").read_text(encoding="utf-8") == "data"


# ---- places that cannot take it ---------------------------------------------------------------------

LIMITED = """
import resource, sys
from tests.cli import fake_shell
from regchoose.cli.app import main

def limit():
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, 2_000))

class Meanwhile(fake_shell.Board):
    def recommend_regularizer(self, *arguments, **named):
        limit()
        return super().recommend_regularizer(*arguments, **named)

if sys.argv.pop(1) == "before":
    limit()
sys.modules["regchoose.run.walk_chart"] = Meanwhile()
sys.exit(main())
"""


@pytest.mark.slow
@pytest.mark.parametrize("option", ["-o", "--report"])
@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_where_a_file_may_not_grow_the_old_one_stays(option: str, when: str, tmp_path: Path) -> None:
    name = "r.json" if option == "-o" else "r.html"
    (tmp_path / name).write_text("old", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, when, "recommend", "none.csv", option, name, "--force"],
        capture_output=True,
        encoding="utf-8",
        cwd=tmp_path,
        env=clean_environment(),
        timeout=60,
        check=False,
    )
    assert done.returncode == 4
    *work, code, where, needs, remedy = done.stderr.splitlines()
    assert bool(work) == (when == "meanwhile")
    assert code == "error[E402]: the output cannot be written: File too large"
    assert where == f"  --> {name}"
    assert re.fullmatch(r"  it takes about [\d,]{5,} bytes", needs)
    assert remedy == f"  fix:   {option} with another place, or free some space"
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text(encoding="utf-8") == "old"


PLACES = {
    "/proc/none/r.html": "the output cannot be written: No such file or directory",
    "missing/folder/r.html": "the output cannot be written: No such file or directory",
    "a.csv/r.html": "the output cannot be written: Not a directory",
    "a.csv/below/r.html": "the output cannot be written: Not a directory",
    f"{300 * 'x'}.html": "the output cannot be written: File name too long",
    "folder.html": "not a file that can be replaced",
}


@pytest.mark.parametrize("option", ["-o", "--report"])
@pytest.mark.parametrize("place", PLACES, ids=lambda place: place[:20])
def test_a_place_that_cannot_be_written_is_found_before_the_work(
    option: str, place: str, shell: Shell, tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    (tmp_path / "folder.html").mkdir()
    done = shell("recommend", "a.csv", option, place, "--force")
    assert done.returncode == 4
    first, where, *_, remedy = done.stderr.splitlines()  # and no step before
    assert first == f"error[E402]: {PLACES[place]}"
    assert where.startswith(f"  --> {place[:290]}")
    assert remedy.startswith(f"  fix:   {option} with another ")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_device_is_no_place_for_a_result(shell: Shell) -> None:
    done = shell("recommend", "a.csv", "-o", "/dev/full", "--force")
    assert done.returncode == 4
    assert done.stderr.startswith("error[E402]: not a file that can be replaced\n  --> /dev/full\n")


def test_result_and_report_are_two_files(shell: Shell, tmp_path: Path) -> None:
    done = shell("recommend", "a.csv", "-o", "r.json", "--report", f"../{tmp_path.name}/r.json")
    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == "error[E202]: -o and --report name the same file"
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_only_be_read_is_found_before_the_work(shell: Shell, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o555)
    done = shell("recommend", "a.csv", "-o", "closed/r.json")
    assert done.returncode == 4
    assert done.stderr.startswith("error[E402]: the output cannot be written: Permission denied\n")


def test_where_no_temporary_file_can_be_made_the_variable_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: ["/proc/none"])

    def work() -> int:
        tempfile.mkdtemp()
        return 0

    assert run_reporting_errors(work, ErrorFormat(json=False, debug=False)) == 4
    assert capsys.readouterr().err.splitlines() == [
        "error[E402]: there is no folder to write temporary files in",
        "  fix:   name one in the variable TMPDIR",
    ]


def test_predictions_are_not_put_among_the_tables_they_are_of(tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    with pytest.raises(UsageError) as caught:
        check_output(tmp_path / "tables" / "out.csv", data=tmp_path / "tables", force=False)
    assert caught.value.code == "E206"
    check_output(tmp_path / "tables" / "result.json", data=tmp_path / "tables", force=False)
    check_output(tmp_path / "out.csv", data=tmp_path / "tables", force=False)


def test_a_fault_in_a_report_loses_neither_the_result_nor_the_answer(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> str:
        raise ValueError("cannot draw this")

    monkeypatch.setitem(FORMATS, "html", fail)
    done = shell("recommend", "a.csv", "-o", "r.json", "--report", "r.html")
    assert done.returncode == 70
    assert done.stdout.startswith("Use a penalty: L1, L2 and Elastic Net")
    assert "error[internal]: ValueError: cannot draw this" in done.stderr
    assert json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))["ok"] is True
    shown = json.loads(shell("recommend", "a.csv", "--report", "r.html", "--json").stdout)  # one document
    assert shown["ok"] is False


def test_a_dash_is_standard_output(shell: Shell, tmp_path: Path) -> None:
    done = shell("recommend", "a.csv", "-o", "-")
    assert json.loads(done.stdout)["ok"] is True
    assert not list(tmp_path.iterdir())
    (tmp_path / "r.json").write_text(done.stdout, encoding="utf-8")
    assert shell("report", "r.json", "-o", "-", "--format", "markdown").stdout.startswith("## ")
    for arguments in (("recommend", "a.csv", "--report", "-"), ("fit", "a.csv", "-o", "-")):
        assert shell(*arguments).returncode == 2
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"]
