"""From bytes to a table, its columns, its profile and its subsample."""
