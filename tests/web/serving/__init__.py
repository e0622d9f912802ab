"""Daphne as the dashboard runs it."""
