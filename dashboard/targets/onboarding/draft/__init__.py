"""The lab.toml that `lab init` drafts from what a project looks like from inside."""
