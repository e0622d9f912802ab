"""What to try about the causes of a run, with predictions: pure functions on its report."""
