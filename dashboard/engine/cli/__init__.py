"""The load generator used alone, from the command line."""
