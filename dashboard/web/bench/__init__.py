"""The page with the form and one run."""
