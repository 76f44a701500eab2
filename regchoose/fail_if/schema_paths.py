"""Paths into a document: what is there, and what its JSON Schema allows there."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ANY_KIND = frozenset({"number", "string", "boolean", "array", "object", "null"})
SHORTCUT = "recommendation"  # its keys may be named without it
MAX_DEPTH = 4  # keys of a name that is proposed

Key = str | int
Schema = Mapping[str, Any]


def find_value(document: Any, path: Sequence[Key]) -> Any:
    """Return what stands at a path of a document; None where there is nothing."""
    for key in path:
        if isinstance(key, int) and isinstance(document, Sequence) and not isinstance(document, str):
            document = document[key] if -len(document) <= key < len(document) else None
        else:
            document = document.get(key) if isinstance(document, Mapping) else None
    return document


@dataclass(frozen=True)
class SchemaNode:
    """What may stand at a path: the alternatives, with references resolved, and whether null may."""

    whole: Schema  # where references lead
    alternatives: tuple[Schema, ...]
    nullable: bool = False

    @classmethod
    def of(cls, schema: Schema, *, whole: Schema, nullable: bool = False) -> "SchemaNode":
        """Resolve the references and alternatives of a schema."""
        flat = list(_alternatives(schema, whole))
        not_null = tuple(one for one in flat if one.get("type") != "null")
        return cls(whole, not_null, nullable or len(not_null) < len(flat))

    @property
    def kinds(self) -> frozenset[str]:
        """Which of number, string, boolean, array, object, null may stand here."""
        kinds: set[str] = {"null"} if self.nullable else set()
        for schema in self.alternatives:
            kind = schema.get("type")
            kinds |= ANY_KIND if kind is None else {"number" if kind == "integer" else kind}
        return frozenset(kinds)

    @property
    def words(self) -> tuple[str, ...]:
        """The only texts that may stand here; empty if any may."""
        enums = [schema.get("enum", ()) for schema in self.alternatives if schema.get("type") == "string"]
        return tuple(word for enum in enums for word in enum) if all(enums) else ()

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of an object."""
        return tuple(key for schema in self.alternatives for key in schema.get("properties", ()))

    def child(self, key: Key) -> "SchemaNode | None":
        """Return the node of a key, or of an item of a list; None if the schema has none."""
        children = [
            SchemaNode.of(inner, whole=self.whole, nullable=optional)
            for schema in self.alternatives
            for inner, optional in _children(schema, key)
        ]
        if not children:
            return None
        alternatives = tuple(one for node in children for one in node.alternatives)
        return SchemaNode(self.whole, alternatives, any(node.nullable for node in children) or self.nullable)

    def find(self, keys: Sequence[Key]) -> "tuple[tuple[Key, ...], SchemaNode] | int":
        """Follow keys from here; those of a recommendation may leave its name out.

        Returns
        -------
        (path, node), or the number of keys that exist before the first that does not.
        """
        path: tuple[Key, ...] = ()
        node = self
        for n_found, key in enumerate(keys):
            step: tuple[Key, ...] = (key,)
            child = node.child(key)
            if child is None and SHORTCUT in node.keys and (shortcut := node.child(SHORTCUT)):
                child = shortcut.child(key) if shortcut.keys else None
                step = (SHORTCUT, key)
            if child is None:
                return n_found
            path, node = path + step, child
        return path, node

    def names(self, *, prefix: str = "", depth: int = MAX_DEPTH) -> Iterator[str]:
        """Yield the dotted names below this node, without those inside lists."""
        for key in self.keys:
            yield f"{prefix}{key}"
            child = self.child(key)
            if child is not None and depth > 1:
                yield from child.names(prefix=f"{prefix}{key}.", depth=depth - 1)


def _children(schema: Schema, key: Key) -> Iterator[tuple[Schema, bool]]:
    """Yield the schema of a key, and whether the key may be absent."""
    kind = schema.get("type")
    if kind is None:
        yield {}, True
    elif isinstance(key, int):
        if kind == "array":
            yield schema.get("items", {}), True
    elif kind == "object":
        if key in schema.get("properties", {}):
            yield schema["properties"][key], key not in schema.get("required", ())
        elif (further := schema.get("additionalProperties", True)) is not False:
            yield ({} if further is True else further), True


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
