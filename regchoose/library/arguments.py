"""The settings of a call from Python, with their types."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from numbers import Integral, Real
from types import FunctionType
from typing import Any, Literal, TypedDict

from regchoose.errors import UsageError, setting
from regchoose.settings.options import Settings
from regchoose.settings.sources import resolve_settings

Answered = Literal["yes", "no", "unsure"]
Auto = Literal["yes", "no", "auto"]
# Settings that say how a file is written; a table in memory has its columns already.
FILE_SETTINGS = (
    "header",
    "delimiter",
    "encoding",
    "skip_rows",
    "header_rows",
    "decimal",
    "on_bad_rows",
    "image_size",
)


class Keywords(TypedDict, total=False):
    """The settings of `recommend` beside the target; `regchoose recommend --help` says what each is."""

    task: Literal["auto", "classification", "regression"]
    exclude: Sequence[str]
    keep: Sequence[str]
    header: Auto
    delimiter: str
    encoding: str
    skip_rows: int
    header_rows: int
    decimal: Literal["auto", ".", ","]
    date_order: Literal["auto", "dmy", "mdy"]
    na: Sequence[str]
    na_none: bool
    min_class: int
    group: str
    time: str
    image_size: int | Literal["auto"]
    on_bad_rows: Literal["error", "skip", "pad"]
    drop_missing_target: bool
    subsample: Auto
    resources: Auto
    prior_knowledge: Literal["yes", "no"]
    correlated: Answered
    entire_picture: Answered
    needs_regularization: Answered
    sparse: Answered
    at_limit: Literal["yes", "no"]
    chart: Literal["which-regularizer", "three-questions"]
    rows: int | Literal["auto"]
    network: str
    network_options: Mapping[str, Any]
    penalize: Sequence[str]
    hidden: Sequence[int]
    rope: float | Literal["auto"]
    alpha: float
    l1: float
    l2: float
    stopping: Literal["tuned", "fixed"]
    decide: Literal["audited", "chart", "best"]
    audit: bool
    strengths: int
    alphas: Sequence[float]
    folds: int
    repeats: int
    epochs: int
    steps: int
    batch: int
    lr: float | Literal["auto"]
    preset: Literal["quick", "default", "thorough", "ci"]
    budget: str
    seed: int
    device: str
    jobs: int
    cluster: str
    cache_dir: str
    fresh: bool


def resolve_keywords(keywords: Mapping[str, object], *, in_memory: bool) -> tuple[Settings, frozenset[str]]:
    """Return the settings of a call, and the names of those that it gives.

    They come from the keywords and the preset alone, not from the environment or a file. A keyword that is
    None counts as not given.

    Raises
    ------
    UsageError
        E202 for an unknown setting, a bad value, or a setting of files if the table is in memory.
    """
    given = {name: _to_python_number(value) for name, value in keywords.items() if value is not None}
    legal = ("target", *Keywords.__annotations__)
    for name in given:
        if name not in legal:
            near = next(iter(get_close_matches(name, legal, n=1, cutoff=0.6)), "")
            fix = f"{near}=… in place of {name}" if near else "leave it out"
            raise UsageError("E202", f"recommend takes no {name!r}", where=name, fix=fix)
        if in_memory and name in FILE_SETTINGS:
            said = f"{name} says how a file is written, and this table is in memory"
            raise UsageError("E202", said, where=name, fix=f"leave {name} out")
    _refuse_network_object(given.get("network", ""))
    return resolve_settings(given, environ={}, config=None)


def _refuse_network_object(network: object) -> None:
    """Raise E202 for a class or a module in the place of its name, which other processes can import."""
    if isinstance(network, str):
        return
    made = network if isinstance(network, type | FunctionType) else type(network)
    module, name = made.__module__, made.__qualname__
    is_local = module == "__main__" or not name.replace(".", "").isidentifier()
    kind = "a class or function" if made is network else "an object"
    named = setting(network="nets.py:NAME" if is_local else f"{module}:{name}")
    raise UsageError(
        "E202",
        f"network got {kind}, {name[:40]}, and wanted its name as a text, for other processes import it too",
        where="network",
        fix="write it into a file nets.py of its own, and " + named if is_local else named,
    )


def _to_python_number(value: object) -> object:
    """Turn a number of numpy into one of Python; return other values unchanged."""
    match value:
        case bool():
            return value
        case Integral():
            return int(value)
        case Real():
            return float(value)
    return value
