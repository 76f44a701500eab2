"""The nouns that cross rooms. All are frozen; arrays in them are not to be written to.

Shapes use one alphabet: `n` rows, `d` encoded features, `k` outputs, `c` resampling cells, `m` models of a
cell, `t` checkpoints of the training.
"""
