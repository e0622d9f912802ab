"""The report of a run, its lanes and its verdict."""
