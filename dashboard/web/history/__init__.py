"""The page of stored runs and the comparison of two."""
