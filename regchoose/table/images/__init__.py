"""Images as a table: a folder of them by class, or the arrays X and y of an .npz file."""
