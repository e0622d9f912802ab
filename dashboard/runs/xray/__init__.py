"""One request traced, on demand or after a run."""
