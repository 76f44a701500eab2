"""One run that nobody disturbs, which the others are held to."""

from pathlib import Path

import pytest

from tests.durability.kill import Unbroken, unbroken
from tests.durability.killed import Place
from tests.run.test_walk_chart import write


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Where the run works, and how."""
    folder = tmp_path_factory.mktemp("durability")
    return Place(folder / "unbroken", write(folder, "regression"), epochs=20)


@pytest.fixture(scope="session")
def wanted(place: Place) -> Unbroken:
    """What it comes to."""
    return unbroken(place)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """Return a folder for another run."""
    return tmp_path / "run"
