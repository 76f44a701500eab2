import json
from pathlib import Path

import pytest

from regchoose.cli.output import check_output, write_file
from regchoose.errors import ResourceError, UsageError
from tests.cli.conftest import Shell

NO_DATA = Path("none.csv")


def test_the_result_is_written_whole(shell: Shell, tmp_path: Path) -> None:
    done = shell("recommend", "a.csv", "-o", "r.json")
    assert json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))["ok"] is True
    assert "The result is in r.json." in done.stderr
    assert done.stdout.startswith("Elastic Net")
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
