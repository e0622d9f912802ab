"""The trace of one request: spans, hops, counts."""
