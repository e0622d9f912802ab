"""A project, as its lab.toml describes it: read, checked, plain values. No Django."""
