# ruff: noqa: T201
"""Records what the product puts out, and shows what has changed since.

    python -m tests.corpus record FOLDER [--tree ROOT] [--real FOLDER] [--only NAME ...] [--jobs N]
    python -m tests.corpus check FOLDER  …        the same; a unified diff, and exit status 1 if there is one

ROOT is the tree under test, by default the one that this file lies in. Each run of `runs.py` has a folder:
`transcript.txt` with the exit status, stdout and stderr of every command, and `files/` with what was written.
Numbers depend on the processor and the libraries: record and check on one machine, in one environment.
"""

import argparse
import difflib
import json
import os
import re
import resource
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from tests.corpus.inputs import MAKERS
from tests.corpus.runs import REAL, RUNS, Run
from tests.corpus.stable import stable

HERE = Path(__file__).parent
TIMED = (
    "recommend",
    "inspect",
    "sample",
    "fit",
    "predict",
    "cache",
    "api",
)  # the others render what is saved
LONGEST = 300  # lines of a diff that are shown of one file


Started = tuple[int, bytes, bytes]  # exit status, stdout, stderr
Start = Callable[[list[str], Path, dict[str, str]], Started]


def afresh(program: list[str], folder: Path, environ: dict[str, str]) -> Started:
    """Run Python with these arguments in a process of its own."""
    done = subprocess.run(
        [sys.executable, *program],
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


class Starter(threading.local):
    """The same by forking `starter.py`, of which every thread has its own."""

    all: ClassVar[list[subprocess.Popen[str]]] = []
    process: subprocess.Popen[str] | None = None

    def __call__(self, program: list[str], folder: Path, environ: dict[str, str]) -> Started:
        if self.process is None:
            self.process = subprocess.Popen(
                [sys.executable, str(HERE / "starter.py")],
                env=environ,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            self.all.append(self.process)
        files = [folder.parent / name for name in ("stdout", "stderr")]
        asked = {"argv": program, "folder": str(folder), "environ": environ}
        streams = {path.name: str(path) for path in files}
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(json.dumps({**asked, **streams}), file=self.process.stdin, flush=True)
        status = int(self.process.stdout.readline())
        return status, files[0].read_bytes(), files[1].read_bytes()


@dataclass
class Place:
    """The folder that a run works in, and what it has put out."""

    root: Path
    folder: Path
    environ: dict[str, str]
    names: dict[str, str]
    start: Start
    told: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    seen: dict[Path, bytes] = field(default_factory=dict)


def names_of(root: Path, base: Path) -> dict[str, str]:
    """Return what may differ between two recordings, with what stands for it."""
    source = (root / "pyproject.toml").read_text(encoding="utf-8")
    version = {tomllib.loads(source)["project"]["version"]: "VERSION"}
    return {str(base): "BASE", str(root): "ROOT", str(HERE): "CORPUS", sys.prefix: "PYTHON", **version}


def begun(run: Run, name: str, *, root: Path, real: Path | None, base: Path, start: Start) -> Place:
    """Make the folder of a run, with the tables that it reads."""
    folder = base / name / "work"
    folder.mkdir(parents=True)
    (folder / "data").mkdir()
    for path in (root / "data").iterdir():
        if path.suffix in (".csv", ".py"):
            shutil.copy(path, folder / "data")
    if real is not None and name in REAL:
        shutil.copytree(real, folder / "real", copy_function=shutil.copyfile)
    for need in run.needs:
        MAKERS[need](folder)
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(base / name / "home"),
        "XDG_CACHE_HOME": str(base / name / "cache"),
        "PYTHONPATH": str(root),
        "LC_ALL": "C.UTF-8",
        "COLUMNS": "100",
        "NO_COLOR": "1",
        "TERM": "dumb",
    }
    place = Place(root, folder, environ, names_of(root, base), start)
    place.seen = {path: path.read_bytes() for path in files_in(folder)}
    return place


def files_in(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts)


def perform(line: str, place: Place) -> None:
    """Do one line of a run and note what it put out."""
    words = shlex.split(line)
    environ = dict(place.environ)
    while re.match(r"[A-Z_]+=", words[0]):
        name, _, value = words.pop(0).partition("=")
        environ[name] = value
    if words[0] == "still":
        still(place.folder / words[1])
    elif words[0] == "partial":
        partly(*(place.folder / name for name in words[1:]))
    else:
        program = [str(HERE / "api" / f"{words[1]}.py")] if words[0] == "api" else ["-m", "regchoose", *words]
        summary = {"GITHUB_STEP_SUMMARY": str(place.folder / "summary.md")} if "github" in words else {}
        status, *streams = place.start(program, place.folder, environ | summary)
        note = partial(stable, names=place.names, timed=words[0] in TIMED)
        texts = [note(stream.decode("utf-8", "backslashreplace")) for stream in streams]
        place.told += [f"$ {line}", f"[exit status {status}]"]
        for title, text in zip(("[stdout]", "[stderr]"), texts, strict=True):
            place.told += [title, *text.splitlines()] if text else []
        place.told.append("")
    collect(place, timed=words[0] in TIMED)


def still(path: Path) -> None:
    """Set the times in a saved result."""
    if path.exists():
        document = json.loads(path.read_text(encoding="utf-8"))
        document["seconds"] = 75.25
        _fixed(document["execution"])
        path.write_text(json.dumps(document, indent=2, sort_keys=False) + "\n", encoding="utf-8")


def _fixed(execution: dict[str, Any]) -> None:
    for place, arm in enumerate(execution.get("arm_seconds") or {}, start=1):
        execution["arm_seconds"][arm] = 4.5 * place
    if execution.get("estimates"):
        execution["estimates"] = dict.fromkeys(execution["estimates"], 33.0)


def partly(path: Path, new: Path) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    new.write_text(json.dumps({**document, "partial": True}, indent=2) + "\n", encoding="utf-8")


def collect(place: Place, *, timed: bool) -> None:
    """Keep what a command has written or changed; a later one of the same name stands in its place."""
    for path in files_in(place.folder):
        content = path.read_bytes()
        if place.seen.get(path) != content:
            place.seen[path] = content
            if not (path.suffix == ".sqlite" or "journal" in path.name):
                place.files[str(path.relative_to(place.folder))] = _kept(content, place.names, timed=timed)


def _kept(content: bytes, names: Mapping[str, str], *, timed: bool) -> bytes:
    try:
        return stable(content.decode("utf-8"), names, timed=timed).encode()
    except UnicodeDecodeError:
        return content


def outputs(
    run: Run, name: str, *, root: Path, real: Path | None, base: Path, start: Start
) -> dict[str, bytes]:
    """Return what a run puts out: name of a file → its content."""
    began = time.monotonic()
    place = begun(run, name, root=root, real=real, base=base, start=start)
    for line in run.lines:
        perform(line, place)
    shutil.rmtree(base / name)
    print(f"{name}: {time.monotonic() - began:.1f} s", file=sys.stderr, flush=True)
    return {
        "transcript.txt": "\n".join(place.told).encode(),
        **{f"files/{f}": c for f, c in place.files.items()},
    }


def write(found: Mapping[str, bytes], folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in found.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def differences(found: Mapping[str, bytes], folder: Path) -> Iterator[str]:
    """Yield the lines of a unified diff from what is recorded to what was found."""
    before = {str(path.relative_to(folder)): path.read_bytes() for path in files_in(folder)}
    for name in sorted({*before, *found}):
        old, new = before.get(name), found.get(name)
        label = f"{folder.name}/{name}"
        if old == new:
            continue
        if old is None or new is None:
            yield f"{'only now' if old is None else 'no longer'}: {label}"
            continue
        try:
            recorded, current = (content.decode("utf-8").splitlines() for content in (old, new))
        except UnicodeDecodeError:
            yield f"binary files differ: {label} ({len(old):,} and {len(new):,} bytes)"
            continue
        lines = list(
            difflib.unified_diff(recorded, current, f"recorded/{label}", f"now/{label}", lineterm="")
        )
        yield from lines[:LONGEST] or [f"line ends differ: {label}"]
        if len(lines) > LONGEST:
            yield f"… and {len(lines) - LONGEST:,} more lines of {label}"


def main() -> int:
    """Record or check; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.corpus", description="A corpus of behaviour.")
    parser.add_argument("action", choices=("record", "check", "list"))
    parser.add_argument("folder", type=Path, nargs="?", default=Path())
    parser.add_argument("--tree", type=Path, default=HERE.parents[1], help="the tree under test")
    parser.add_argument("--real", type=Path, help="a folder with further tables")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these runs alone")
    parser.add_argument("--jobs", type=int, default=1, help="runs at a time")
    parser.add_argument("--afresh", action="store_true", help="each command in a new process; slower")
    asked = parser.parse_args()
    known = {**RUNS, **(REAL if asked.real else {})}
    if asked.action == "list":
        print("\n".join(known))
        return 0
    chosen = {name: run for name, run in known.items() if not asked.only or name in asked.only}
    if asked.only and (absent := sorted({*asked.only} - {*known})):
        parser.error(f"no run {', '.join(absent)}; there are {', '.join(known)}")
    changed = False
    with tempfile.TemporaryDirectory(prefix="corpus-") as base, ThreadPoolExecutor(asked.jobs) as pool:
        real = asked.real and asked.real.resolve()
        start = afresh if asked.afresh else Starter()
        made = partial(outputs, root=asked.tree.resolve(), real=real, base=Path(base).resolve(), start=start)
        at_work = {name: pool.submit(made, run, name) for name, run in chosen.items()}
        for name, found in at_work.items():
            if asked.action == "record":
                write(found.result(), asked.folder / name)
            for line in differences(found.result(), asked.folder / name):
                changed = True
                print(line)
    for process in Starter.all:
        process.communicate()  # its stdin ends, and so does it
    used = [resource.getrusage(who) for who in (resource.RUSAGE_CHILDREN, resource.RUSAGE_SELF)]
    print(f"{sum(use.ru_utime + use.ru_stime for use in used):.0f} s of processor", file=sys.stderr)
    return int(changed)


if __name__ == "__main__":
    sys.exit(main())
