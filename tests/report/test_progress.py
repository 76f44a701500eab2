import doctest
import io
import random
from pathlib import Path

import pytest
from rich.console import Console

from regchoose.records.listener import Silent
from regchoose.report import progress
from regchoose.report.progress import LiveDisplay, LogDisplay, TimeLeft, show_progress


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


def test_a_step_that_begins_again_keeps_its_line() -> None:
    stream = io.StringIO()
    log = LogDisplay(stream, Clock())
    live, _ = live_display(80)
    for display in (log, live):
        display.started("read", "read a.csv", 0)
        display.started("read", "read", 64)
    assert stream.getvalue() == "begin  read a.csv\n"
    live.advanced("read", 16)
    (line,) = drawn(live, 80)
    assert line.startswith("Read a.csv")
    assert "25 %" in line


def test_a_step_that_never_began_ends_quietly() -> None:
    stream = io.StringIO()
    LogDisplay(stream, Clock()).finished("none", "")
    assert stream.getvalue() == "end    none   0 s\n"


def live_display(width: int) -> tuple[LiveDisplay, io.StringIO]:
    stream = io.StringIO()
    console = Console(file=stream, width=width, force_terminal=True, color_system=None)
    return LiveDisplay(console, Clock()), stream


def drawn(live: LiveDisplay, width: int) -> list[str]:
    """Return the lines that a display would show."""
    stream = io.StringIO()
    Console(file=stream, width=width, force_terminal=True, color_system=None).print(live.render())
    return stream.getvalue().splitlines()


def test_one_bar_for_the_whole_training_and_a_line_for_its_parts() -> None:
    live, _ = live_display(80)
    live.started("subsample", "subsample", 0)
    assert drawn(live, 80)[0].startswith("Subsample")
    live.finished("subsample", "442 of 442 rows")
    live.started("training", "training 50 networks", 50)
    live.started("none", "[bold]none", 25)
    live.advanced("none", 5)
    live.advanced("training", 5)
    live.advanced("unknown", 1)
    first, second, *_ = drawn(live, 80)
    assert first.startswith("Training 50 networks")
    assert "10 %" in first
    assert "subsample" not in second
    assert second == "  [bold]none ▸ 5 of 25"
    live.finished("none", "done")
    live.started("l1", "L1", 0)
    assert drawn(live, 80)[1] == "  [bold]none ✓   L1 ▸"


def test_more_networks_than_planned_are_no_more_than_all() -> None:
    live, _ = live_display(80)
    live.started("training", "training", 10)
    live.advanced("training", 15)
    assert "100 %" in drawn(live, 80)[0]


@pytest.mark.parametrize("width", [4, 20, 40])
def test_the_bar_fits_narrow_terminals(width: int) -> None:
    live, _ = live_display(width)
    live.started("none", "train without regularization", 25)
    live.started("l1", "within", 25)
    live.advanced("none", 5)
    assert max(map(len, drawn(live, width))) <= width


def test_a_prompt_takes_the_bar_away() -> None:
    live, _ = live_display(80)
    live.live.start()
    with live.paused():
        during = live.live.is_started
    after = live.live.is_started
    live.live.stop()
    assert (during, after) == (False, True)


def test_the_time_left_is_right_within_a_factor_of_two_from_a_quarter_on() -> None:
    """Of 400 networks in blocks of 20, each at its own pace; the first twenty come from the cache."""
    for seed in range(20):
        rng = random.Random(seed)
        ends, now = [0.1], 0.1
        for _ in range(19):
            now += 20 * 0.1 * rng.uniform(0.7, 1.4)
            ends.append(now)
        time = TimeLeft(0.0)
        for done, end in enumerate(ends[:-1], start=1):
            time.note(end, 20 * done)
            for later in (0.0, 0.9):  # until shortly before the next block ends, it ticks
                at = end + later * (ends[done] - end)
                if done >= 5:
                    left, truth = time.left(at, 400), ends[-1] - at
                    assert left is not None
                    assert truth / 2 <= left + 1 <= 2 * truth + 2, (seed, done, later)


def test_the_time_left_ticks() -> None:
    time = TimeLeft(0.0)
    time.note(5.0, 25)
    lefts = [time.left(5.0 + tick, 100) for tick in range(4)]
    assert lefts == [15.0, 14.0, 13.0, 12.0]
    assert time.left(500.0, 100) == 0.0


def test_no_time_is_foretold_from_too_little() -> None:
    time = TimeLeft(0.0)
    assert time.left(10.0, 100) is None
    time.note(0.5, 50)
    assert time.left(0.6, 100) is None


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


def test_the_examples_of_clocks_hold() -> None:
    assert doctest.testmod(progress).failed == 0
