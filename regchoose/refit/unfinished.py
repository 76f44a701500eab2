"""What is kept while a model is trained, so that a fit that was broken off goes on where it was."""

import json
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from regchoose.encoding.encoder import Encoder
from regchoose.errors import UsageError, setting
from regchoose.records.words import Arrays
from regchoose.refit.model_folder import (
    MODEL,
    OURS,
    PREPROCESSING,
    UNFINISHED,
    as_json,
    pack,
    unpack,
    unwritable,
    write_whole,
)

PLAN = "plan.json"


@dataclass(frozen=True)
class Unfinished:
    """The folder `unfinished` of a model.

    Attributes
    ----------
    folder : Path
    key : str
        Mark of the table, the settings and the code: what was kept under another is of no use.
    """

    folder: Path
    key: str

    def plan(self) -> tuple[dict[str, Any], Encoder] | None:
        """Return what is known of the table, once its rows are encoded."""
        try:
            said = json.loads((self.folder / PLAN).read_bytes())
            encoder = Encoder.from_json((self.folder / PREPROCESSING).read_bytes())
        except (OSError, ValueError):
            return None
        return (said["plan"], encoder) if said.get("key") == self.key else None

    def keep_plan(self, plan: Mapping[str, Any], encoder: Encoder) -> None:
        """Keep it."""
        write_whole(self.folder / PREPROCESSING, as_json(encoder.to_json()))
        write_whole(self.folder / PLAN, as_json({"key": self.key, "plan": plan}))

    def state(self, name: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Return the arrays of a training, and what was said beside them; None before its first epoch."""
        try:
            return unpack((self.folder / f"{name}.safetensors").read_bytes())
        except (OSError, ValueError):
            return None

    def keep_state(self, name: str, arrays: Arrays, said: Mapping[str, Any]) -> None:
        """Keep where a training is."""
        write_whole(self.folder / f"{name}.safetensors", pack(arrays, said))

    def leave(self) -> bool:
        """Leave it for another time; say whether anything is kept, and else leave nothing behind."""
        if self.plan() is not None:
            return True
        shutil.rmtree(self.folder, ignore_errors=True)
        with suppress(OSError):  # what is not empty stays
            self.folder.parent.rmdir()
        return False

    def clear(self) -> None:
        """Throw everything away."""
        shutil.rmtree(self.folder)


def begin(target: Path, key: str, *, force: bool) -> Unfinished:
    """Open the folder in which a model is made; what another fit has kept there is thrown away.

    Parameters
    ----------
    force : bool
        Whether a finished model, or the beginning of another, may be replaced.

    Raises
    ------
    UsageError
        E206 where something is there already.
    ResourceError
        E402 where the folder cannot be made.
    """
    work = Unfinished(target / UNFINISHED, key)
    if target.exists() and not target.is_dir():
        raise _taken(target, "is a file, and a folder is written")
    if target.is_dir():
        _refuse_taken(target, work, force=force)
    try:
        if work.folder.is_dir() and work.plan() is None:
            work.clear()
        work.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(target, error) from error
    return work


def _refuse_taken(target: Path, work: Unfinished, *, force: bool) -> None:
    others = sorted(file.name for file in target.iterdir() if file.name not in OURS)
    if force:
        return
    if (target / MODEL).exists():
        raise _taken(target, "holds a model already")
    if (work.folder / PLAN).exists() and work.plan() is None:
        raise _taken(target, "holds the beginning of another fit: other data, settings or version")
    if others:
        raise _taken(target, f"holds other files, as {others[0]!r}")


def _taken(target: Path, what: str) -> UsageError:
    fix = setting(force=True) + ", or -o with another name"
    return UsageError("E206", f"the output {what}", where=str(target), fix=fix)
