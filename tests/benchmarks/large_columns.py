"""The columns of numbers of the large file that is measured."""

NUMERIC = (*(f"x{j}" for j in range(13)), "skew", "gap", "count", "step")
