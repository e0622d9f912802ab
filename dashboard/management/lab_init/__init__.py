"""`manage.py lab init`: a lab.toml drafted for a project, checked, tried if asked to, written."""
