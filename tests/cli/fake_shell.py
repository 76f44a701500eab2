"""The command line over a switchboard that trains nothing: what it does hangs on the file's name."""

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from types import ModuleType
from typing import Any

from regchoose.cli.app import main
from regchoose.errors import DataError, Interrupted
from regchoose.records.answers import Ask, Prompt
from regchoose.records.experiment import BlockStore
from regchoose.report.progress import Display
from regchoose.result.document import RunResult
from regchoose.settings.options import Settings
from tests.report.results import FIRM, altered

CORRELATED = Prompt(
    flag="--correlated",
    text="Are your features correlated?",
    choices={"yes": "they are", "no": "they are not", "unsure": "measure it on the data"},
    default="unsure",
    why="Then L1 drops information that belongs together.",
)
TARGET = Prompt(flag="--target", text="Which column is to be predicted?", choices={}, default="class")
HOSTILE = "[bold]x[/bold]\x1b[31m <script>"


REPLACED = ("regchoose.run.walk_chart", "regchoose.run.dry_run")  # a Board stands in the place of these


class Board(ModuleType):
    """Records its calls, and answers without any work."""

    def __init__(self) -> None:
        super().__init__("board")
        self.settings: list[Settings] = []
        self.given: list[frozenset[str]] = []

    def recommend_regularizer(
        self,
        path: str,
        settings: Settings,
        *,
        given: frozenset[str],
        ask: Ask,
        listener: Display,
        clock: Callable[[], float],
        store: BlockStore | None = None,
    ) -> RunResult:
        self.settings.append(settings)
        self.given.append(given)
        listener.started("read", "read", 0)
        listener.finished("read", "442 rows")
        listener.started("subsample", "draw a subsample", 0)
        listener.finished("subsample", "442 of 442 rows")
        asked = {prompt.flag: ask(prompt) for prompt in (CORRELATED, TARGET) if "ask" in path}
        listener.started("train_baseline", f"none {HOSTILE}", 25)
        for done in range(1, 26):
            listener.advanced("train_baseline", done)
        if store is not None and "stored" in path:
            for key in ("first", "second"):
                store.keep_block(key, {}, "")
        self._go_wrong(path)
        listener.noted(f"a notice on {HOSTILE}")
        listener.finished("train_baseline", "25 cells")
        warnings = [HOSTILE, *(f"{flag} {answer}" for flag, answer in asked.items())]
        return altered(FIRM, data={"path": path, "warnings": warnings})

    def plan_run(
        self, path: str, settings: Settings, *, ask: Ask, given: frozenset[str] = frozenset()
    ) -> dict[str, Any]:
        return {
            "path": path,
            "arms": ["none", "elastic_net"],
            "seconds": {"none": 0.4},
            "budget": settings.budget,
        }

    def _go_wrong(self, path: str) -> None:
        if "bad" in path:
            raise DataError(
                "E312",
                "row has 4 fields, header has 3",
                where=f"{path}:1042",
                detail=["12 such rows of 50,000", "cause: an unquoted delimiter"],
                fix="--on-bad-rows skip",
            )
        if "boom" in path:
            raise RuntimeError(f"oh no {HOSTILE}")
        if "memory" in path:
            raise MemoryError
        if "hang" in path:
            time.sleep(30)
        if "deaf" in path:  # as a call into C may be, or an import
            begun = time.monotonic()
            while time.monotonic() < begun + 30:
                with suppress(KeyboardInterrupt):
                    time.sleep(30)
        if "upset" in path:
            try:
                time.sleep(30)
            except KeyboardInterrupt as stop:
                raise ImportError("half a module") from stop
        if "partly" in path:
            raise Interrupted(altered(FIRM, partial=True), terminated="143" in path)


if __name__ == "__main__":
    board = Board()
    sys.modules.update(dict.fromkeys(REPLACED, board))
    sys.exit(main())
