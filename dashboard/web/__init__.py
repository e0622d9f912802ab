"""The web pages; served by the Daphne process."""
