"""What a project needs, and is asked in its own interpreter, apart from running targets."""
