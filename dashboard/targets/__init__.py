"""The servers under load: what may be started (`manifest`, `servers`), and its life (`pool`).

Runs in the dashboard's process; starts every other one through `guard`. Knows no Django.
"""
