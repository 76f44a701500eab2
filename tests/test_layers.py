"""Who may know whom. This dictionary is also the drawing in the README."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "regchoose"
GROUND = {"records", "settings", "errors", "__init__"}
MAY_IMPORT: dict[str, set[str]] = {
    "records": set(),
    "errors": set(),
    "settings": set(),
    "__init__": {"errors", "library"},  # for types alone: its names are loaded when they are used
    "shapes": GROUND,
    "presets": GROUND,
    "configuration": GROUND | {"shapes", "presets"},
    "keywords": GROUND | {"shapes"},
    "saved": GROUND,
    "inspection": GROUND | {"table"},
    "extract": GROUND | {"table"},
    "flowchart": GROUND,
    "schema": GROUND | {"shapes"},
    "gate": GROUND,
    "changes": GROUND,
    "crew": GROUND,
    "fitted": GROUND,
    "table": GROUND | {"crew", "fitted"},
    "training": GROUND | {"crew", "fitted"},
    "verdict": GROUND,
    "experiment": GROUND | {"crew", "table", "training", "verdict"},
    "result": GROUND | {"experiment", "flowchart", "verdict"},
    "room": GROUND | {"machine", "verdict"},
    "looks": GROUND | {"crew", "experiment", "room", "table", "verdict"},
    "answers": GROUND | {"flowchart"},
    "run": GROUND | {"answers", "crew", "experiment", "flowchart", "looks", "result", "table", "verdict"},
    "model": GROUND | {"fitted"},
    "final": GROUND | {"fitted", "model", "result", "table", "training", "verdict"},
    "explain": GROUND,
    "export": GROUND,
    "journal": GROUND | {"shapes"},
    "handoff": GROUND | {"fitted"},
    "machine": GROUND,
    "outlook": GROUND | {"machine", "shapes", "table", "verdict"},
    "devices": GROUND | {"training"},
    "report": GROUND | {"fitted", "flowchart", "presets"},
    "library": GROUND
    | {"configuration", "journal", "keywords", "report", "run", "saved", "schema", "shapes", "table"}
    | {"fitted", "training", "verdict"}  # the estimators' final fit
    | {"cli"},  # its bars, for progress=True
    "cli": GROUND
    | {"shapes", "configuration", "inspection", "extract", "run", "report", "flowchart"}
    | {"devices", "explain", "export", "machine", "outlook", "room", "handoff"}
    | {"schema", "gate", "changes", "journal", "saved"}
    | {"final", "fitted", "model"},
    "__main__": {"cli"},
}
ONLY_IN = {
    "torch": {"training"},
    "pandas": {"table"},
    "duckdb": {"table"},
    "PIL": {"table"},
    "mlflow": {"handoff"},
    "dask": {"crew"},
    "distributed": {"crew"},
    "typer": {"cli"},
    "rich": {"cli", "report", "library"},
    "sklearn": {"table", "verdict", "run", "library"},
    "safetensors": {"model"},
    "onnx": {"model"},
}
FILES = sorted(PACKAGE.rglob("*.py"))


def imports(path: Path) -> set[str]:
    """Dotted names that a file imports, wherever the statement stands."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_rooms_import_only_what_they_may(path: Path) -> None:
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "regchoose":
            known = (
                parts[1]
                if (PACKAGE / parts[1]).exists() or (PACKAGE / f"{parts[1]}.py").exists()
                else "__init__"
            )
            assert known == room or known in MAY_IMPORT[room], f"{room} imports {name}"
        elif parts[0] in ONLY_IN:
            assert room in ONLY_IN[parts[0]], f"{room} imports {parts[0]}"


def test_imports_inside_functions_only_in_the_shell() -> None:
    for path in FILES:
        inside = [
            node
            for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(function, ast.FunctionDef)
            for node in ast.walk(function)
            if isinstance(node, ast.Import | ast.ImportFrom)
        ]
        assert not inside or path.relative_to(PACKAGE).parts[0] == "cli", path
