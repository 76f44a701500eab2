"""The README's command reference, generated from `--help`: `python -m tests.reference` writes it."""

import sys
from pathlib import Path
from typing import Any

from typer.main import get_command
from typer.testing import CliRunner

from regchoose.cli.app import app

README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- commands: made by python -m tests.reference -->", "<!-- end of commands -->"
WIDTH = 100


def help_of(*words: str) -> str:
    """Return what `regchoose … --help` prints, at a fixed width."""
    options: dict[str, Any] = {
        "prog_name": "regchoose",
        "env": {"COLUMNS": str(WIDTH)},
        "terminal_width": WIDTH,
    }
    found = CliRunner().invoke(app, [*words, "--help"], **options)
    assert found.exit_code == 0, found.output
    return "\n".join(line.rstrip() for line in found.output.strip().splitlines())


def opening(name: str) -> str:
    """Return the line that is shown while a command's help is folded."""
    return f"<details><summary><code>regchoose {name}</code></summary>"


def reference() -> str:
    """Return the section between the markers, with them."""
    names = list(vars(get_command(app))["commands"])
    blocks = [f"```\n$ regchoose --help\n{help_of()}\n```"]
    blocks += [f"{opening(name)}\n\n```\n{help_of(name)}\n```\n\n</details>" for name in names]
    return "\n\n".join([BEGIN, *blocks, END])


def replaced(readme: str) -> str:
    """Return a README with its section as it is now."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{reference()}{after}"


if __name__ == "__main__":
    text = README.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        sys.exit(f"{README.name} has no section between {BEGIN} and {END}")
    README.write_text(replaced(text), encoding="utf-8")
