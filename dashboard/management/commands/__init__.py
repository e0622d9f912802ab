"""One command per module; the contract of each is in docs/commands.md."""
