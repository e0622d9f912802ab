"""`manage.py lab init`: drafts a lab.toml, checks, optionally tries, and writes it."""
