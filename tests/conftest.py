"""Settings of all tests."""

from hypothesis import settings

# The suite must say the same of the same code each time, so its examples are fixed. To look for new ones:
# pytest --hypothesis-profile search. What such a search finds becomes an @example or a test of its own.
settings.register_profile("suite", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None)
settings.load_profile("suite")
