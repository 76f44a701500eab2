"""Many small blocks."""

import pytest

from regchoose.training import block_size


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A block for every cell."""
    monkeypatch.setattr(block_size, "models_a_block", lambda *_, **__: 3)
