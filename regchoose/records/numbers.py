"""Numbers for people: as many digits as they bear, and no more."""

import math
from collections.abc import Iterable

MISSING = "–"
BOUNDS = (80, 95)  # per cent from which a verdict is leaning, and firm


def strength(value: float | None) -> str:
    """Write a penalty's strength with two significant digits; none is a dash.

    >>> strength(0.002134), strength(12.3), strength(0.00000312), strength(0)
    ('0.0021', '12', '3.1e-06', '–')
    """
    if value is None or value == 0 or not math.isfinite(value):
        return MISSING
    if not 1e-4 <= value < 1e4:
        return f"{value:.1e}"
    return f"{value:.{_decimals(value, digits=2)}f}"


def strengths(l1: float | None, l2: float | None, *, sign: str = " = ") -> list[str]:
    """Write the strengths of a regularizer that are not zero, each with its name.

    >>> strengths(0.002134, 0.0)
    ['l1 = 0.0021']
    """
    return [f"{name}{sign}{strength(value)}" for name, value in (("l1", l1), ("l2", l2)) if value]


def loss(value: float | None) -> str:
    """Write a loss with three significant digits.

    >>> loss(0.5612), loss(12.345), loss(-0.00123), loss(float("nan"))
    ('0.561', '12.3', '−0.00123', '–')
    """
    if value is None or not math.isfinite(value):
        return MISSING
    rounded = not value or 1e-4 <= abs(value) < 1e5
    size = f"{abs(value):.{_decimals(value, digits=3)}f}" if rounded else f"{abs(value):.2e}"
    return f"{'−' if value < 0 else ''}{size}"


def three_digits(value: float) -> str:
    """Write any number with three significant digits.

    >>> three_digits(-0.01234), three_digits(12.0)
    ('−0.0123', '12')
    """
    return f"{'−' if value < 0 else ''}{abs(value):.3g}"


def difference(value: float) -> str:
    """Write a difference of losses with its sign.

    >>> difference(-0.0341), difference(0.0021)
    ('−0.034', '+0.0021')
    """
    size = abs(value)
    digits = f"{size:.1e}" if size and not 1e-5 <= size < 1e4 else f"{size:.{_decimals(size, digits=2)}f}"
    return f"{'−' if value < 0 else '+'}{digits}"


def give_or_take(value: float, spread: float) -> str:
    """Write a difference of losses and what it may be off by, both as fine as the latter bears.

    >>> give_or_take(0.0571, 0.0568), give_or_take(-0.00046, 0.0123), give_or_take(0.5, 0)
    ('+0.057 ± 0.057', '0.000 ± 0.012', '+0.50 ± 0')
    """
    if not 1e-5 <= spread < 1e4:
        return f"{difference(value)} ± {spread:.2g}"
    places = _decimals(spread, digits=2)
    rounded = round(value, places)
    sign = "" if rounded == 0 else "−" if rounded < 0 else "+"
    return f"{sign}{abs(rounded):.{places}f} ± {spread:.{places}f}"


def percent(share: float | None) -> str:
    """Write a share in per cent: whole numbers from 10 up, one decimal below.

    >>> percent(0.061), percent(0.31), percent(0), percent(1.5)
    ('6.1 %', '31 %', '0 %', '150 %')
    """
    if share is None or not math.isfinite(share):
        return MISSING
    number = 100 * share
    text = f"{number:.0f}" if abs(number) >= 9.95 or round(number, 1) == 0 else f"{number:.1f}"
    return f"{text.removesuffix('.0').replace('-', '−')} %"


def percent_interval(ends: Iterable[float]) -> str:
    """Write the interval of a share in per cent, for a place behind the share itself.

    >>> percent_interval((-0.022, 0.0731))
    '[−2.2, 7.3]'
    """
    return f"[{', '.join(percent(end).removesuffix(' %') for end in ends)}]"


def probability(share: float | None) -> str:
    """Write a probability, never as certain: draws are counted, and their number is finite.

    None is rounded up to a bound of certainty: 94.7 % is leaning, and 95 % would be firm.

    >>> probability(0.813), probability(0.9996), probability(1), probability(0), probability(0.947)
    ('81 %', 'over 99 %', 'over 99 %', 'under 1 %', '94 %')
    """
    if share is None:
        return MISSING
    if share > 0.99:
        return "over 99 %"
    whole = round(100 * share)
    if whole in BOUNDS and 100 * share < whole:
        whole -= 1
    return "under 1 %" if share < 0.01 else f"{whole} %"


def zeros(nonzero_share: float | None) -> str:
    """Write the share of weights that are exactly zero, given the share of those that are not.

    >>> zeros(0.939), zeros(None)
    ('6.1 %', '–')
    """
    return percent(None if nonzero_share is None else 1 - nonzero_share)


def interval(ends: Iterable[float]) -> str:
    """Write the interval of a loss.

    >>> interval((0.5612, 0.601))
    '0.561 to 0.601'
    """
    return " to ".join(map(loss, ends))


def duration(seconds: float | None) -> str:
    """Write a time in the unit that fits it.

    >>> duration(0.42), duration(6), duration(12.3), duration(125), duration(600), duration(7300)
    ('0.4 s', '6 s', '12 s', '2 min 5 s', '10 min', '2 h 1 min')
    """
    if seconds is None or not math.isfinite(seconds):
        return MISSING
    if seconds < 9.95:
        return f"{seconds:.0f} s" if seconds == round(seconds) else f"{max(seconds, 0):.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    larger, smaller, names = (whole // 60, whole % 60, ("min", "s"))
    if whole >= 3600:
        larger, smaller, names = (whole // 3600, whole % 3600 // 60, ("h", "min"))
    return f"{larger} {names[0]}" + (f" {smaller} {names[1]}" if smaller else "")


def _decimals(value: float, *, digits: int) -> int:
    """Return how many decimals show so many significant digits; the rounding may add a place."""
    if value == 0:
        return digits - 1
    exponent = int(f"{abs(value):.{digits - 1}e}".partition("e")[2])
    return max(digits - 1 - exponent, 0)
