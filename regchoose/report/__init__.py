"""Results and charts, drawn."""
