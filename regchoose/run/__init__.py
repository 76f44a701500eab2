"""One run: the chart is walked on a table, stage by stage, and ends in a result."""
