"""The report of a run, its verdict, and what is checked against it."""
