"""`regchoose cache`: the journal of what was trained; and how `recommend` comes by it."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path

from regchoose.cache.block_cache import Cache, CacheContents
from regchoose.cache.fingerprint import engine_fingerprint
from regchoose.cache.location import CACHE_FILE, cache_folder
from regchoose.cli import output
from regchoose.errors import UsageError, setting
from regchoose.report.safe_text import plain
from regchoose.result.json_text import dump_document
from regchoose.settings.options import Settings

ACTIONS = ("list", "clear", "path")
HOMELESS = "Nothing is kept for another run: there is no home folder; --cache-dir names a place."


@contextmanager
def journal_of(settings: Settings) -> Iterator[Cache | None]:
    """Give the journal of a run; None, and a line that says why, where there can be none."""
    folder = cache_folder(settings.cache_dir, os.environ)
    if folder is None:
        _say(HOMELESS, quiet=settings.quiet)
        yield None
        return
    journal = Cache(folder / CACHE_FILE, engine=engine_fingerprint(), fresh=settings.fresh, now=time.time)
    told = _told(journal, 0, quiet=settings.quiet)
    try:
        yield journal
    finally:
        journal.close()
        _told(journal, told, quiet=settings.quiet)


def _told(journal: Cache, told: int, *, quiet: bool) -> int:
    for note in journal.notes[told:]:
        _say(note, quiet=quiet)
    return len(journal.notes)


def _say(line: str, *, quiet: bool) -> None:
    if not quiet:
        output.say(plain(line, longest=400))


def cache(action: str, *, folder: str | None, json: bool) -> int:
    """List the journal, clear it or say where it is; return the exit status.

    Parameters
    ----------
    action : str
        One of `ACTIONS`.
    folder : str, optional
        What `--cache-dir` says.
    json : bool
        Whether the list is one JSON document.

    Raises
    ------
    UsageError
        E202 where there is no such action, or no folder.
    """
    if action not in ACTIONS:
        near = get_close_matches(action, ACTIONS, n=1, cutoff=0.3) or ACTIONS
        message = f"cache got {action!r}, wanted {', '.join(ACTIONS)}"
        raise UsageError("E202", message, fix=f"regchoose cache {near[0]}")
    place = cache_folder(folder or os.environ.get("REGCHOOSE_CACHE_DIR"), os.environ)
    if place is None:
        fix = setting("cache_dir") + " with a folder"
        raise UsageError("E202", "there is no home folder, so no cache", fix=fix)
    file = place / CACHE_FILE
    if action == "path":
        output.write(f"{place}\n")
    elif not file.exists():
        _show(CacheContents(0, 0, ()), file, json=json and action == "list")
    else:
        journal = Cache(file, engine=engine_fingerprint(), fresh=False, now=time.time)
        if action == "clear":
            journal.clear()
        _show(journal.contents(), file, json=json and action == "list")
        journal.close()
        _told(journal, 0, quiet=False)
    return 0


def _show(contents: CacheContents, file: Path, *, json: bool) -> None:
    answers = [{"used": _when(used), **about} for used, about in contents.answers]
    if json:
        sizes = {"bytes": contents.bytes, "blocks": contents.blocks}
        output.write(dump_document({"path": str(file), **sizes, "answers": answers}))
        return
    size = f"{contents.bytes / 1e6:.1f} MB, {contents.blocks:,} blocks of models, {len(answers):,} answers"
    lines = [f"{file}", size]
    lines += [f"  {a['used']}  {a.get('path', '')}  {a.get('recommended', '')}" for a in answers]
    output.write("".join(f"{plain(line, longest=400)}\n" for line in lines))


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%d %H:%M:%SZ")
