"""The receivers of a run's events: database, page, terminal."""
