"""The verdict in words: its headline, what follows it, and runs that have none."""
