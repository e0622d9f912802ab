"""Runs that are kept: found, named, compared, exported, deleted."""
