"""One run performed: targets, warm-up, rounds, and the warnings about them."""
