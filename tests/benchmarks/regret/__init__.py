"""Whose choice loses least on rows that nobody saw: ours, a habit's, or another tool's."""
