"""The load generator's process: commands in, frames out."""
