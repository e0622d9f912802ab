"""Processes of ours: started through the guard, on their cores, waited for, never orphaned."""
