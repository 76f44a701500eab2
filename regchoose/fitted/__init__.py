"""The nouns of a final fit: what it has learned of the columns, and what the model is."""
