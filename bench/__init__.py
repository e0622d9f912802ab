"""Side-by-side measurements against peers; `make bench` runs them all."""
