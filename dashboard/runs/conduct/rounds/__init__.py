"""The order of a run: warm-ups and rounds, what is checked after each, and when the run ends."""
