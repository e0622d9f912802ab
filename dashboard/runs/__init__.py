"""Runs: planned, queued, conducted, stored."""
