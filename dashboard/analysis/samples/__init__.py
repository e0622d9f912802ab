"""Frames to arrays to numbers of one lane."""
