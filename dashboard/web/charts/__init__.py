"""Charts that the server draws, and every chart as a table."""
