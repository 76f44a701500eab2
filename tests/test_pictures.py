"""The README's answer and pictures are those of a real run, as the program draws it today."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from PIL import Image

from regchoose.cli.app import main
from regchoose.result.saved_result import read_result
from regchoose.version import __version__

ROOT = Path(__file__).parents[1]
AGAIN = "python data/make_pictures.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_pictures", ROOT / "data" / "make_pictures.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_answer_in_the_readme_is_that_of_the_kept_run(script: ModuleType) -> None:
    shown = script.BLOCK.search(script.README.read_text(encoding="utf-8"))
    assert shown is not None
    assert shown[0] == script.write_answer(read_result(script.RESULT)), f"{AGAIN} --only-draw"


def test_the_screenshot_is_of_the_page_of_today(script: ModuleType) -> None:
    with Image.open(script.SCREEN) as picture:
        drawn_from = picture.info[script.DRAWN_FROM]
        assert picture.width == script.WINDOW["width"]
    assert drawn_from == script.page_hash(read_result(script.RESULT)), f"{AGAIN} --only-draw"


def test_the_kept_run_is_of_this_version_and_table(script: ModuleType) -> None:
    result = read_result(script.RESULT)
    assert (result.regchoose_version, result.data.path) == (__version__, "data/diabetes.csv"), AGAIN


@pytest.mark.slow
def test_the_program_still_answers_so(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Last digits may differ from processor to processor; the set, the name and the length do not."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    output = tmp_path / "result.json"
    assert main(["recommend", "data/diabetes.csv", "--no-input", "-q", "-o", str(output)]) == 0
    kept, found = (read_result(path).recommendation for path in (script.RESULT, output))
    assert (found.regularizer, found.as_good, found.worse) == (kept.regularizer, kept.as_good, kept.worse), (
        AGAIN
    )
    assert found.safe == pytest.approx(kept.safe, abs=0.02)
    assert found.strength == pytest.approx(kept.strength, rel=0.01)
