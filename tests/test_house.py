"""Who may know whom: the drawing in `regchoose/README.md` is the law."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "regchoose"
FILES = sorted(PACKAGE.rglob("*.py"))


def drawing(name: str) -> dict[str, list[str]]:
    """Return a drawing of the page: each line's first word, and the others."""
    page = (PACKAGE / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(rf"^```{name}\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)
    lines = [line.replace("→", " ").split() for line in block.splitlines()]
    return {first: others for first, *others in lines}


ROOMS, LIBRARIES = drawing("rooms"), drawing("libraries")


@cache
def tree(path: Path) -> ast.Module:
    """Return a file of the package as Python reads it."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imports(path: Path) -> set[str]:
    """Return the dotted names that a file imports, wherever the statement stands."""
    found: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def room_of(name: str) -> str:
    """Return the room of a dotted name of this package."""
    _, room, *_ = [*name.split("."), "__init__"]
    return room if (PACKAGE / room).is_dir() or (PACKAGE / f"{room}.py").is_file() else "__init__"


def arrows() -> dict[tuple[str, str], list[str]]:
    """Return who imports whom, with the files that do."""
    found: dict[tuple[str, str], list[str]] = {}
    for path in FILES:
        room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        for name in imports(path):
            if name.split(".")[0] == "regchoose" and room_of(name) != room:
                found.setdefault((room, room_of(name)), []).append(str(path.relative_to(PACKAGE)))
    return found


def test_every_room_is_drawn_and_every_arrow_points_down() -> None:
    here = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in FILES}
    assert list(ROOMS) == list(dict.fromkeys(ROOMS))
    assert set(ROOMS) == here
    floors = list(ROOMS)
    up = [(room, known) for room, others in ROOMS.items() for known in others if known not in floors]
    up += [(a, b) for a, others in ROOMS.items() for b in others if floors.index(b) <= floors.index(a)]
    assert not up


def test_rooms_import_what_is_drawn_and_nothing_else() -> None:
    drawn = {(room, known) for room, others in ROOMS.items() for known in others}
    found = arrows()
    assert {arrow: files for arrow, files in found.items() if arrow not in drawn} == {}
    assert drawn - found.keys() == set(), "drawn, and no longer there"


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_library_has_one_home(library: str) -> None:
    users = {
        path.relative_to(PACKAGE).parts[0]
        for path in FILES
        if any(name.split(".")[0] == library for name in imports(path))
    }
    assert users == set(LIBRARIES[library])


def test_imports_inside_functions_only_in_the_shell() -> None:
    for path in FILES:
        inside = [
            node
            for function in ast.walk(tree(path))
            if isinstance(function, ast.FunctionDef)
            for node in ast.walk(function)
            if isinstance(node, ast.Import | ast.ImportFrom)
        ]
        assert not inside or path.relative_to(PACKAGE).parts[0] == "cli", path


def test_nothing_lies_loose_at_the_top() -> None:
    loose = {path.name for path in PACKAGE.glob("*.py")}
    assert loose == {"__init__.py", "__main__.py", "errors.py", "machine.py", "version.py"}
