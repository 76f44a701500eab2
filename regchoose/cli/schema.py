"""`regchoose schema`: the JSON Schema of what is printed."""

import json

from regchoose.cli import output
from regchoose.errors import UsageError


def schema(document: str) -> int:
    """Print a document's schema; return the exit status.

    Raises
    ------
    UsageError
        E202 if there is no such document.
    """
    from regchoose.result.json_schema import ANSWERS, json_schema  # late: pydantic comes with it

    if document not in ANSWERS:
        message = f"there is no document {document!r}, wanted {' or '.join(ANSWERS)}"
        raise UsageError("E202", message, where="schema", fix="regchoose schema result")
    output.write(json.dumps(json_schema(document), indent=2) + "\n")
    return 0
