import io
from pathlib import Path

import pytest
from rich.console import Console
from rich.progress import Progress, TextColumn

from regchoose.records.listener import Silent
from regchoose.report.progress import (
    CountColumn,
    LiveDisplay,
    LogDisplay,
    RemainingColumn,
    StateColumn,
    show_progress,
)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.5
        return self.now


def test_a_log_gets_a_line_when_a_step_begins_and_one_when_it_ends() -> None:
    stream = io.StringIO()
    log = LogDisplay(stream, Clock())
    log.started("none", "train \x1b[31mnone", 25)
    for done in range(25):
        log.advanced("none", done)
    log.noted("careful")
    log.finished("none", "25 cells")
    # A stream without an encoding is taken for ASCII.
    assert stream.getvalue() == "begin  train none\nnote   careful\nend    train none   25 cells   1.5 s\n"


def test_a_step_that_never_began_ends_quietly() -> None:
    stream = io.StringIO()
    LogDisplay(stream, Clock()).finished("none", "")
    assert stream.getvalue() == "end    none   0 s\n"


def drawn(width: int) -> tuple[LiveDisplay, Progress, io.StringIO]:
    stream = io.StringIO()
    console = Console(file=stream, width=width, force_terminal=True, color_system=None)
    clock = Clock()
    columns = (
        TextColumn("{task.description}", markup=False),
        StateColumn(width=8, mark="ok"),
        *([CountColumn()] if width > 40 else []),
        RemainingColumn(),
    )
    progress = Progress(*columns, console=console, auto_refresh=False, get_time=clock, transient=True)
    return LiveDisplay(progress), progress, stream


def test_the_block_has_a_line_a_step() -> None:
    live, progress, stream = drawn(80)
    live.started("subsample", "subsample", 0)
    live.finished("subsample", "442 of 442 rows")
    live.started("none", "[bold]none", 25)
    live.advanced("none", 5)
    live.advanced("none", 10)
    live.advanced("unknown", 1)
    progress.console.print(progress.get_renderable())
    first, second, *_ = stream.getvalue().splitlines()
    assert "subsample ok 442 of 442 rows" in " ".join(first.split())
    assert "[bold]none" in second
    assert "10 of 25" in second
    assert "left" in second
    live.finished("none", "done")
    assert "of 25" not in "".join(stream.getvalue().splitlines()[2:])


@pytest.mark.parametrize("width", [4, 20, 40])
def test_the_block_fits_narrow_terminals(width: int) -> None:
    live, progress, stream = drawn(width)
    live.started("none", "train without regularization", 25)
    live.advanced("none", 5)
    progress.console.print(progress.get_renderable())
    assert max(map(len, stream.getvalue().splitlines())) <= width


def test_a_prompt_takes_the_block_away() -> None:
    live, progress, _ = drawn(80)
    progress.start()
    with live.paused():
        during = progress.live.is_started
    after = progress.live.is_started
    progress.stop()
    assert (during, after) == (False, True)


@pytest.mark.parametrize(
    ("quiet", "json", "kind"),
    [(False, False, LogDisplay), (True, False, Silent), (False, True, Silent)],
)
def test_a_pipe_gets_lines_even_with_forced_colour(
    quiet: bool, json: bool, kind: type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    with (
        (tmp_path / "log").open("w", encoding="utf-8") as stream,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr("sys.stderr", stream)
        with show_progress(quiet=quiet, json=json, environ={}, clock=Clock()) as listener:
            assert isinstance(listener, kind)
            listener.started("a", "a step", 1)
            listener.advanced("a", 1)
            listener.finished("a", "done")
    assert "\x1b" not in (tmp_path / "log").read_text(encoding="utf-8")
