"""What is derived from the samples of one lane: the quantities that causes are read from."""
