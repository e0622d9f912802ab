"""Several runs that answer one question: matrix, sweep, claims."""
