"""Markdown at a terminal: the part of it that the pages of `regchoose explain` are written in.

Blank lines separate the blocks: headings, paragraphs, lists, fenced code and tables. Within a line there are
code, bold and links; a link to another page becomes the command that shows it. Comments are left out.
"""

import re
from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

COMMENT = re.compile(r"<!--.*?-->\n?", re.DOTALL)
BLOCK = re.compile(r"^```.*?^```$|(?:^[^\n]+\n?)+", re.DOTALL | re.MULTILINE)
ITEM = re.compile(r"^(-|\d+\.) ", re.MULTILINE)
INLINE = re.compile(r"`(?P<code>[^`]+)`|\*\*(?P<bold>.+?)\*\*|\[(?P<words>[^]]+)\]\((?P<target>[^)]+)\)")


def render_markdown(source: str) -> RenderableType:
    """Return Markdown as something that a console prints at its own width."""
    blocks = [_render_block(found[0].rstrip()) for found in BLOCK.finditer(COMMENT.sub("", source))]
    spaced = [part for block in blocks for part in ("", block)]
    return Group(*spaced[1:])


def _render_block(block: str) -> RenderableType:
    """Return one block, whose first characters say what it is."""
    if block.startswith("```"):
        return Padding(Text("\n".join(block.splitlines()[1:-1])), (0, 0, 0, 2), expand=False)
    if block.startswith("#"):
        return Text(block.lstrip("# "), style="bold")
    if block.startswith("|"):
        return _render_table(block.splitlines())
    if ITEM.match(block):
        _, *parts = ITEM.split(block)
        return _render_items(zip(parts[::2], parts[1::2], strict=True))
    return _render_inline(block)


def _render_items(rows: Iterable[tuple[str, str]]) -> Table:
    grid = Table.grid(padding=(0, 1, 0, 0))
    for mark, item in rows:
        grid.add_row(mark, _render_inline(item))
    return grid


def _render_table(lines: list[str]) -> Table:
    header, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    table = Table(
        box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=any(header), header_style="bold"
    )
    for cell in header:
        table.add_column(_render_inline(cell), overflow="fold")
    for row in rows:
        table.add_row(*map(_render_inline, row))
    return table


def _render_inline(source: str) -> Text:
    """Return the running text of a block, its lines joined."""
    source = " ".join(source.split())
    text, end = Text(), 0
    for found in INLINE.finditer(source):
        text.append(source[end : found.start()])
        if found["code"]:
            text.append(found["code"], style="cyan")
        elif found["bold"]:
            text.append(found["bold"].replace("`", ""), style="bold")
        else:
            text.append(_write_link(found["words"], found["target"]))
        end = found.end()
    return text.append(source[end:])


def _write_link(words: str, target: str) -> str:
    """Return a link as words: the command for another page, else the address behind the text."""
    if not target.endswith(".md"):
        return f"{words} ({target})"
    command = f"regchoose explain {target.removesuffix('.md')}"
    return command if f"{words}.md" == target else f"{words} ({command})"
