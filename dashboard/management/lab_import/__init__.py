"""`manage.py lab import`: drafts a lab.toml from an access log, a HAR file or OpenAPI."""
