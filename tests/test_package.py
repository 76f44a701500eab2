"""The wheel: everything is in it that runs need, and its metadata say what it is."""

import ast
import shutil
import subprocess
import sys
import tomllib
import zipfile
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path

import pytest

import regchoose

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "regchoose", "configs")
LEFT = shutil.ignore_patterns("__pycache__", "*.pyc")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def python(script: str, folder: Path, *, path: str = "") -> str:
    command = [sys.executable, "-c", script]
    environment = {"PYTHONPATH": path, "PATH": "/usr/bin:/bin", "HOME": str(folder)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a copy, as pip does, with the build backend that is installed here."""
    copy, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in SOURCES:
        place = ROOT / name
        if place.is_dir():
            shutil.copytree(place, copy / name, ignore=LEFT)
        else:
            shutil.copy(place, copy / name)
    name = python(f"from hatchling.build import build_wheel; print(build_wheel({str(out)!r}))", copy)
    return out / name.splitlines()[-1]


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return HeaderParser().parsestr(archive.read(name).decode())


def test_the_wheel_holds_every_file_of_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    package = {path for path in (ROOT / "regchoose").rglob("*") if path.is_file()}
    configs = {
        path for path in (ROOT / "configs").rglob("*") if path.is_file() and "__pycache__" not in path.parts
    }
    wanted = {str(path.relative_to(ROOT)) for path in package if "__pycache__" not in path.parts}
    wanted |= {f"regchoose/{path.relative_to(ROOT)}" for path in configs}
    assert held == wanted
    endings = {Path(name).suffix for name in held}
    assert endings >= {".py", ".jinja", ".html", ".css", ".toml", ".md", ".typed"}


def test_the_metadata_are_those_of_the_project(metadata: Message) -> None:
    assert (metadata["Name"], metadata["Version"]) == ("regchoose", regchoose.__version__)
    assert PROJECT["version"] == regchoose.__version__
    assert metadata["License-Expression"] == "MIT"
    assert metadata["License-File"] == "LICENSE"
    assert metadata["Requires-Python"] == PROJECT["requires-python"]
    assert "Typing :: Typed" in metadata.get_all("Classifier", [])
    assert set(metadata.get_all("Provides-Extra", [])) == set(PROJECT["optional-dependencies"])
    needed = [line for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line]
    assert len(needed) == len(PROJECT["dependencies"])


def test_what_the_package_imports_is_what_it_requires() -> None:
    names = {"sklearn": "scikit-learn", "PIL": "pillow"}
    imported: set[str] = set()
    for path in (ROOT / "regchoose").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                imported.add(node.module.partition(".")[0])
    others = {names.get(name, name) for name in imported - sys.stdlib_module_names - {"regchoose"}}
    every = [
        *PROJECT["dependencies"],
        *(one for extra in PROJECT["optional-dependencies"].values() for one in extra),
    ]
    required = {one.split(";")[0].split(">")[0].split("[")[0].split("=")[0].strip().lower() for one in every}
    unlisted = {name.lower().replace("_", "-") for name in others} - required
    # zstandard: of backports.zstd, and of Python 3.14; PyTorch brings triton where it has CUDA.
    assert unlisted == {"backports", "compression", "triton"}


def test_it_runs_from_the_wheel_alone(wheel: Path, tmp_path: Path) -> None:
    here = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(here)
    script = """
import regchoose
from regchoose.settings.presets import presets
table = [[i, i % 3, i % 2] for i in range(60)]
found = regchoose.recommend(table, resources="no", preset="quick")
assert "<h1>" in found.to_html() and found._repr_html_()
print(regchoose.__file__, sorted(presets()))
"""
    said = python(script, tmp_path, path=str(here))
    assert said == f"{here}/regchoose/__init__.py ['ci', 'default', 'quick', 'thorough']"
    version = "from regchoose.__main__ import main; raise SystemExit(main(['--version']))"
    assert python(version, tmp_path, path=str(here)) == f"regchoose {regchoose.__version__}"


def test_the_lowest_versions_are_those_that_were_run() -> None:
    text = (ROOT / "configs" / "constraints-lowest.txt").read_text(encoding="utf-8")
    run = dict(line.split("==") for line in text.splitlines() if not line.startswith("#"))
    extras = PROJECT["optional-dependencies"]
    asked = [*PROJECT["dependencies"], *extras["dask"], *extras["mlflow"], *extras["onnx"]]
    bounds = dict(one.partition(";")[0].strip().split(">=") for one in asked)
    assert run.keys() == bounds.keys()
    for name, version in run.items():
        assert bounds[name] in (version, version.removesuffix(".0")), name
