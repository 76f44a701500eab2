"""Many small networks side by side; the only room that knows torch."""
