"""A text as a table: its dialect, header and records; it asks or refuses, and never guesses."""
