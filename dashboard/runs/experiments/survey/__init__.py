"""A survey: every view of a project, measured as it is served today and beside its best rivals."""
