"""The load generator's process: commands on stdin, frames on stdout."""
