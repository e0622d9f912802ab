"""The built-in project under load: ordinary Django, independent of the dashboard.

Described to the dashboard by `lab.toml` alone, as a user's own project would be.
"""
