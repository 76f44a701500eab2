"""Who does the work: threads, processes of this machine, or the workers of a cluster."""
