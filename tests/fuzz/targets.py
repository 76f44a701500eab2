"""All that is fuzzed, by name."""

from tests.fuzz import choices, conditions, reader, results

TARGETS = {**reader.TARGETS, **choices.TARGETS, **conditions.TARGETS, **results.TARGETS}
