"""Figures of the data: which columns go together, and whether the subsample is like the whole."""

from collections.abc import Iterator, Sequence
from operator import itemgetter

from markupsafe import Markup

from regchoose.records import numbers
from regchoose.report.plots import BOTTOM, Figure, Frame, element, px, svg_image
from regchoose.report.safe_text import plain
from regchoose.result.document import RunResult

CELL, LABEL, TOP, APART = 18, 150, 18, 8  # pixels: a square, room for names and numbers, a gap
NUMBERED = 14  # columns up to which each square holds its number
SHADES, DEEP = 10, 6  # steps of colour; beyond DEEP the numbers are drawn in the colour of the paper
LETTERS = 20  # of a name
MOST_KINDS, ROW = 12, 34  # kinds of checks, and pixels of one
MATCH, TABLE = "Is the subsample like the whole?", "The table"  # headings


def draw_associations(result: RunResult) -> Iterator[Figure]:
    """Draw the associations of the columns, clustered, and with the target."""
    associations = result.data.profile.associations
    if not associations:
        return
    names = [plain(name, longest=LETTERS) for name in associations.columns]
    matrix = [[*row, end] for row, end in zip(associations.matrix, associations.target, strict=True)]
    count = len(names)
    some = f"The {count} of {associations.of} columns with the closest partners. "
    yield Figure(
        TABLE,
        "Which columns go together",
        f"{some if count < associations.of else ''}Blue: together, orange: opposite, empty: within "
        "chance; the stronger, the darker. Columns that go together stand side by side; the last one, apart, "
        "is the target.",
        _draw_squares(matrix, names),
        ("column", "goes most with", "association", "with the target"),
        [_find_closest(place, names, matrix) for place in range(count)],
        broad=count > NUMBERED,
    )


def _find_closest(place: int, names: Sequence[str], matrix: Sequence[Sequence[float]]) -> tuple[str, ...]:
    row = matrix[place][:-1]
    best = max((column for column in range(len(row)) if column != place), key=lambda column: abs(row[column]))
    partner = (names[best], _signed(row[best])) if row[best] else (numbers.MISSING, numbers.MISSING)
    return f"{place + 1} {names[place]}", *partner, _signed(matrix[place][-1])


def _signed(value: float) -> str:
    return f"{value:.2f}".replace("-", "−") if value else numbers.MISSING


def _draw_squares(matrix: Sequence[Sequence[float]], names: Sequence[str]) -> Markup:
    count = len(names)
    shaded: dict[tuple[bool, int], list[str]] = {}
    words: list[Markup] = []
    for i, row in enumerate(matrix):
        y = TOP + i * CELL
        label = f"{i + 1} {names[i]}"
        words.append(element("text", label, x=LABEL - 6, y=y + 13, text_anchor="end"))
        for j, value in enumerate(row):
            x = _left(j, count)
            shade = min(SHADES, round(abs(value) * SHADES))
            if shade:
                path = f"M{x} {y}h{CELL - 1}v{CELL - 1}h{1 - CELL}z"
                shaded.setdefault((value > 0, shade), []).append(path)
            if value and count <= NUMBERED and i != j:
                text = f"{abs(value):.2f}".removeprefix("0")
                tone = "cell deep" if shade > DEEP else "cell"
                words.append(
                    element("text", text, x=x + CELL / 2, y=y + 12, text_anchor="middle", class_=tone)
                )
    heads = [*(str(j + 1) for j in range(count)), "target"]
    for j, head in enumerate(heads):
        words.append(element("text", head, x=_left(j, count) + CELL / 2, y=TOP - 5, text_anchor="middle"))
    paths = [
        element("path", d="".join(parts), class_="with" if sign else "against", fill_opacity=shade / SHADES)
        for (sign, shade), parts in sorted(shaded.items())
    ]
    wide, high = _left(count, count) + 2 * CELL, TOP + count * CELL + 4
    return svg_image(
        *paths,
        *words,
        title="Associations of the columns",
        key="plot-associations",
        view_box=f"0 0 {wide} {high}",
        class_="plot squares",
    )


def _left(column: int, count: int) -> int:
    return LABEL + column * CELL + (APART if column == count else 0)


def draw_match(result: RunResult) -> Iterator[Figure]:
    """Draw every check of the subsample as a share of its limit, a row a kind of check."""
    kinds: dict[str, list[tuple[float, str]]] = {}
    for check in result.subsample.checks if result.subsample else ():
        if check.value is not None and check.limit:
            kinds.setdefault(plain(check.check), []).append((check.value / check.limit, check.column))
    shown = dict(list(kinds.items())[:MOST_KINDS])
    if not shown:
        return
    shares = {kind: [share for share, _ in group] for kind, group in shown.items()}
    end = max(1.15, *(share * 1.05 for group in shares.values() for share in group))
    high = BOTTOM + TOP + ROW * len(shown)
    frame = Frame.of_rows((0.0, end), len(shown), name="share of the limit", high=high)
    marks = [frame.upright(1.0, class_="stop")]
    for place, (kind, group) in enumerate(reversed(shares.items())):
        height = frame.y.place(place + 0.3)
        marks += [frame.dot(share, place + 0.3, r=3.5, class_="datum") for share in sorted(set(group))]
        marks.append(element("text", kind, x=px(frame.x.start + 6), y=px(height - 8), class_="kind"))
    yield Figure(
        MATCH,
        "Every check as a share of its limit",
        "A dot is a check of a column. Left of the upright line it holds.",
        frame.draw(*marks, title="Checks of the subsample as shares of their limits", key="match"),
        ("check", "columns", "worst column", "share of its limit"),
        [_worst(kind, group) for kind, group in shown.items()],
    )


def _worst(kind: str, group: Sequence[tuple[float, str]]) -> tuple[str, ...]:
    share, column = max(group, key=itemgetter(0))
    return kind, str(len(group)), plain(column), f"{share:.2f}"
