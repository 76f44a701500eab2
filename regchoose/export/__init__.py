"""A result as a short script: what to train, and the text of the code."""
