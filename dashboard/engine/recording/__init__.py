"""Rows of what happened, preallocated, until they leave in frames."""
