"""Stored runs: searched, named, pinned, exported, deleted."""
