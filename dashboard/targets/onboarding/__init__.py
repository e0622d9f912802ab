"""A Django project not known before: found, inspected, and described by a drafted lab.toml."""
