"""Advice on stored runs: derived with the project, fired as runs that test it, judged by them."""
