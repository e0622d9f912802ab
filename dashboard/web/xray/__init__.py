"""The page of one traced request."""
