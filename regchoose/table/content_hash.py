"""The fingerprint of a table's rows."""

import hashlib

import numpy as np

from regchoose.records.table import Table


def content_hash(table: Table) -> str:
    """Return the fingerprint of the rows that are held, and of what the columns are taken for."""
    content = hashlib.sha256(repr([(c.name, c.role, c.levels) for c in table.columns]).encode())
    content.update(np.ascontiguousarray(table.features).tobytes())
    content.update(np.ascontiguousarray(table.target).tobytes())
    return content.hexdigest()[:16]
