"""The same work from the terminal."""
