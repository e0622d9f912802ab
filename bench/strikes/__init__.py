"""Strikes: a run is started, one of its processes receives a signal, what is left is checked."""
