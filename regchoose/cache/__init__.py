"""What has been computed, on disk: a run goes on where another was broken off, and nothing is done twice."""
