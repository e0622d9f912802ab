"""What was found: the report of a run, of its lanes, and its verdict."""
