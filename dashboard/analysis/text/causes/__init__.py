"""Why in words: causes, the limit that lanes share, and views that were not called."""
