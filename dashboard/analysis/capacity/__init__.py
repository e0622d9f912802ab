"""How much a configuration holds: the bisection of a rate, its prediction, and what the knee is."""
