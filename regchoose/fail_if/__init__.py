"""Conditions on a document, such as `certainty != "firm"`: checked before the work, decided after it."""
