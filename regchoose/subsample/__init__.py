"""Rows drawn with the distribution of the whole table, the proof of it, and measurements on the data."""
