"""Survey: every view of the project in one table, ranked by what it would gain."""
