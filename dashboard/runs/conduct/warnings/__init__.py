"""Warnings beside the numbers of a run, and hints on what distorts them."""
