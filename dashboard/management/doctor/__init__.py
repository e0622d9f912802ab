"""`doctor`: what is checked of the home and the machine, and repairs that lose nothing."""
