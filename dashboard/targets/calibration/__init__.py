"""The server that answers at once, which the load generator is calibrated against."""
