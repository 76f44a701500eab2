"""Which arm, and how sure."""
