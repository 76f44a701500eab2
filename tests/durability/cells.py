"""Columns of random tables, as text: what people keep in tables, and what they should not."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta

import numpy as np

from tests.report.hostile import NAMES

Maker = Callable[[np.random.Generator, int], list[str]]
WORDS = ("red", "green", "blue", "Łódź", "東京", "north, upper", 'the "old" one', "it's", "a;b", "x|y")
BOOLEANS = (("yes", "no"), ("True", "False"), ("t", "f"), ("J", "N"), ("1", "0"), ("on", "off"))
MISSING = ("", "NA", "NaN", "null", "?", "-", "None", "n/a", "#N/A", " ")
HOSTILE = [name for name in NAMES.values() if "\udcff" not in name and len(name) < 1000]


def _pick(rng: np.random.Generator, options: Sequence[str], n: int) -> list[str]:
    return [options[place] for place in rng.integers(0, len(options), n)]


def _normal(rng: np.random.Generator, n: int) -> list[str]:
    return [f"{x:.4f}" for x in rng.normal(size=n)]


def _integers(rng: np.random.Generator, n: int) -> list[str]:
    return [str(x) for x in rng.integers(-50, 1000, n)]


def _skewed(rng: np.random.Generator, n: int) -> list[str]:
    return [f"{x:.6g}" for x in np.exp(3 * rng.normal(size=n))]


def _wild(rng: np.random.Generator, n: int) -> list[str]:
    return [f"{x:.3g}" for x in rng.choice([-1.0, 1.0], n) * 10.0 ** rng.uniform(-300, 300, n)]


def _constant(rng: np.random.Generator, n: int) -> list[str]:
    return _pick(rng, ("0", "7.5", "same", ""), 1) * n


def _nearly_constant(rng: np.random.Generator, n: int) -> list[str]:
    return ["3" if i else "4" for i in rng.permutation(n)]


def _category(rng: np.random.Generator, n: int) -> list[str]:
    return _pick(rng, WORDS[: int(rng.integers(2, len(WORDS)))], n)


def _many_levels(rng: np.random.Generator, n: int) -> list[str]:
    return [f"level {i}" for i in rng.integers(0, max(1, n // 2), n)]


def _boolean(rng: np.random.Generator, n: int) -> list[str]:
    return _pick(rng, BOOLEANS[int(rng.integers(len(BOOLEANS)))], n)


def _days(rng: np.random.Generator, n: int) -> list[date]:
    return [date(1999, 12, 1) + timedelta(days=int(day)) for day in rng.integers(0, 9000, n)]


def _date(rng: np.random.Generator, n: int) -> list[str]:
    form = _pick(rng, ("%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%Y-%m-%dT%H:%M:%SZ", "%m/%d/%y"), 1)[0]
    return [day.strftime(form) for day in _days(rng, n)]


def _epoch(rng: np.random.Generator, n: int) -> list[str]:
    return [str(second) for second in rng.integers(1_500_000_000, 1_700_000_000, n)]


def _row_number(rng: np.random.Generator, n: int) -> list[str]:
    return [str(i) for i in range(n)]


def _hash(rng: np.random.Generator, n: int) -> list[str]:
    return [rng.bytes(8).hex() for _ in range(n)]


def _zip_code(rng: np.random.Generator, n: int) -> list[str]:
    return [f"{code:05}" for code in rng.integers(0, 30_000, n)]


def _large_integer(rng: np.random.Generator, n: int) -> list[str]:
    return [str(2**60 + int(i)) for i in rng.integers(0, 10**6, n)]


def _prose(rng: np.random.Generator, n: int) -> list[str]:
    return [" ".join(_pick(rng, WORDS, int(rng.integers(3, 12)))) for _ in range(n)]


def _infinite(rng: np.random.Generator, n: int) -> list[str]:
    return [_pick(rng, ("inf", "-inf", "1e400"), 1)[0] if rng.random() < 0.1 else x for x in _normal(rng, n)]


def _mixed(rng: np.random.Generator, n: int) -> list[str]:
    return ["abc" if i == 0 else x for i, x in zip(rng.permutation(n), _normal(rng, n), strict=True)]


def _naughty(rng: np.random.Generator, n: int) -> list[str]:
    return _pick(rng, HOSTILE, n)


FEATURES: dict[str, Maker] = {
    "numbers": _normal,
    "integers": _integers,
    "skewed": _skewed,
    "wild": _wild,
    "constant": _constant,
    "nearly constant": _nearly_constant,
    "category": _category,
    "many levels": _many_levels,
    "boolean": _boolean,
    "date": _date,
    "epoch": _epoch,
    "row number": _row_number,
    "hash": _hash,
    "zip code": _zip_code,
    "large integer": _large_integer,
    "prose": _prose,
    "infinite": _infinite,
    "mixed": _mixed,
    "naughty": _naughty,
}
# Most columns are these.
USUAL = ("numbers", "numbers", "numbers", "integers", "skewed", "category", "boolean")


def with_gaps(rng: np.random.Generator, cells: list[str]) -> list[str]:
    """Leave some cells out, in the ways in which people do."""
    share, gap = rng.uniform(0.02, 0.6), _pick(rng, MISSING, 1)[0]
    return [gap if rng.random() < share else cell for cell in cells]


# ---- targets ---------------------------------------------------------------------------------------


def _classes(*words: str, shares: Sequence[float]) -> Maker:
    def make(rng: np.random.Generator, n: int) -> list[str]:
        return [words[place] for place in rng.choice(len(words), n, p=shares)]

    return make


def _rare(rng: np.random.Generator, n: int) -> list[str]:
    cells = _pick(rng, ("a", "b"), n)
    return [*cells[: max(0, n - 1)], *(["c"] if n else [])]


def _broken(bad: str) -> Maker:
    def make(rng: np.random.Generator, n: int) -> list[str]:
        return [bad if rng.random() < 0.1 else x for x in _normal(rng, n)]

    return make


TARGETS: dict[str, Maker] = {
    "regression": _normal,
    "skewed regression": _skewed,
    "counts": _integers,
    "grades": lambda rng, n: _pick(rng, ("1", "2", "3", "4", "5"), n),
    "binary": _classes("0", "1", shares=(0.5, 0.5)),
    "binary words": _boolean,
    "three classes": _classes("setosa", "versicolor", "virginica", shares=(0.4, 0.3, 0.3)),
    "imbalanced": _classes("no", "yes", shares=(0.95, 0.05)),
    "rare class": _rare,
    "hostile classes": lambda rng, n: _pick(rng, HOSTILE[:3], n),
}
UNSOUND_TARGETS: dict[str, Maker] = {
    "constant target": lambda _, n: ["1"] * n,
    "missing target": _broken(""),
    "infinite target": _broken("inf"),
    "text target": _hash,
    "date target": _date,
    "wild target": _wild,
}
