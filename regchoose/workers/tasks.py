"""Tasks that depend on nothing but their own input, and the protocol of the workers that do them.

A task gives the same bytes whoever does it, so the choice of workers changes how long a run takes, and
nothing else.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from regchoose.errors import setting

WITHOUT_CLUSTER = "leave " + setting("cluster") + " out"
LESS_MEMORY = "fewer " + setting("rows") + ", or a smaller " + setting("hidden")

TaskT = TypeVar("TaskT")
ResultT = TypeVar("ResultT")
Stop = Callable[[], bool]


@dataclass(frozen=True)
class TaskKind(Generic[TaskT, ResultT]):
    """How tasks of one kind are done, here or elsewhere.

    Parameters
    ----------
    run_here : callable
        `(task, stop) -> result`, in a thread of this process; it returns early once `stop()` is true.
    remote_name : str
        `module:function` of regchoose, `(bytes) -> bytes`, for another process, which has nothing but the
        bytes.
    pack, unpack : callable
        From a task to its bytes, and from the bytes that come back to the result. Plain numbers, text and
        arrays; nothing that runs.
    """

    run_here: Callable[[TaskT, Stop], ResultT]
    remote_name: str
    pack: Callable[[TaskT], bytes]
    unpack: Callable[[bytes], ResultT]


class Workers(Protocol):
    """Threads, processes or machines that do tasks."""

    @property
    def size(self) -> int:
        """How many tasks are done side by side."""

    @property
    def is_remote(self) -> bool:
        """Whether they are other machines, with other devices and perhaps other files."""

    def run_all(
        self, kind: TaskKind[TaskT, ResultT], tasks: Sequence[TaskT]
    ) -> Generator[tuple[int, ResultT], None, None]:
        """Yield the index and result of each task as it is done; closing the generator breaks off the others.

        Raises
        ------
        RegchooseError
            What a task raises; E404 to E406 if the workers are lost, or are not alike.
        """

    def ask_machines(self, remote_name: str, data: bytes = b"") -> dict[str, bytes]:
        """Call a function once on each other machine: its address → the answer."""
