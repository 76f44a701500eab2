"""Rows drawn with the distribution of the whole table, the proof of that, and what they tell beforehand."""
