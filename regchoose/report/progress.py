"""What a run says while it works: one bar on a terminal, sparse lines elsewhere. All on stderr."""

import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Protocol, TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from regchoose.records.listener import Listener, Silent
from regchoose.records.numbers import duration
from regchoose.report.safe_text import fit_encoding, is_drawn, plain

BAR, LEAST_BAR = 24, 4  # columns
FIRST_SECONDS, FIRST_SHARE = 1.0, 0.05  # of the work: before that the time left would be a guess


class Display(Listener, Protocol):
    """A listener that shows what it hears."""

    def paused(self) -> AbstractContextManager[None]:
        """Return a context in which nothing is drawn."""


class LogDisplay:
    """One plain line when a step begins and one when it ends, for logs."""

    def __init__(self, stream: TextIO, clock: Callable[[], float]) -> None:
        self._stream, self._clock = stream, clock
        self._begun: dict[str, tuple[str, float]] = {}

    def started(self, key: str, text: str, total: int) -> None:
        """Write the line of a beginning, once."""
        if key in self._begun:
            return
        self._begun[key] = (text, self._clock())
        self._write(f"begin  {plain(text)}")

    def advanced(self, key: str, done: int) -> None:
        """Write nothing: a log is read later."""

    def finished(self, key: str, summary: str) -> None:
        """Write the line of an end."""
        now = self._clock()
        text, begun = self._begun.pop(key, (key, now))
        parts = [plain(text), plain(summary), duration(now - begun)]
        self._write(f"end    {'   '.join(filter(None, parts))}")

    def noted(self, text: str) -> None:
        """Write a notice."""
        self._write(f"note   {plain(text, longest=400)}")

    def paused(self) -> AbstractContextManager[None]:
        """Return an empty context: lines stay where they are."""
        return nullcontext()

    def _write(self, line: str) -> None:
        self._stream.write(f"{fit_encoding(line, self._stream.encoding)}\n")
        self._stream.flush()


class TimeLeft:
    """Foretells when work will be done, from how fast its latter half went.

    What came first may have come from the cache, and a clock that only moves when work is reported would
    stand still for long: so the time left falls as time goes by.
    """

    def __init__(self, now: float) -> None:
        self._seen: deque[tuple[float, int]] = deque([(now, 0)])
        self._begun = now

    def note(self, now: float, done: int) -> None:
        """Note how much is done by now."""
        self._seen.append((now, done))
        while len(self._seen) > 2 and self._seen[1][0] <= (self._begun + now) / 2:
            self._seen.popleft()

    def left(self, now: float, total: int) -> float | None:
        """Return the seconds left; None where that cannot be told yet."""
        (start, before), (end, done) = self._seen[0], self._seen[-1]
        early = now - self._begun < FIRST_SECONDS or done < FIRST_SHARE * total
        if early or done <= before or end <= start:
            return None
        at_end = (total - done) * (end - start) / (done - before)
        return max(at_end - (now - end), 0.0)


@dataclass
class _Step:
    """A step of the run, as far as it has come."""

    text: str
    total: int  # 0: unknown
    time: TimeLeft
    done: int = 0
    ended: bool = False


class LiveDisplay:
    """One bar that is redrawn while the run goes on, and gone when the answer comes.

    Steps may enclose others, as the training does each penalty: the outermost has the bar, and those within
    stand in the line below it.
    """

    def __init__(self, console: Console, clock: Callable[[], float]) -> None:
        self._console, self._clock = console, clock
        self._steps: dict[str, _Step] = {}
        self.live = Live(
            console=console,
            get_renderable=self.render,
            refresh_per_second=8,
            transient=True,
            redirect_stderr=False,
        )

    def started(self, key: str, text: str, total: int) -> None:
        """Begin a step, once; what ended before is forgotten once nothing encloses it."""
        if key in self._steps and not self._steps[key].ended:
            self._steps[key].total = total
            return
        if all(step.ended for step in self._steps.values()):
            self._steps.clear()
        self._steps[key] = _Step(plain(text, longest=40), total, TimeLeft(self._clock()))

    def advanced(self, key: str, done: int) -> None:
        """Move a bar."""
        step = self._steps.get(key)
        if step is not None:
            step.done, step.total = done, max(done, step.total) if step.total else 0
            step.time.note(self._clock(), done)

    def finished(self, key: str, summary: str) -> None:
        """End a step."""
        if key in self._steps:
            self._steps[key].ended = True

    def noted(self, text: str) -> None:
        """Print a notice above the bar."""
        self._console.print(Text(self._fit(plain(text, longest=400))))

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Take the bar away for a while."""
        self.live.stop()
        try:
            yield
        finally:
            self.live.start(refresh=True)

    def render(self) -> RenderableType:
        """Return the bar of the outermost step, and the steps within it."""
        running = [step for step in [*self._steps.values()] if not step.ended]
        if not running:
            return Text("")
        outer, within = running[0], [step for step in [*self._steps.values()] if step is not running[0]]
        width = self._console.width
        label = self._fit(outer.text[:1].upper() + outer.text[1:])
        bar = ProgressBar(
            total=outer.total or None,
            completed=outer.done,
            width=max(LEAST_BAR, min(BAR, width - len(label) - 24)),
            pulse=not outer.total,
            animation_time=self._clock(),
        )
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(no_wrap=True, overflow="ellipsis")
        grid.add_column()
        grid.add_column(no_wrap=True, overflow="ellipsis")
        grid.add_row(Text(label), bar, Text(self._describe_state(outer)))
        below = "   ".join(self._describe_step(step) for step in within)
        line = Text(f"  {below}", no_wrap=True, overflow="ellipsis", style="dim")
        return Group(grid, line) if below else grid

    def _describe_state(self, step: _Step) -> str:
        if not step.total:
            return ""
        left = step.time.left(self._clock(), step.total)
        share = f"{100 * step.done // step.total:>3} %"
        return share if left is None else f"{share}  {write_clock(left)} left"

    def _describe_step(self, step: _Step) -> str:
        if step.ended:
            return self._fit(f"{step.text} ✓")
        count = f" {step.done} of {step.total}" if step.total else ""
        return self._fit(f"{step.text} ▸{count}")

    def _fit(self, text: str) -> str:
        return fit_encoding(text, self._console.encoding)


def write_clock(seconds: float) -> str:
    """Write a time that runs down.

    >>> write_clock(4.6), write_clock(75), write_clock(3700)
    ('0:05', '1:15', '1:01:40')
    """
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


@contextmanager
def show_progress(
    *, quiet: bool, json: bool, environ: Mapping[str, str], clock: Callable[[], float]
) -> Iterator[Display]:
    """Give the listener that suits stderr; the bar is gone and the cursor back when the context ends."""
    stream = sys.stderr
    drawing = is_drawn(stream, environ)
    if quiet or (json and not drawing):
        yield Silent()
    elif not drawing:
        yield LogDisplay(stream, clock)
    else:
        display = LiveDisplay(Console(file=stream, force_terminal=True, force_interactive=True), clock)
        with display.live:
            yield display
