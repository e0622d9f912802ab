"""What is sent next, and when: one driver for each kind of load."""
