"""From bytes to a `Table`: read exactly, or an error that says what to do; nothing is guessed in silence.

The way, which `load.py` draws and walks:

1. **bytes → text** (`file_bytes`, `csv/source`): unpacked within a limit, decoded strictly. `file_set` says
   which files a path means, and what kind they are.
2. **text → cells** (`csv/`): the dialect, the records, the header, and the rows that are no data. Parquet and
   tables in memory have columns with types of their own. The outcome is a `RawTable`: the `Cells` of each
   column, where each different text stands once.
3. **cells → columns** (`columns/`): the facts of each column, found once, and what follows from them: the
   target, what each other column is for, and the features as numbers.
4. **columns → Table** (`make_table`), with warnings of what a person should look at: leakage, duplicates,
   groups and time.

Large tables (`large/`) take the same way with some of their rows, drawn evenly; then all rows are counted.
Images (`images/`) come as pixels, so only their target takes it.
"""
