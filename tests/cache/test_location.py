from pathlib import Path

import pytest

from regchoose.cache.location import cache_folder, is_on_network

MOUNTS = "overlay / overlay rw 0 0\nserver:/home /home nfs4 rw 0 0\n/dev/sda /home/of\\040one ext4 rw 0 0\n"
FOLDERS: list[tuple[str | None, dict[str, str], Path | None]] = [
    ("here", {"XDG_CACHE_HOME": "/x", "HOME": "/h"}, Path("here")),
    (None, {"XDG_CACHE_HOME": "/x", "HOME": "/h"}, Path("/x/regchoose")),
    (None, {"XDG_CACHE_HOME": "relative", "HOME": "/h"}, Path("/h/.cache/regchoose")),
    (None, {"HOME": "/h"}, Path("/h/.cache/regchoose")),
    (None, {"HOME": ""}, None),
    (None, {}, None),
]


@pytest.mark.parametrize(("chosen", "environ", "folder"), FOLDERS)
def test_the_folder_of_the_cache(chosen: str | None, environ: dict[str, str], folder: Path | None) -> None:
    assert cache_folder(chosen, environ) == folder


def test_the_nearest_mount_says_whether_a_folder_is_on_another_machine() -> None:
    assert is_on_network(Path("/home/me/.cache"), MOUNTS)
    assert not is_on_network(Path("/home/of one/.cache"), MOUNTS)
    assert not is_on_network(Path("/var"), MOUNTS)
    assert not is_on_network(Path("/var"), "")
