"""Explore: the page of matrices and sweeps."""
