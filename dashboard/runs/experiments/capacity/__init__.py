"""Capacity: the least configuration that holds a rate, and the rate that it holds at most."""
