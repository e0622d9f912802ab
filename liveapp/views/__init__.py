"""One module a scenario, its variants side by side."""
