"""A corpus of behaviour: what the product puts out, so that a refactoring can prove that nothing changed."""
