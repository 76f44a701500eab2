"""Where a large table is worked on."""

import errno
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from regchoose.errors import ResourceError
from regchoose.settings.options import Settings
from regchoose.table import file_set
from regchoose.table.large.duckdb_session import workspace
from regchoose.table.load import load
from tests.table.writing import nobody


def test_it_is_gone_afterwards() -> None:
    with workspace(needs=1) as folder:
        (folder / "a").write_text("a")
    assert not folder.exists()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_one_is_named_with_its_need(number: int) -> None:
    with pytest.raises(ResourceError) as full, workspace(needs=4_000):
        raise OSError(number, "it is full")
    assert full.value.code == "E402"
    assert full.value.where == tempfile.gettempdir()
    assert "4,000 bytes" in full.value.detail[0]
    assert "TMPDIR" in full.value.fix


def test_other_errors_stay_what_they_are() -> None:
    with pytest.raises(PermissionError), workspace(needs=1):
        raise PermissionError(errno.EACCES, "not yours")


@contextmanager
def few_bytes() -> Iterator[None]:
    """Let this process write no file of more than 2 kB; briefly, since pytest's own log may be one."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_large_table_for_which_there_is_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_set, "LARGE", 0)
    table = tmp_path / "a.csv"
    table.write_text(
        "a,b,y\n" + "".join(f"{i},{i * 7 % 13},{i % 2}\n" for i in range(4_000)), encoding="utf-16"
    )
    with few_bytes(), pytest.raises(ResourceError, match="temporary files cannot be written: File too large"):
        load(str(table), Settings(), choose=nobody)
