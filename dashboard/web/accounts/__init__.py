"""Logging in and out of an exposed dashboard, and the list of what was done there."""
