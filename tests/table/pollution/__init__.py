"""Polluted tables and the three-way score of the reader; start with `score`."""
