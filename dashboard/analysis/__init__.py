"""Frames to numbers to meaning: pure functions on NumPy arrays; no Django, no clock, no disk."""
