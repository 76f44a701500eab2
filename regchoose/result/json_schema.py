"""The schemas as JSON, and the check of a document against them."""

from functools import cache
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.json_schema import GenerateJsonSchema

from regchoose.result.comparison import Comparison
from regchoose.result.document import Answer
from regchoose.result.parts import Failure

ANSWERS: dict[str, type[BaseModel]] = {"result": Answer, "comparison": Comparison}
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


def problem(document: Any) -> str:
    """Say why a document is no result; empty where it is one.

    Keys that this version does not know are passed over: a later one of the same schema may add some.
    """
    try:
        Answer.model_validate(document, extra="ignore")
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        return f"{place}: {first['msg'][:1].lower()}{first['msg'][1:]}"
    return ""


def comparison_schema() -> dict[str, Any]:
    """Return what a condition on a comparison may name: its keys, and the results `new` and `old`."""
    found, result = json_schema("comparison"), json_schema("result")
    whole = found["$defs"][Comparison.__name__]
    sides = {side: {"$ref": f"#/$defs/{Answer.__name__}"} for side in ("new", "old")}
    return {
        **whole,
        "properties": {**whole["properties"], **sides},
        "required": [*whole["required"], *sides],
        "$defs": {**found["$defs"], **result["$defs"]},
    }
