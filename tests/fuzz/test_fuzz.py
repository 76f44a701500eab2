"""A few inputs of each target, the same each time; more of them: `python -m tests.fuzz --minutes 5`."""

import pytest
from hypothesis import HealthCheck, given, settings

from tests.fuzz.targets import TARGETS

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", TARGETS)
def test_whatever_comes_is_taken_or_refused(name: str) -> None:
    target = TARGETS[name]
    few = settings(max_examples=target.few, suppress_health_check=list(HealthCheck))
    few(given(target.inputs)(target.check))()
