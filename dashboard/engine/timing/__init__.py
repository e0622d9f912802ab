"""When requests are due, and how late the load generator's own event loop is."""
