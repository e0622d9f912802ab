"""What the terminal shows: progress, tables, questions."""
