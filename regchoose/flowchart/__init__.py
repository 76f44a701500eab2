"""The charts as data, and the one walker."""
