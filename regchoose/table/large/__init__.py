"""Tables too large for memory: scanned by DuckDB, counted exactly, and some rows held."""
