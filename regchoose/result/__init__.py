"""What the documents hold: the result's JSON Schema, and the check of a file that claims to be one."""
