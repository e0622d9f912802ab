"""Between Daphne and Django: limits of requests, and what happens when an application fails."""
