"""From bytes to a `Table`: read exactly, or an error that says what to do; nothing is guessed in silence.

The way, which `load.py` draws and walks:

1. **bytes → text** (`csv/source`): decompressed within a limit, decoded strictly. `file_set` says which
   files a path means, and what kind they are.
2. **text → records** (`csv/`): the dialect, the header, the records, and the rows that are no data. Parquet
   and tables in memory have columns with types of their own. The outcome is a `RawTable`: columns of text.
3. **records → columns** (`columns/`): the facts of a column, what the target is, what each column is for, and
   the features as numbers.
4. **columns → Table**, with warnings of what a person should look at: leakage, duplicates, groups and time.

Large tables (`large/`) take the same way with some of their rows, drawn evenly; then all rows are counted.
Images (`images/`) come as pixels, so only their target takes it.
"""
