"""Strikes: a run is started, one of its processes receives a signal, and what is left is checked."""
