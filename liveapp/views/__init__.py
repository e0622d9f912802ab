"""One module per scenario, with its variants."""
