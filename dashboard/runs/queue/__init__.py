"""One run at a time: the queue, and the laboratory that takes runs from it."""
