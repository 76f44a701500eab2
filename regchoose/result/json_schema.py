"""The JSON Schemas of the documents."""

from functools import cache
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from regchoose.result.comparison import ResultComparison
from regchoose.result.document import RunResult
from regchoose.result.parts import Failure

ANSWERS: dict[str, type[BaseModel]] = {"result": RunResult, "comparison": ResultComparison}
TITLES = {
    "result": "What regchoose recommend prints with --json and writes with -o",
    "comparison": "What regchoose compare prints with --json",
}


class _Lean(GenerateJsonSchema):
    """Leaves out the titles that only repeat the keys, and defaults: an absent key is absent."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def default_schema(self, schema: Any) -> dict[str, Any]:
        return self.generate_inner(schema["schema"])


@cache
def json_schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a document: an answer, or the error in its place.

    Parameters
    ----------
    name : str
        A key of `ANSWERS`. What is returned is not to be written to.
    """
    union: Any = ANSWERS[name] | Failure
    body = TypeAdapter(union).json_schema(schema_generator=_Lean)
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        "$id": f"urn:regchoose:{name}:1",
        "title": TITLES[name],
        **body,
    }


def answer_schema(name: str) -> dict[str, Any]:
    """Return the schema of the answer alone, with the definitions that it refers to."""
    whole = json_schema(name)
    return {"$ref": f"#/$defs/{ANSWERS[name].__name__}", "$defs": whole["$defs"]}


def comparison_schema() -> dict[str, Any]:
    """Return what a condition on a comparison may name: its keys, and the results `new` and `old`."""
    comparison, result = json_schema("comparison"), json_schema("result")
    whole = comparison["$defs"][ResultComparison.__name__]
    sides = {side: {"$ref": f"#/$defs/{RunResult.__name__}"} for side in ("new", "old")}
    return {
        **whole,
        "properties": {**whole["properties"], **sides},
        "required": [*whole["required"], *sides],
        "$defs": {**comparison["$defs"], **result["$defs"]},
    }
