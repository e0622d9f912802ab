"""Reading a lab.toml: one module for each kind of table."""
