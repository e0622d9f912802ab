"""One run as pages show it."""
