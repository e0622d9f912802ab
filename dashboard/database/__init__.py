"""The database as a file: checked, created, backed up, migrated; its errors as sentences."""
