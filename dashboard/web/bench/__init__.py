"""The bench: the form and one run."""
