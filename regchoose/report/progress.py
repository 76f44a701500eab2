"""What a run says while it works: a live block on a terminal, sparse lines elsewhere. All on stderr."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Protocol, TextIO

from rich.console import Console, RenderableType
from rich.progress import Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.progress_bar import ProgressBar
from rich.text import Text

from regchoose.records.listener import Listener, Silent
from regchoose.report.numbers import duration
from regchoose.report.safe_text import fit_encoding, is_terminal, plain

BAR, WIDE = 20, 60  # columns: of a bar, and from which the count has room


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


class StateColumn(ProgressColumn):
    """A bar while a step runs, then its summary."""

    def __init__(self, *, width: int, mark: str) -> None:
        super().__init__()
        self._width, self._mark = width, mark

    def render(self, task: Task) -> RenderableType:
        """Return the bar or the summary."""
        if task.fields["summary"] is not None:
            return Text.assemble(
                (self._mark, "green"), f" {task.fields['summary']}", no_wrap=True, overflow="ellipsis"
            )
        time = task.get_time()
        return ProgressBar(
            total=task.total,
            completed=task.completed,
            width=self._width,
            pulse=task.total is None,
            animation_time=time,
        )


class RemainingColumn(ProgressColumn):
    """The time that is left, then the time taken."""

    def render(self, task: Task) -> Text:
        """Return the time."""
        if task.fields["summary"] is not None:
            return Text(duration(task.finished_time or task.elapsed))
        left = task.time_remaining
        return Text("" if left is None else f"{duration(max(left, 0))} left", no_wrap=True)


class CountColumn(ProgressColumn):
    """How many units are done, while a step runs."""

    def render(self, task: Task) -> Text:
        """Return the count; nothing where the total is unknown."""
        if task.fields["summary"] is not None or task.total is None:
            return Text("")
        return Text(f"{task.completed:.0f} of {task.total:.0f}", no_wrap=True)


class LiveDisplay(Display):
    """One block that is redrawn while the run goes on, and gone when the answer comes."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def started(self, key: str, text: str, total: int) -> None:
        """Add a line to the block, once."""
        if key in self._tasks:
            self._progress.update(self._tasks[key], total=total or None)
            return
        shown = fit_encoding(f"  {plain(text, longest=40)}", self._progress.console.encoding)
        self._tasks[key] = self._progress.add_task(shown, total=total or None, summary=None)

    def advanced(self, key: str, done: int) -> None:
        """Move a bar."""
        if key in self._tasks:
            self._progress.update(self._tasks[key], completed=done)

    def finished(self, key: str, summary: str) -> None:
        """Put a summary in the place of a bar."""
        if key in self._tasks:
            shown = fit_encoding(plain(summary, longest=60), self._progress.console.encoding)
            self._progress.update(self._tasks[key], summary=shown)
            self._progress.stop_task(self._tasks[key])

    def noted(self, text: str) -> None:
        """Print a notice above the block."""
        self._progress.console.print(
            Text(fit_encoding(plain(text, longest=400), self._progress.console.encoding))
        )

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Take the block away for a while."""
        self._progress.stop()
        try:
            yield
        finally:
            self._progress.start()


@contextmanager
def show_progress(
    *, quiet: bool, json: bool, environ: Mapping[str, str], clock: Callable[[], float]
) -> Iterator[Display]:
    """Give the listener that suits stderr; the block is gone and the cursor back when the context ends."""
    stream = sys.stderr
    # FORCE_COLOR makes rich redraw in logs, so whether to draw is decided here.
    drawing = is_terminal(stream) and not environ.get("CI") and environ.get("TERM") != "dumb"
    if quiet or (json and not drawing):
        yield Silent()
    elif not drawing:
        yield LogDisplay(stream, clock)
    else:
        console = Console(file=stream, force_terminal=True, force_interactive=True)
        bar = max(4, min(BAR, console.width - 40))
        label = TextColumn("{task.description}", markup=False)
        state = StateColumn(width=bar, mark=fit_encoding("✓", stream.encoding))
        counted = [CountColumn()] if console.width >= WIDE else []
        progress = Progress(
            label,
            state,
            *counted,
            RemainingColumn(),
            console=console,
            transient=True,
            refresh_per_second=8,
        )
        with progress:
            yield LiveDisplay(progress)
