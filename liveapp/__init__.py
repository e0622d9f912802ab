"""What is put under load: an ordinary Django project that knows nothing of the dashboard.

Described to the dashboard by `lab.toml` alone, as a user's own project would be.
"""
