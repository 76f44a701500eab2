"""Settings of all tests."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

# The suite must say the same of the same code each time, so its examples are fixed. To look for new ones:
# pytest --hypothesis-profile search. What such a search finds becomes an @example or a test of its own.
settings.register_profile("suite", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None)
settings.load_profile("suite")


@pytest.fixture(autouse=True, scope="session")
def no_journal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Leave the developer's journal alone, and let no test live on what another trained."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REGCHOOSE_CACHE_DIR", str(tmp_path_factory.mktemp("journal")))
        patch.setenv("REGCHOOSE_FRESH", "yes")
        yield
