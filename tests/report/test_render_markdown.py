"""The Markdown of our pages, as a terminal shows it."""

from regchoose.report.render_markdown import render_markdown
from regchoose.report.terminal import capture_text

SOURCE = """# The title
<!-- also: heading -->

A paragraph of `--code` and **bold `x`** that is long enough
to be wrapped. See [l2](l2.md), [the other](l1.md), [paper](https://x.org/1).

```sh
regchoose recommend data.csv    # kept as it is

second
```

- an item that is long enough for two lines
  of its source
- `two`

1. first
2. second

| name | meaning |
|---|---|
| `a` | the first of them, which needs a second line |
| b |  |
"""
SHOWN = """The title

A paragraph of --code and bold x that is
long enough to be wrapped. See regchoose
explain l2, the other (regchoose explain
l1), paper (https://x.org/1).

  regchoose recommend data.csv    # kept
  as it is

  second

- an item that is long enough for two
  lines of its source
- two

1. first
2. second

name  meaning
a     the first of them, which needs a
      second line
b
"""


def test_every_kind_of_block_is_shown() -> None:
    assert capture_text(render_markdown(SOURCE), width=40) == SHOWN


def test_a_table_without_names_has_no_header() -> None:
    table = "| | |\n|---|---|\n| a | [first](first.md) |\n"
    assert capture_text(render_markdown(table), width=40) == "a  regchoose explain first\n"


def test_it_is_text_on_any_terminal() -> None:
    for width in (1, 8, 20, 100):
        lines = capture_text(render_markdown(SOURCE), width=width).splitlines()
        assert max(map(len, lines)) <= width
