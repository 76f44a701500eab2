"""A corpus of behaviour: what the product puts out today, so that a refactoring can prove that it still does."""
