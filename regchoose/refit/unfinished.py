"""What is stored while a model is trained, so that an interrupted fit can be resumed."""

import json
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from regchoose.encoding.encoder import Encoder
from regchoose.errors import UsageError, setting
from regchoose.records.words import Arrays
from regchoose.refit.encoded_rows import EncodedRows
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
    """The folder `unfinished` inside a model's folder, while it is trained.

    Attributes
    ----------
    folder : Path
    key : str
        Hash of the table, the settings and the code: what was stored under another is of no use.
    """

    folder: Path
    key: str

    def read_encoded(self) -> tuple[EncodedRows, Encoder] | None:
        """Return the encoded rows and their encoder; None before they are complete."""
        try:
            stored = json.loads((self.folder / PLAN).read_bytes())
            encoder = Encoder.from_json((self.folder / PREPROCESSING).read_bytes())
            if stored.get("key") != self.key:
                return None
            return TypeAdapter(EncodedRows).validate_python(stored["plan"]), encoder
        except (OSError, ValueError):
            return None

    def keep_encoded(self, rows: EncodedRows, encoder: Encoder) -> None:
        """Store that the rows are encoded, and how."""
        write_whole(self.folder / PREPROCESSING, as_json(encoder.to_json()))
        write_whole(self.folder / PLAN, as_json({"key": self.key, "plan": asdict(rows)}))

    def read_state(self, name: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Return the arrays of a training and the values stored beside them; None before its first epoch."""
        try:
            return unpack((self.folder / f"{name}.safetensors").read_bytes())
        except (OSError, ValueError):
            return None

    def keep_state(self, name: str, arrays: Arrays, values: Mapping[str, Any]) -> None:
        """Store where a training is."""
        write_whole(self.folder / f"{name}.safetensors", pack(arrays, values))

    def leave(self) -> bool:
        """Leave the folder for a later run if it holds encoded rows, else remove it; return which."""
        if self.read_encoded() is not None:
            return True
        shutil.rmtree(self.folder, ignore_errors=True)
        with suppress(OSError):  # the model's folder stays if it is not empty
            self.folder.parent.rmdir()
        return False

    def clear(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder)


def begin_fit(target: Path, key: str, *, force: bool) -> Unfinished:
    """Open the folder in which a model is made, and remove what a fit with another key has left there.

    Parameters
    ----------
    force : bool
        Whether a finished model, or an unfinished fit of another, may be replaced.

    Raises
    ------
    UsageError
        E206 if something is there already.
    ResourceError
        E402 if the folder cannot be made.
    """
    work = Unfinished(target / UNFINISHED, key)
    if target.exists() and not target.is_dir():
        raise _taken(target, "is a file, and a folder is written")
    if target.is_dir() and not force:
        _refuse_taken(target, work)
    try:
        if work.folder.is_dir() and work.read_encoded() is None:
            work.clear()
        work.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(target, error) from error
    return work


def _refuse_taken(target: Path, work: Unfinished) -> None:
    if (target / MODEL).exists():
        raise _taken(target, "holds a model already")
    if (work.folder / PLAN).exists() and work.read_encoded() is None:
        raise _taken(target, "holds the beginning of another fit: other data, settings or version")
    others = sorted(file.name for file in target.iterdir() if file.name not in OURS)
    if others:
        raise _taken(target, f"holds other files, as {others[0]!r}")


def _taken(target: Path, what: str) -> UsageError:
    fix = setting(force=True) + ", or -o with another name"
    return UsageError("E206", f"the output {what}", where=str(target), fix=fix)
