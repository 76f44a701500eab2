"""Makes the store of a schema that the tests open: `python -m tests.cache.make_store`.

A schema that has been released stays readable, so its store is made once and kept.
"""

from pathlib import Path

import numpy as np

from regchoose.cache.block_cache import Cache
from regchoose.cache.store import SCHEMA

ENGINE = "an engine"
ARRAYS = {"losses/inner": np.arange(6.0).reshape(1, 2, 3), "failed": np.array([[True, False]])}
NOTE = "a note"
DOCUMENT = {"ok": True, "recommendation": {"regularizer": "l2"}}


def place(schema: int) -> Path:
    """Return where the store of a schema lies."""
    return Path(__file__).with_name(f"schema-{schema}.sqlite")


if __name__ == "__main__":
    file = place(SCHEMA)
    file.unlink(missing_ok=True)
    cache = Cache(file, engine=ENGINE, fresh=False, now=lambda: 1_000_000_000.0)
    cache.keep_block("a block", ARRAYS, NOTE)
    cache.keep_answer("an answer", '{"ok": true, "recommendation": {"regularizer": "l2"}}', {"path": "a.csv"})
    cache.close()
    file.with_name(f"{file.name}.lock").unlink()
