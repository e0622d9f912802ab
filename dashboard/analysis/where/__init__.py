"""Looks at running code folded to the lines of the project where requests spent their time."""
