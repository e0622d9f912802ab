"""The contract: what goes in (`plan`), what comes out (`frame`), and the words for failure.

The ground floor of the house. Standard library alone; runs in every process.
"""
