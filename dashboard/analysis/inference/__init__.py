"""Comparisons between lanes: intervals, tests, crossovers."""
