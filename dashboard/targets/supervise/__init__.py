"""Child processes: started through the guard, pinned to their cores, waited for, never orphaned."""
