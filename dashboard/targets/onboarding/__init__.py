"""From somebody's Django project to a drafted lab.toml."""
