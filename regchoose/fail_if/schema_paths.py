"""What a JSON Schema allows at a path."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ANYTHING = frozenset({"number", "string", "boolean", "array", "object", "null"})
KINDS = {"integer": "number"}
THROUGH = "recommendation"  # its keys may be named without it
DEEPEST = 4  # keys of a name that is proposed

Key = str | int
Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Place:
    """What may stand at a path: alternatives without references, and whether nothing may."""

    whole: Schema  # where references lead
    alternatives: tuple[Schema, ...]
    nullable: bool = False

    @property
    def kinds(self) -> frozenset[str]:
        """number, string, boolean, array, object, null."""
        found: set[str] = {"null"} if self.nullable else set()
        for schema in self.alternatives:
            found |= {KINDS.get(schema["type"]) or schema["type"]} if "type" in schema else ANYTHING
        return frozenset(found)

    @property
    def words(self) -> tuple[str, ...]:
        """The only texts that may stand here; empty where any may."""
        lists = [schema.get("enum", ()) for schema in self.alternatives if schema.get("type") == "string"]
        return tuple(word for words in lists for word in words) if all(lists) else ()

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of an object."""
        return tuple(key for schema in self.alternatives for key in schema.get("properties", ()))


def root(schema: Schema) -> Place:
    """Return the place of a whole document."""
    return _place(schema, whole=schema, nullable=False)


def below(place: Place, key: Key) -> Place | None:
    """Return the place of a key or of an item of a list; None where the schema has none."""
    found = [inner for schema in place.alternatives for inner in _inner(schema, key)]
    if not found:
        return None
    places = [_place(schema, whole=place.whole, nullable=optional) for schema, optional in found]
    alternatives = tuple(one for inner in places for one in inner.alternatives)
    return Place(place.whole, alternatives, place.nullable or any(inner.nullable for inner in places))


def find(start: Place, names: Sequence[Key]) -> tuple[tuple[Key, ...], Place] | int:
    """Follow keys from a place; those of a recommendation may leave its name out.

    Returns
    -------
    (path, place), or the number of keys that were found before one that is not there.
    """
    path: list[Key] = []
    place = start
    for number, key in enumerate(names):
        inner = below(place, key)
        if inner is None and THROUGH in place.keys and (through := below(place, THROUGH)):
            inner = below(through, key) if through.keys else None
            path += [THROUGH] * (inner is not None)
        if inner is None:
            return number
        path.append(key)
        place = inner
    return tuple(path), place


def names_below(place: Place, *, prefix: str = "", depth: int = DEEPEST) -> Iterator[str]:
    """Yield the dotted names under a place, those of lists left out."""
    for key in place.keys:
        inner = below(place, key)
        name = f"{prefix}{key}"
        yield name
        if inner is not None and depth > 1:
            yield from names_below(inner, prefix=f"{name}.", depth=depth - 1)


def _inner(schema: Schema, key: Key) -> Iterator[tuple[Schema, bool]]:
    """Yield the schema of a key, and whether it may be absent."""
    if "type" not in schema:
        yield {}, True
    elif isinstance(key, int):
        if schema["type"] == "array":
            yield schema.get("items", {}), True
    elif schema["type"] == "object":
        if key in schema.get("properties", {}):
            yield schema["properties"][key], key not in schema.get("required", ())
        elif schema.get("additionalProperties", True) is not False:
            further = schema.get("additionalProperties", True)
            yield ({} if further is True else further), True


def _place(schema: Schema, *, whole: Schema, nullable: bool) -> Place:
    flat = list(_alternatives(schema, whole))
    real = tuple(one for one in flat if one.get("type") != "null")
    return Place(whole, real, nullable or len(real) < len(flat))


def _alternatives(schema: Schema, whole: Schema) -> Iterator[Schema]:
    if "$ref" in schema:
        yield from _alternatives(whole["$defs"][schema["$ref"].rpartition("/")[2]], whole)
    elif "anyOf" in schema:
        for one in schema["anyOf"]:
            yield from _alternatives(one, whole)
    elif "const" in schema and "enum" not in schema:
        yield {**schema, "enum": [schema["const"]]}
    else:
        yield schema
