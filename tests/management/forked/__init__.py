"""Commands as forks of one process that has imported the packages: a third of the time of each."""
