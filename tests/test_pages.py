"""What the pages show can be done: commands and Python run, files and targets exist, links lead somewhere.

A block that cannot run here has a comment above it, which no reader sees: `<!-- not run: why -->`.
"""

import importlib.util
import os
import re
import shlex
import shutil
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from regchoose.cli.app import main
from regchoose.settings import sources
from tests.cli.conftest import clean_environment

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
PAGES = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for folder in (
        ".",
        "configs",
        "data",
        "tests",
        "tests/benchmarks",
        "regchoose",
        "regchoose/explain/pages",
    )
    for path in sorted((ROOT / folder).glob("*.md"))
}
# A run of seconds: the environment goes before the presets that the commands name.
TINY = {
    "strengths": 2,
    "alphas": [0.5],
    "hidden": [8],
    "folds": 2,
    "repeats": 1,
    "epochs": 2,
    "steps": 5,
    "lr": 0.01,
}
BLOCK = re.compile(r"(?ms)(<!-- not run: [^\n]+ -->\n)?^```(\w*)\n(.*?)^```$")
MOST_NOT_RUN = 10
# What other commands are checked for: make its targets, pytest and python the files they name.
OTHERS = ("make", "pip", "pytest", "python")


def blocks(page: str, *kinds: str) -> list[str]:
    """Return the blocks of a page in these languages that are to run."""
    return [code for why, kind, code in BLOCK.findall(PAGES[page]) if not why and kind in kinds]


def commands(page: str) -> list[str]:
    """Return the lines behind a prompt and those of shell code, continued ones joined, without comments."""
    prompted = re.findall(r"(?m)^\$ (.+)$", "\n".join(blocks(page, "console")))
    lines = "\n".join(blocks(page, "sh")).replace("\\\n", " ").splitlines()
    return [line for line in (re.sub(r"(^|\s)#.*", "", line).strip() for line in [*prompted, *lines]) if line]


COMMANDS = {page: [line for line in commands(page) if line.startswith("regchoose ")] for page in PAGES}
PYTHON = {page: blocks(page, "python") for page in PAGES}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what the commands speak of, in the environment of a pipeline."""
    shutil.copytree(
        ROOT / "data", tmp_path / "data", ignore=shutil.ignore_patterns("pictures", "__pycache__")
    )
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    shutil.copy(ROOT / "data" / "loans.csv", tmp_path / "data.csv")
    (tmp_path / "parts").mkdir()
    rows = (ROOT / "data" / "loans.csv").read_text(encoding="utf-8").splitlines()
    for part in range(2):
        text = "\n".join([rows[0], *rows[1 + part :: 2]]) + "\n"
        (tmp_path / "parts" / f"{part}.csv").write_text(text, encoding="utf-8")
    _make_images(tmp_path)
    tiny = {f"REGCHOOSE_{name.upper()}": str(value).strip("[]") for name, value in TINY.items()}
    environment = clean_environment(**tiny, REGCHOOSE_NO_INPUT="true")
    for name in [name for name in os.environ if name.startswith("REGCHOOSE_") or name == "CI"]:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _make_images(folder: Path) -> None:
    """Write two classes of images, bright above or below, as files and as arrays."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 120, (60, 8, 8)).astype(np.uint8)
    classes = np.array(["cat", "dog"])[np.arange(60) % 2]
    images[::2, :4] += 120
    images[1::2, 4:] += 120
    for number, (image, own) in enumerate(zip(images, classes, strict=True)):
        place = folder / "images" / own
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(place / f"{number}.png")
    np.savez_compressed(folder / "data.npz", X=images, y=classes)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("page", [page for page, lines in COMMANDS.items() if lines])
def test_commands_run(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    """In the order of the page, in one folder: later ones read what earlier ones wrote.

    Each file is written as if for the first time, and the last result is the one that was accepted.
    """
    for line in COMMANDS[page]:
        words = shlex.split(line)
        for option, name in pairwise(words):
            if option in ("-o", "--report"):
                Path(name).unlink(missing_ok=True)
        if words[1:3] == ["compare", "accepted.json"]:
            shutil.copy("result.json", "accepted.json")
        status = main(words[1:])
        said = capsys.readouterr()
        assert status in ((0, 1) if "--fail-if" in line else (0,)), (line, said.err)
        assert "Traceback" not in said.err, line


@pytest.mark.parametrize("page", [page for page, code in PYTHON.items() if code])
def test_python_runs(page: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Block by block in one namespace; the preset that they name is a tiny one."""
    (folder / "tiny.toml").write_text("".join(f"{name} = {value}\n" for name, value in TINY.items()))
    monkeypatch.setattr(sources, "presets", lambda: {"quick": folder / "tiny.toml"})
    names: dict[str, object] = {}
    for code in PYTHON[page]:
        exec(code, names)  # the page's own


def test_they_show_enough_and_little_that_is_not_run() -> None:
    assert sum(map(len, COMMANDS.values())) > 40
    assert COMMANDS["README.md"]
    assert PYTHON["README.md"]
    assert len([why for page in PAGES.values() for why, _, _ in BLOCK.findall(page) if why]) <= MOST_NOT_RUN


@pytest.mark.parametrize("page", PAGES)
def test_other_commands_name_what_is_there(page: str) -> None:
    targets = set(re.findall(r"(?m)^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8")))
    for line in commands(page):
        first, *words = shlex.split(line)
        if first == "python" and words[0] == "-m":
            assert importlib.util.find_spec(words[1]), line
        elif first in ("python", "pytest"):
            paths = [word.partition("::")[0] for word in words if "/" in word or word.endswith(".py")]
            assert all((ROOT / path).exists() for path in paths), line
        elif first != "regchoose":
            assert first in OTHERS, line
    named = re.findall(r"(?m)(?:^|`)make ([a-z]+)\b", PAGES[page])
    assert set(named) <= targets


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    here = (ROOT / page).parent
    for name in re.findall(r"\]\(([^)\s]+)\)", PAGES[page]):
        path, _, anchor = name.partition("#")
        if "://" not in name:
            assert not path or (here / path).exists(), name
            text = (here / path).read_text(encoding="utf-8") if path and anchor else PAGES[page]
            assert not anchor or anchor in map(_slug, re.findall(r"(?m)^#+ (.+)$", text)), name


def _slug(heading: str) -> str:
    """Return the anchor that a code host gives a heading."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def test_the_chart_is_drawn_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["flowchart", "--format", "svg"]) == 0
    drawn = (ROOT / "data" / "pictures" / "chart.svg").read_text(encoding="utf-8")
    assert capsys.readouterr().out == drawn, "regchoose flowchart --format svg > data/pictures/chart.svg"


def test_the_walks_through_the_house_name_functions_that_are_there() -> None:
    steps = re.findall(r"(?ms)^\d\. (.+?)(?=\n\d\. |\n\n|\Z)", PAGES["regchoose/README.md"])
    assert len(steps) > 10
    for step in steps:
        files = re.findall(r"\]\(([\w/]+\.py)\)", step)
        code = "\n".join((ROOT / "regchoose" / file).read_text(encoding="utf-8") for file in files)
        missing = [name for name in re.findall(r"`(\w+)\(\)`", step) if not re.search(rf"def {name}\b", code)]
        assert not missing, step
