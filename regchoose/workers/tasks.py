"""Work in pieces that depend on nothing but their order, and the crews that do it.

A piece comes to the same bytes whoever does it, so what a crew is made of can change how long a run takes,
and nothing else.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

Order = TypeVar("Order")
Found = TypeVar("Found")
Stop = Callable[[], bool]


@dataclass(frozen=True)
class Work(Generic[Order, Found]):
    """A kind of work.

    Parameters
    ----------
    here : callable
        `(order, stop) -> found`, in a thread of this process; it ends early where `stop()` becomes true.
    away : str
        `module:function` of regchoose, `(bytes) -> bytes`, for another process: it has the bytes and nothing
        else.
    pack, unpack : callable
        From an order to its bytes, and from the bytes that come back to what was found. Plain numbers, text
        and arrays; nothing that runs.
    """

    here: Callable[[Order, Stop], Found]
    away: str
    pack: Callable[[Order], bytes]
    unpack: Callable[[bytes], Found]


class Crew(Protocol):
    """Who does the pieces."""

    @property
    def size(self) -> int:
        """Pieces done side by side."""

    @property
    def is_remote(self) -> bool:
        """Whether it works on other machines, which see other devices and, it may be, other files."""

    def each(
        self, work: Work[Order, Found], orders: Sequence[Order]
    ) -> Generator[tuple[int, Found], None, None]:
        """Yield place and result of each order, as they come; closed early, what is under way is broken off.

        Raises
        ------
        RegchooseError
            What the work raises; E404 to E406 where those who work are lost, or are not alike.
        """

    def everywhere(self, away: str, data: bytes = b"") -> dict[str, bytes]:
        """Ask each worker of another machine something, once: its address → what `away` answers."""
