"""One firing at one lane: its request, its events and frames, and what is read around it."""
