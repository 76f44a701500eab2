"""Where the cache lies."""

from collections.abc import Mapping
from pathlib import Path

CACHE_FILE = "journal.sqlite"
# SQLite's write-ahead log needs memory that all users of the file share, so it cannot work on these.
NETWORKED = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "lustre", "glusterfs", "fuse.sshfs")


def cache_folder(chosen: str | None, environ: Mapping[str, str]) -> Path | None:
    """Return the folder of the cache; None if there is no home folder to put it in.

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
    if Path(shared).is_absolute():  # the XDG specification says to ignore a relative one
        return Path(shared, "regchoose")
    home = environ.get("HOME", "")
    return Path(home, ".cache", "regchoose") if Path(home).is_absolute() else None


def is_on_network(folder: Path, mounts: str) -> bool:
    """Tell whether a folder lies on a network file system.

    Parameters
    ----------
    mounts : str
        Lines of `/proc/self/mounts`: device, mount point (spaces written in octal), kind of file system.
    """
    here = folder.resolve()
    kinds: dict[Path, str] = {}
    for line in mounts.splitlines():
        _, place, kind, *_ = [*line.split(" "), "", "", ""]
        kinds[Path(place.replace("\\040", " "))] = kind
    nearest = next((place for place in (here, *here.parents) if place in kinds), None)
    return nearest is not None and kinds[nearest] in NETWORKED
