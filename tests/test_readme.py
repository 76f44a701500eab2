"""What the README shows can be done: its commands run, its files are there, its targets exist."""

import os
import re
import shlex
import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from regchoose.cli.app import main
from tests.cli.conftest import clean_environment

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
# A run of seconds: the environment goes before the presets that the commands name.
TINY = {
    "REGCHOOSE_STRENGTHS": "2",
    "REGCHOOSE_REPEATS": "1",
    "REGCHOOSE_EPOCHS": "2",
    "REGCHOOSE_STEPS": "5",
    "REGCHOOSE_LR": "0.01",
    "REGCHOOSE_NO_INPUT": "true",
}
BUILT_HERE = ("make", "pip", "pipx")  # what the environment of these tests is itself made by


def commands() -> list[str]:
    """Lines of the blocks of shell code, continued lines joined; comments are cut off."""
    blocks = re.findall(r"(?ms)^```sh\n(.*?)^```", README)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return [line for line in (re.sub(r"\s#.*", "", line).strip() for line in lines) if line]


RUN = [line for line in commands() if shlex.split(line)[0] == "regchoose"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with what the commands speak of, in the environment of a pipeline."""
    folder = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "data", folder / "data", ignore=shutil.ignore_patterns("pictures", "__pycache__"))
    shutil.copytree(ROOT / "configs", folder / "configs")
    shutil.copy(ROOT / "data" / "loans.csv", folder / "data.csv")
    (folder / "parts").mkdir()
    rows = (ROOT / "data" / "loans.csv").read_text(encoding="utf-8").splitlines()
    for part in range(2):
        text = "\n".join([rows[0], *rows[1 + part :: 2]]) + "\n"
        (folder / "parts" / f"{part}.csv").write_text(text, encoding="utf-8")
    environment = clean_environment(**TINY)  # with a journal that is not the developer's
    _make_images(folder)
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("REGCHOOSE_") or name == "CI"]:
            patch.delenv(name)
        for name, value in environment.items():
            patch.setenv(name, value)
        patch.chdir(folder)
        yield folder


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
@pytest.mark.parametrize("line", RUN)
def test_its_commands_run(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    """In the order of the page, in one folder: later ones read what earlier ones wrote.

    Each file is written as if for the first time, and the last result is the one that was accepted.
    """
    words = shlex.split(line)
    for option, name in pairwise(words):
        if option in ("-o", "--report"):
            Path(name).unlink(missing_ok=True)
    if "accepted.json" in words:
        shutil.copy("result.json", "accepted.json")
    status = main(words[1:])
    said = capsys.readouterr()
    assert status in ((0, 1) if "--fail-if" in line else (0,)), said.err
    assert "Traceback" not in said.err


def test_it_shows_enough_commands_and_no_unknown_ones() -> None:
    assert len(RUN) > 10
    assert {shlex.split(line)[0] for line in commands()} <= {"regchoose", *BUILT_HERE}


def test_the_targets_it_names_exist() -> None:
    known = set(re.findall(r"(?m)^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8")))
    named = set(re.findall(r"(?m)(?:^|`)make ([a-z]+)\b", README))
    assert named
    assert named <= known


def test_the_files_it_names_are_there() -> None:
    linked = re.findall(r"\]\(([^)#:]+)\)", README)
    assert linked
    missing = [name for name in linked if not (ROOT / name).exists()]
    assert missing == []
