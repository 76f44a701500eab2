"""Plots as SVG: a frame with two axes, and the marks in it.

Written by hand rather than with matplotlib: a plot here is some 4 kB instead of 40, takes its colours from
the page (and so follows light and dark), and the same figures give the same bytes.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup, escape

from regchoose.report.safe_text import plain

WIDE, HIGH = 420, 250  # of the drawing, in pixels at its natural size
LEFT, RIGHT, TOP, BOTTOM = 50, 12, 12, 40
Point = tuple[float, float]


def element(name: str, *inside: Markup | str, **attributes: object) -> Markup:
    """Return an SVG element; text and attributes are escaped, `_` in a name stands for `-`."""
    given = Markup("").join(
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), value)
        for key, value in attributes.items()
        if value is not None
    )
    body = Markup("").join(part if isinstance(part, Markup) else escape(plain(part)) for part in inside)
    return Markup("<{0}{1}>{2}</{0}>").format(Markup(name), given, body)  # noqa: S704 - names are literals


def svg_image(
    *inside: Markup, title: str, key: str, view_box: str, class_: str, **attributes: object
) -> Markup:
    """Return a whole drawing; `key` is the id of its title, which names it to those who cannot see it."""
    return element(
        "svg",
        element("title", title, id=key),
        *inside,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=view_box,
        role="img",
        aria_labelledby=key,
        class_=class_,
        **attributes,
    )


def px(value: float) -> str:
    """Write a coordinate: a tenth of a pixel is enough."""
    return f"{value:.1f}".removesuffix(".0")


@dataclass(frozen=True)
class Axis:
    """Numbers along one side of a plot."""

    low: float  # above zero where `log`
    high: float
    start: float  # the pixel of `low`
    stop: float  # and of `high`
    log: bool = False  # whether equal steps are equal factors
    numbered: bool = True  # whether it has ticks

    def place(self, value: float) -> float:
        """Return the pixel of a value; values beyond the ends stay at them."""
        low, high = self._scaled(self.low), self._scaled(self.high)
        share = (self._scaled(min(max(value, self.low), self.high)) - low) / ((high - low) or 1)
        return self.start + share * (self.stop - self.start)

    def ticks(self) -> list[tuple[float, str]]:
        """Return round values within the axis, each with its label."""
        if not self.numbered:
            return []
        if self.log:
            first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
            stride = max(1, math.ceil((last - first) / 5))
            found = [10.0**power for power in range(first, last + 1, stride)]
            return [(value, f"{value:g}") for value in found]
        step = _round_step((self.high - self.low) / 4)
        places = range(math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9) + 1)
        return [(place * step, f"{place * step:.10g}".replace("-", "−")) for place in places]

    def _scaled(self, value: float) -> float:
        return math.log10(value) if self.log else value


def _round_step(rough: float) -> float:
    power: float = 10.0 ** math.floor(math.log10(rough))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= rough * 0.999)


def padded_range(values: Iterable[float]) -> Point:
    """Return the least and the largest value, with a margin; finite and apart."""
    finite = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
    low, high = min(finite), max(finite)
    pad = (high - low) * 0.06 or abs(high) * 0.1 or 1.0
    return low - pad, high + pad


@dataclass(frozen=True)
class Frame:
    """Two axes and what they are called."""

    x: Axis
    y: Axis
    x_name: str
    y_name: str
    high: int = HIGH

    @classmethod
    def of(
        cls, x: Point, y: Point, *, names: tuple[str, str], log: bool = False, high: int = HIGH
    ) -> "Frame":
        """Return a frame of the usual width for these ranges; without a name, y has no ticks."""
        across = Axis(*x, LEFT if names[1] else RIGHT, WIDE - RIGHT, log)
        return cls(across, Axis(*y, high - BOTTOM, TOP, numbered=bool(names[1])), *names, high)

    @classmethod
    def of_rows(cls, x: Point, n_rows: int, *, name: str, high: int = HIGH) -> "Frame":
        """Return a frame in which things stand in rows, numbered from below, over an axis with a name."""
        return cls.of(x, (0.0, n_rows + 0.2), names=(name, ""), high=high)

    def draw(self, *marks: Markup, title: str, key: str) -> Markup:
        """Return the plot: grid, marks, axes."""
        inside = [*self._grid(), *marks, *self._names()]
        view_box = f"0 0 {WIDE} {self.high}"
        return svg_image(*inside, title=title, key=f"plot-{key}", view_box=view_box, class_="plot")

    def line(self, points: Sequence[Point], **attributes: object) -> Markup:
        """Return a line through the points; those that are not finite are left out."""
        kept = [p for p in points if math.isfinite(p[0]) and math.isfinite(p[1])]
        path = " ".join(f"{px(self.x.place(x))},{px(self.y.place(y))}" for x, y in kept)
        return element("polyline", points=path, fill="none", **attributes)

    def dot(self, x: float, y: float, *, r: float = 4, tip: str = "", **attributes: object) -> Markup:
        """Return a filled circle; what a pointer on it shows is `tip`."""
        inside = [element("title", tip)] if tip else []
        return element("circle", *inside, cx=px(self.x.place(x)), cy=px(self.y.place(y)), r=r, **attributes)

    def beyond(self, x: float, *, tip: str, **attributes: object) -> Markup:
        """Return an arrowhead at the upper edge, for a value that lies above it."""
        place, top = self.x.place(x), self.y.stop
        path = f"M{px(place - 5)} {px(top + 9)}L{px(place + 5)} {px(top + 9)}L{px(place)} {px(top)}z"
        return element("path", element("title", tip), d=path, **attributes)

    def upright(self, x: float, **attributes: object) -> Markup:
        """Return a line over the whole height."""
        place = px(self.x.place(x))
        return element("line", x1=place, x2=place, y1=px(self.y.stop), y2=px(self.y.start), **attributes)

    def band(self, low: float, high: float, **attributes: object) -> Markup:
        """Return a shaded zone between two values of x."""
        left, right = self.x.place(low), self.x.place(high)
        size = {"width": px(right - left), "height": px(self.y.start - self.y.stop)}
        return element("rect", x=px(left), y=px(self.y.stop), **size, **attributes)

    def label(self, text: str, y: float) -> Markup:
        """Return the text over a row."""
        place = f"{self.y.place(y) - 11:.1f}"
        return element("text", text, x=self.x.start + 6, y=place, class_="label")

    def _grid(self) -> Iterable[Markup]:
        for value, label in self.x.ticks():
            yield self.upright(value, class_="grid")
            yield element(
                "text", label, x=px(self.x.place(value)), y=self.high - BOTTOM + 14, text_anchor="middle"
            )
        for value, label in self.y.ticks():
            y = self.y.place(value)
            yield element("line", x1=LEFT, x2=WIDE - RIGHT, y1=px(y), y2=px(y), class_="grid")
            yield element("text", label, x=LEFT - 6, y=px(y + 4), text_anchor="end")

    def _names(self) -> Iterable[Markup]:
        middle = (self.x.start + self.x.stop) / 2
        yield element("text", self.x_name, x=px(middle), y=self.high - 8, text_anchor="middle", class_="axis")
        y = px((self.y.start + self.y.stop) / 2)
        turned = f"rotate(-90 11 {y})"
        yield element("text", self.y_name, x=11, y=y, text_anchor="middle", class_="axis", transform=turned)


def histogram_outline(edges: Sequence[float], heights: Sequence[float]) -> list[Point]:
    """Return the outline of a histogram."""
    corners = [(x, y) for (low, high), y in zip(pairwise(edges), heights, strict=True) for x in (low, high)]
    return [(edges[0], 0.0), *corners, (edges[-1], 0.0)]


def t_density(value: float, *, mean: float, scale: float, df: float) -> float:
    """Return the density of Student's t with a location and a scale."""
    z = (value - mean) / scale
    constant = math.lgamma((df + 1) / 2) - math.lgamma(df / 2) - math.log(df * math.pi) / 2
    return math.exp(constant - (df + 1) / 2 * math.log1p(z * z / df)) / scale


@dataclass(frozen=True)
class Figure:
    """A plot, what it shows, and its figures."""

    section: str  # heading it stands under
    title: str
    note: str  # what is to be seen, in a sentence
    svg: Markup
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    arms: Sequence[str] = ()  # those that the key names
    broad: bool = False  # whether it needs the width of the page
