"""What a lab.toml says of a project: plain values, read and checked. No Django."""
