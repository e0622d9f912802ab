"""Warnings beside the numbers of a run, and advice on what distorts them."""
