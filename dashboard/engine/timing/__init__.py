"""When something is due, and how late the load generator's own loop is."""
