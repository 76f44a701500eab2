"""Who is told what a run does."""

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol


class Listener(Protocol):
    """Is told what happens. A step has a key; its work is counted in units of its own."""

    def started(self, key: str, text: str, total: int) -> None:
        """Hear that a step begins, of so many units of work (0: unknown); again, once these are known."""

    def advanced(self, key: str, done: int) -> None:
        """Hear how many units are done; may come from another thread."""

    def finished(self, key: str, summary: str) -> None:
        """Hear that a step has ended."""

    def noted(self, text: str) -> None:
        """Hear a notice."""


class Silent:
    """A listener that says nothing, and a display that shows nothing."""

    def started(self, key: str, text: str, total: int) -> None:
        """Say nothing."""

    def advanced(self, key: str, done: int) -> None:
        """Say nothing."""

    def finished(self, key: str, summary: str) -> None:
        """Say nothing."""

    def noted(self, text: str) -> None:
        """Say nothing."""

    def paused(self) -> AbstractContextManager[None]:
        """Return an empty context."""
        return nullcontext()
