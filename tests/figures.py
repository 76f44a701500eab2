"""Count what makes the house easy or hard to enter: `python -m tests.figures [FOLDER of a checkout]`."""

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOMS_BELOW = ("result",)  # where a document may be read by its keys


def top_names(tree: ast.Module) -> Iterator[str]:
    """Yield the public classes and functions of a file."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
            yield node.name


def string_subscripts(tree: ast.Module) -> int:
    """Count reads such as `result["arms"]`: subscripts by a literal text."""
    return sum(
        isinstance(node, ast.Subscript)
        and isinstance(node.ctx, ast.Load)
        and isinstance(node.slice, ast.Constant)
        and isinstance(node.slice.value, str)
        for node in ast.walk(tree)
    )


def arrows(package: Path, trees: dict[Path, ast.Module]) -> set[tuple[str, str]]:
    """Return which room imports which."""
    found = set()
    for path, tree in trees.items():
        room = path.relative_to(package).parts[0].removesuffix(".py")
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("regchoose"):
                names = [f"{node.module}.{alias.name}".split(".")[1] for alias in node.names]
                known = [n for n in names if (package / n).is_dir() or (package / f"{n}.py").is_file()]
                found |= {(room, name) for name in known if name != room}
    return found


def figures(root: Path) -> dict[str, str]:
    """Return what is counted, by name."""
    package = root / "regchoose"
    texts = {path: path.read_text(encoding="utf-8") for path in sorted(package.rglob("*.py"))}
    trees = {path: ast.parse(text) for path, text in texts.items()}
    homes, files = defaultdict[str, set[Path]](set), defaultdict[str, list[Path]](list)
    for path, tree in trees.items():
        for name in top_names(tree):
            homes[name].add(path)
        if path.name != "__init__.py":
            files[path.name].append(path)
    twice = sorted(name for name, where in homes.items() if len(where) > 1)
    same = sorted(name for name, where in files.items() if len(where) > 1)
    keys = {
        path.relative_to(package).parts[0]: 0
        for path in trees
        if path.relative_to(package).parts[0] not in ROOMS_BELOW
    }
    for path, tree in trees.items():
        if (room := path.relative_to(package).parts[0]) in keys:
            keys[room] += string_subscripts(tree)
    readers = ("cli", "experiment", "export", "library", "mlflow", "refit", "report", "run")
    return {
        "lines of regchoose/": f"{sum(text.count(chr(10)) for text in texts.values()):,}",
        "files": f"{len(texts)}",
        "public classes and functions": f"{len(homes)}",
        "… in more than one file": f"{len(twice)} ({len(twice) / len(homes):.1%}): {', '.join(twice)}",
        "file names used twice": f"{len(same)}: {', '.join(same)}",
        "arrows between rooms": f"{len(arrows(package, trees))}",
        "subscripts by a text where results are read": f"{sum(keys.get(room, 0) for room in readers)}",
        "lines of the README": f"{(root / 'README.md').read_text(encoding='utf-8').count(chr(10)):,}",
    }


if __name__ == "__main__":
    here = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1]
    for name, figure in figures(here).items():
        sys.stdout.write(f"{name}: {figure}\n")
