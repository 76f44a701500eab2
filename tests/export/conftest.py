"""One small experiment a kind, run once for all tests of the exported code."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.export.tables import SMALL, run_on, write_table

Document = dict[str, Any]


@pytest.fixture(scope="session")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Document]:
    """Return the result of a task and a network; each is computed when it is first asked for."""
    folder, known = tmp_path_factory.mktemp("export"), dict[tuple[str, str], Document]()

    def of(task: str, network: str = "mlp") -> Document:
        table: Path = folder / f"{task}.csv"
        if not table.exists():
            write_table(table, task=task)
        if (task, network) not in known:
            known[task, network] = run_on(table, replace(SMALL, network=network))
        return known[task, network]

    return of


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Let torch use one thread: small products shared out on a busy machine take many times as long."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
