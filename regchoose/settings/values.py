"""What a setting takes, read from its annotation: words, numbers within limits, lists."""

from collections.abc import Mapping
from dataclasses import Field, dataclass, fields, replace
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt

from regchoose.errors import flag_of
from regchoose.settings.options import Option, Settings

Limit = Ge | Gt | Le | Lt


@dataclass(frozen=True)
class Shape:
    """The values that a setting takes.

    Parameters
    ----------
    words : tuple of str
        Words that are legal; others are not, unless `text` or a number is taken too.
    number : type, optional
        int or float.
    limits : tuple of Ge, Gt, Le, Lt
        What the number must keep to.
    text, switch : bool
        Whether any text, or yes and no, are taken.
    many : bool
        Whether it is a list of such values.
    table : bool
        Whether it is a list of names with values.
    """

    words: tuple[str, ...] = ()
    number: type[int] | type[float] | None = None
    limits: tuple[Limit, ...] = ()
    text: bool = False
    switch: bool = False
    many: bool = False
    table: bool = False


FIELDS: dict[str, Field[Any]] = {field.name: field for field in fields(Settings)}


def option_of(name: str) -> Option:
    """Return how a setting is presented."""
    (option,) = (item for item in FIELDS[name].type.__metadata__ if isinstance(item, Option))  # type: ignore[union-attr]  # all are Annotated
    return option


def decisive_settings(settings: Settings) -> dict[str, Any]:
    """Return the settings that can change a result, by name."""
    return {name: getattr(settings, name) for name in FIELDS if option_of(name).result}


def has_opposite(name: str) -> bool:
    """Tell whether a setting has two flags and no value: --audit and --no-audit."""
    option = option_of(name)
    opposite = flag_of(f"no_{name}")
    return opposite in option.flags or (shape_of(FIELDS[name].type).switch and option.result)


def shape_of(annotation: Any) -> Shape:
    """Return what an annotation takes.

    Raises
    ------
    TypeError
        If it is none of the kinds that settings are made of.
    """
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *metadata = get_args(annotation)
        shape = shape_of(inner)
        limits = tuple(item for item in metadata if isinstance(item, Ge | Gt | Le | Lt))
        return replace(shape, limits=shape.limits + limits)
    if origin is Literal:
        return Shape(words=tuple(get_args(annotation)))
    if origin in (Union, UnionType):
        return _join([shape_of(part) for part in get_args(annotation) if part is not NoneType])
    if origin is Mapping:
        return Shape(text=True, many=True, table=True)
    if origin is tuple:
        return replace(shape_of(get_args(annotation)[0]), many=True)
    simple = {
        bool: Shape(switch=True),
        str: Shape(text=True),
        int: Shape(number=int),
        float: Shape(number=float),
    }
    if annotation in simple:
        return simple[annotation]
    raise TypeError(f"no setting is a {annotation}")


def _join(parts: list[Shape]) -> Shape:
    numbers = [part.number for part in parts if part.number]
    return Shape(
        words=tuple(word for part in parts for word in part.words),
        number=numbers[0] if numbers else None,
        limits=tuple(limit for part in parts for limit in part.limits),
        text=any(part.text for part in parts),
    )


def describe_shape(shape: Shape) -> str:
    """Say what a setting takes: `a whole number from 1 to 20`."""
    if shape.table:
        return "names with values, such as width=16"
    kinds = []
    if shape.number:
        kinds.append(f"{'a whole number' if shape.number is int else 'a number'}{_range(shape)}")
    kinds += shape.words
    if shape.switch:
        kinds += ["yes", "no"]
    if shape.text:
        kinds.append("a text")
    one = " or ".join(filter(None, [", ".join(kinds[:-1]), kinds[-1]]))
    return f"a list, each {one}" if shape.many else one


def _range(shape: Shape) -> str:
    if len(shape.limits) == 1 and isinstance(least := shape.limits[0], Ge):
        return f" of at least {least.ge}"
    words = {Ge: "from", Gt: "above", Le: "to", Lt: "below"}
    values = {Ge: "ge", Gt: "gt", Le: "le", Lt: "lt"}
    return "".join(f" {words[type(limit)]} {getattr(limit, values[type(limit)])}" for limit in shape.limits)
