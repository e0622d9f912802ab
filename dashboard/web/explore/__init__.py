"""The page of experiments: matrix and sweep."""
