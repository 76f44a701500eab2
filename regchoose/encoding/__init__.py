"""From rows of a table to the inputs of a network."""
