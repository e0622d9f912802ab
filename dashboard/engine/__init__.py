"""The load generator: fires and times, in a process of its own. No Django, no NumPy."""
