"""The servers under load: started through the guard, kept warm, watched, and ended again.

Runs in the dashboard's process, which starts every other process. Does not import Django.
"""
