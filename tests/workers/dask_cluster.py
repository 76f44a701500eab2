"""A real Dask scheduler on loopback, and workers that can be killed: each a process of its own."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

START_S = 60.0  # on a busy machine


class DaskCluster:
    """A scheduler and its workers of one thread each, without nannies that would bring them back."""

    def __init__(self, folder: Path, *, workers: int) -> None:
        self._folder, self._file = folder, folder / "scheduler.json"
        self.scheduler = self._start("dask_scheduler", ["--port", "0", "--no-show"])
        until = time.monotonic() + START_S
        while not self._file.is_file():
            assert time.monotonic() < until, "the scheduler has not started"
            time.sleep(0.05)
        self.address = str(json.loads(self._file.read_text())["address"])
        self.workers = [self.worker() for _ in range(workers)]

    def worker(self, before: str = "") -> subprocess.Popen[bytes]:
        """Start another worker; `before` is Python that it runs first."""
        options = ["--nthreads", "1", "--no-nanny", "--memory-limit", "0"]
        return self._start("dask_worker", options, before=before)

    def _start(self, program: str, options: Sequence[str], *, before: str = "") -> subprocess.Popen[bytes]:
        own = ["--scheduler-file", str(self._file), "--host", "127.0.0.1", "--no-dashboard"]
        code = f"{before}\nfrom distributed.cli.{program} import main\nmain()"
        return subprocess.Popen(
            [sys.executable, "-c", code, *own, *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self._folder,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in [*self.workers, self.scheduler]:
            process.kill()
            process.wait()
