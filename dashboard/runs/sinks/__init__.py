"""What listens to a run: database, page, terminal."""
