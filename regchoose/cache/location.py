"""Where the journal lies."""

from collections.abc import Mapping
from pathlib import Path

FILE = "journal.sqlite"
# File systems of other machines: SQLite's write-ahead log needs memory that all of its users share.
REMOTE = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "lustre", "glusterfs", "fuse.sshfs")


def cache_folder(chosen: str | None, environ: Mapping[str, str]) -> Path | None:
    """Return the folder of the cache; None where there is no home to put it in.

    Parameters
    ----------
    chosen : str, optional
        What `--cache-dir` says; else it is `$XDG_CACHE_HOME/regchoose` or `~/.cache/regchoose`.
    environ : mapping of str to str
        The environment.
    """
    if chosen:
        return Path(chosen)
    shared = environ.get("XDG_CACHE_HOME", "")
    if Path(shared).is_absolute():  # a relative one is to be ignored, says the XDG specification
        return Path(shared, "regchoose")
    home = environ.get("HOME", "")
    return Path(home, ".cache", "regchoose") if Path(home).is_absolute() else None


def is_remote(folder: Path, mounts: str) -> bool:
    """Tell whether a folder lies on another machine.

    Parameters
    ----------
    mounts : str
        Lines of `/proc/self/mounts`: device, place, kind of file system. Spaces in places are written octal.
    """
    here = folder.resolve()
    kinds: dict[Path, str] = {}
    for line in mounts.splitlines():
        _, place, kind, *_ = [*line.split(" "), "", "", ""]
        kinds[Path(place.replace("\\040", " "))] = kind
    nearest = next((place for place in (here, *here.parents) if place in kinds), None)
    return nearest is not None and kinds[nearest] in REMOTE
