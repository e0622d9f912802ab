"""A run as pages show it."""
